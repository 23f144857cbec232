// An Amazon S3 in memory behind the AWS SDK's commands: fast enough for hundreds of uploads, and stopped or disturbed at
// any call. complete-staged.test.mjs runs against it and against the local S3.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

const MINIMUM = 5 * 1024 * 1024;

/** MD5s of buffers that tests use again. @type {WeakMap<Buffer, string>} */
const md5s = new WeakMap();

export function md5(bytes) {
  const known = md5s.get(bytes) ?? createHash('md5').update(bytes).digest('hex');
  md5s.set(bytes, known);
  return known;
}

/**
 * @typedef {object} Call
 * @property {number} number from 1, in the order in which calls begin
 * @property {string} name of the operation
 * @property {any} input
 */

export class MemoryS3 {
  /** Versions by key, the newest first. @type {Map<string, any[]>} */
  objects = new Map();
  /** @type {Map<string, { key: string, parts: Map<number, any> }>} */
  uploads = new Map();
  /** @type {Map<string, any>} */
  completed = new Map();
  calls = 0;
  /** Bytes of bodies that were read or stored, but not copied within S3. */
  moved = 0;
  /** What becomes of a call; it may wait, or throw before or after `run`. @type {(call: Call, run: () => any) => any} */
  around = (_call, run) => run();
  #ids = 0;
  #clock = 0;

  constructor({ versioned = false, kms = false, remembersCompleted = true, ticks = 1000 } = {}) {
    Object.assign(this, { versioned, kms, remembersCompleted, ticks });
  }

  /** As the AWS SDK's client. */
  send = async (command, { abortSignal } = {}) => {
    abortSignal?.throwIfAborted();
    const name = command.constructor.name.replace(/Command\d*$/u, '');
    const input = { ...command.input, ...(await addedHeaders(command)) };
    const call = { number: (this.calls += 1), name, input };
    return this.around(call, async () => {
      abortSignal?.throwIfAborted();
      return this[name](input);
    });
  };

  /** The current bytes of an object. */
  bytesOf(key) {
    return this.#current(key)?.bytes;
  }

  /** Every version of every key. */
  keys() {
    return [...this.objects].flatMap(([key, versions]) => versions.map(() => key)).sort();
  }

  CreateMultipartUpload({ Key }) {
    const UploadId = `upload-${(this.#ids += 1)}`;
    this.uploads.set(UploadId, { key: Key, parts: new Map() });
    return { UploadId };
  }

  UploadPart({ Key, UploadId, PartNumber, Body, ContentMD5 }) {
    const bytes = this.#received(Body, ContentMD5);
    this.#upload(Key, UploadId).parts.set(PartNumber, { ...this.#stamped(bytes), number: PartNumber });
    return { ETag: this.#upload(Key, UploadId).parts.get(PartNumber).etag };
  }

  UploadPartCopy({ Key, UploadId, PartNumber, CopySource, CopySourceIfMatch }) {
    const upload = this.#upload(Key, UploadId);
    const source = this.#wanted(CopySource.slice(CopySource.indexOf('/') + 1));
    if (CopySourceIfMatch !== undefined && CopySourceIfMatch !== source.etag) fail('PreconditionFailed');
    upload.parts.set(PartNumber, { ...this.#stamped(source.bytes), number: PartNumber });
    return { CopyPartResult: { ETag: upload.parts.get(PartNumber).etag } };
  }

  CompleteMultipartUpload({ Key, UploadId, MultipartUpload: { Parts }, IfNoneMatch }) {
    const list = JSON.stringify(Parts);
    const before = this.completed.get(UploadId);
    if (this.remembersCompleted && before?.list === list) {
      if (IfNoneMatch && this.#current(Key)) fail('PreconditionFailed');
      return before.answer;
    }
    const { parts } = this.#upload(Key, UploadId);
    const chosen = Parts.map(({ PartNumber, ETag }, index) => {
      if (index > 0 && PartNumber <= Parts[index - 1].PartNumber) fail('InvalidPartOrder');
      const part = parts.get(PartNumber);
      return part?.etag === ETag ? part : fail('InvalidPart');
    });
    if (chosen.length === 0) fail('MalformedXML');
    if (chosen.slice(0, -1).some(({ bytes }) => bytes.length < MINIMUM)) fail('EntityTooSmall');
    if (IfNoneMatch && this.#current(Key)) fail('PreconditionFailed');
    const digest = createHash('md5');
    if (!this.kms) for (const { etag } of chosen) digest.update(etag.slice(1, -1), 'hex');
    const ETag = `"${this.kms ? `kms${(this.#ids += 1)}` : digest.digest('hex')}-${chosen.length}"`;
    const { versionId: VersionId } = this.#put(Key, { bytes: Buffer.concat(chosen.map(({ bytes }) => bytes)), etag: ETag });
    const answer = { ETag, VersionId: this.versioned ? VersionId : undefined };
    this.uploads.delete(UploadId);
    this.completed.set(UploadId, { list, answer });
    return answer;
  }

  AbortMultipartUpload({ Key, UploadId }) {
    this.#upload(Key, UploadId);
    this.uploads.delete(UploadId);
    return {};
  }

  ListParts({ Key, UploadId, PartNumberMarker = '0', MaxParts = 1000 }) {
    const { parts } = this.#upload(Key, UploadId);
    const after = [...parts.values()].filter(({ number }) => number > Number(PartNumberMarker)).sort((a, b) => a.number - b.number);
    const page = after.slice(0, MaxParts);
    return {
      Parts: page.map(({ number, etag, bytes, lastModified }) => ({ PartNumber: number, ETag: etag, Size: bytes.length, LastModified: lastModified })),
      IsTruncated: page.length < after.length,
      NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
    };
  }

  PutObject({ Key, Body, ContentMD5, IfMatch, IfNoneMatch }) {
    const current = this.#current(Key);
    if (IfNoneMatch !== undefined && current) fail('PreconditionFailed');
    if (IfMatch !== undefined && !current) fail('NoSuchKey');
    if (IfMatch !== undefined && current.etag !== IfMatch) fail('PreconditionFailed');
    const put = this.#put(Key, this.#stamped(this.#received(Body, ContentMD5)));
    return { ETag: put.etag, VersionId: this.versioned ? put.versionId : undefined };
  }

  GetObject({ Key, IfMatch }) {
    const { bytes, etag } = this.#wanted(Key);
    if (IfMatch !== undefined && IfMatch !== etag) fail('PreconditionFailed');
    this.moved += bytes.length;
    const Body = Object.assign(Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }), { transformToString: async () => bytes.toString() });
    return { Body, ETag: etag };
  }

  ListObjectsV2({ Prefix = '', StartAfter = '', ContinuationToken = StartAfter, MaxKeys = 1000, EncodingType }) {
    const all = [...this.objects.keys()].sort().filter((key) => key.startsWith(Prefix) && key > ContinuationToken && this.#current(key));
    const page = all.slice(0, MaxKeys);
    const Contents = page.map((key) => {
      const { etag, bytes, lastModified } = this.#current(key);
      return { Key: EncodingType === 'url' ? encodeURIComponent(key) : key, ETag: etag, Size: bytes.length, LastModified: lastModified };
    });
    const IsTruncated = page.length < all.length;
    return { Contents, IsTruncated, NextContinuationToken: IsTruncated ? page.at(-1) : undefined };
  }

  ListObjectVersions({ Prefix = '', KeyMarker = '', VersionIdMarker }) {
    const all = [...this.objects.keys()].sort().flatMap((Key) => this.objects.get(Key).map((version, index) => ({ Key, VersionId: version.versionId, IsLatest: index === 0, version })));
    const at = all.findIndex(({ Key, VersionId }) => Key === KeyMarker && VersionId === VersionIdMarker);
    const rest = all.slice(at + 1).filter(({ Key }) => Key.startsWith(Prefix));
    const page = rest.slice(0, 1000);
    const versions = page.map(({ version, ...listed }) => [version.deleted, listed]);
    return {
      Versions: versions.filter(([deleted]) => !deleted).map(([, listed]) => listed),
      DeleteMarkers: versions.filter(([deleted]) => deleted).map(([, listed]) => listed),
      IsTruncated: page.length < rest.length,
      NextKeyMarker: page.at(-1)?.Key,
      NextVersionIdMarker: page.at(-1)?.VersionId,
    };
  }

  DeleteObjects({ Delete: { Objects } }) {
    for (const { Key, VersionId } of Objects) {
      const left = (this.objects.get(Key) ?? []).filter(({ versionId }) => versionId !== VersionId);
      if (left.length > 0) this.objects.set(Key, left);
      else this.objects.delete(Key);
    }
    return {};
  }

  DeleteObject({ Key, VersionId = 'null' }) {
    return this.DeleteObjects({ Delete: { Objects: [{ Key, VersionId }] } });
  }

  #received(body, contentMd5) {
    // S3 keeps the bytes that it gets, and not the memory that they were in.
    const bytes = Buffer.from(body);
    if (Buffer.isBuffer(body)) md5s.set(bytes, md5(body));
    if (contentMd5 !== undefined && contentMd5 !== Buffer.from(md5(bytes), 'hex').toString('base64')) fail('BadDigest');
    this.moved += bytes.length;
    return bytes;
  }

  #stamped(bytes) {
    const etag = this.kms ? `"kms${(this.#ids += 1)}"` : `"${md5(bytes)}"`;
    return { bytes, etag, lastModified: new Date((this.#clock += this.ticks)) };
  }

  #put(key, content) {
    const version = { ...content, lastModified: content.lastModified ?? new Date((this.#clock += this.ticks)), versionId: this.versioned ? `v${(this.#ids += 1)}` : 'null' };
    this.objects.set(key, [version, ...(this.versioned ? (this.objects.get(key) ?? []) : [])]);
    return version;
  }

  #current(key) {
    const [latest] = this.objects.get(key) ?? [];
    return latest?.deleted ? undefined : latest;
  }

  #wanted(key) {
    return this.#current(key) ?? fail('NoSuchKey');
  }

  #upload(key, id) {
    const upload = this.uploads.get(id);
    return upload?.key === key ? upload : fail('NoSuchUpload');
  }
}

/** @returns {never} */
export function fail(name) {
  throw Object.assign(new Error(`S3 says ${name}`), { name });
}

/** The conditions that are added as headers, without the SDK's fields. */
async function addedHeaders(command) {
  const request = { headers: {} };
  const stack = command.middlewareStack;
  for (const { name, middleware } of entriesOf(stack)) {
    if (name?.startsWith('verifiedHeaders-')) await middleware((args) => args)({ request });
  }
  const { 'if-none-match': IfNoneMatch } = request.headers;
  return IfNoneMatch === undefined ? {} : { IfNoneMatch };
}

/** The middleware that was added to a command, which its stack shows to another stack alone. */
function entriesOf(stack) {
  const entries = [];
  const seen = { add: (middleware, { name }) => entries.push({ middleware, name }), addRelativeTo: () => {} };
  stack.applyToStack(seen);
  return entries;
}
