// Makes S3's parts of staged ones, many at once and in bounded memory.

import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';

import pLimit from 'p-limit';

import { UNSIGNED_PAYLOAD, withHeaders } from './s3-clients.mjs';
import { S3Fault } from './s3-fault.mjs';
import { partKey } from './staged-keys.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./client-parts.mjs').StagedUpload} StagedUpload
 * @typedef {import('./client-parts.mjs').ClientParts} ClientParts
 * @typedef {import('./join-plan.mjs').PlannedPart} PlannedPart
 * @typedef {import('./join-plan.mjs').Made} Made
 * @typedef {import('./join-plan.mjs').ChosenPart} ChosenPart
 * @typedef {import('./upload-record.mjs').UploadRecord} UploadRecord
 * @typedef {{ PartNumber: number, ETag: string }} S3Part of S3's
 */

/**
 * Parts that are made at once: while some are read, others wait for S3 to store them. Each takes up to 15 MiB of memory
 * (`joinPlan`), and 8 as a rule.
 */
const MADE_AT_ONCE = 12;

/** Staged parts that are read at once, all together. S3 takes some 100 ms to answer each. */
const READ_AT_ONCE = 120;

/** How often a staged part is read whose answer is cut. The AWS SDK repeats requests, but no answer that it began. */
const READS = 3;

/**
 * @typedef {(s3: S3, upload: StagedUpload, todo: Made[], record: UploadRecord) => Promise<S3Part[]>} MakeParts throws
 *   InvalidPart when a staged part was replaced or removed meanwhile
 */

/**
 * @param {S3} s3 @param {StagedUpload} upload @param {PlannedPart[]} plan @param {ClientParts} parts
 * @param {MakeParts} make
 * @returns {Promise<S3Part[]>} of what S3 is to make the object
 * @throws {S3Fault}
 */
export async function joinParts(s3, upload, plan, { inS3, record }, make) {
  const known = new Map(inS3.map(({ number, etag }) => [number, etag]));
  /** @type {Map<number, string>} */
  const etags = new Map();
  /** @type {Made[]} */
  const todo = [];
  for (const planned of plan) {
    const etag = planned.as === 'kept' ? planned.etag : madeBefore(planned, known, record);
    if (etag !== undefined) etags.set(planned.number, etag);
    else if (planned.as !== 'kept') todo.push(planned);
  }
  for (const { PartNumber, ETag } of await make(s3, upload, todo, record)) etags.set(PartNumber, ETag);
  return plan.map(({ number }) => ({ PartNumber: number, ETag: etagOf({ ETag: etags.get(number) }) }));
}

/**
 * The ETag of the part that an earlier attempt made, if S3 still has it.
 *
 * @param {Made} planned @param {ReadonlyMap<number, string>} known ETags in S3 @param {UploadRecord} record
 */
function madeBefore({ number, parts }, known, record) {
  const content = contentOf(parts);
  const etag = known.get(number);
  const made = record.content?.made ?? [];
  const isSame = made.some((one) => one.number === number && one.content === content && `"${one.md5}"` === etag);
  return isSame ? etag : undefined;
}

/** @type {MakeParts} */
export async function makeParts(s3, upload, todo, record) {
  const aborted = new AbortController();
  // Each request listens, and Node would warn of so many.
  setMaxListeners(0, aborted.signal);
  const joiner = new Joiner(s3, upload, record, aborted.signal);
  const left = [...todo];
  const largest = Math.max(0, ...todo.map(({ size }) => size));
  /** @type {S3Part[]} */
  const made = [];
  const worker = async () => {
    // The same for each of its parts: new memory for each would have Node collect garbage all the time.
    const memory = Buffer.allocUnsafeSlow(largest);
    for (let planned = left.shift(); planned !== undefined; planned = left.shift()) {
      aborted.signal.throwIfAborted();
      made.push({ PartNumber: planned.number, ETag: await joiner.make(planned, memory) });
    }
  };
  const workers = Array.from({ length: MADE_AT_ONCE }, () => worker().catch((error) => aborted.abort(error)));
  // Nothing of the join may go on after it has failed.
  await Promise.all(workers);
  if (aborted.signal.aborted) throw aborted.signal.reason;
  return made;
}

class Joiner {
  #s3;
  #upload;
  #record;
  #signal;
  #reads = pLimit(READ_AT_ONCE);

  /**
   * @param {S3} s3 @param {StagedUpload} upload @param {UploadRecord} record
   * @param {AbortSignal} signal
   */
  constructor(s3, upload, record, signal) {
    this.#s3 = s3;
    this.#upload = upload;
    this.#record = record;
    this.#signal = signal;
  }

  /** @param {Made} planned @param {Buffer} memory that nobody else uses until then @returns {Promise<string>} its ETag */
  async make(planned, memory) {
    if (planned.as === 'copied') return this.#copy(planned);
    return this.#store(planned, planned.as === 'joined' ? await this.#readAll(planned, memory) : Buffer.alloc(0));
  }

  /** @param {import('./join-plan.mjs').Joined} planned @param {Buffer} memory */
  async #readAll({ parts, size }, memory) {
    const bytes = memory.subarray(0, size);
    let at = 0;
    const reads = parts.map((part) => {
      const into = bytes.subarray(at, (at += part.size));
      return this.#reads(() => this.#read(part, into));
    });
    await Promise.all(reads);
    return bytes;
  }

  /** @param {ChosenPart} part @param {Buffer} into of its size */
  async #read({ number, etag }, into) {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const asked = { Bucket: this.#upload.object.Bucket, Key: partKey(this.#upload.folder, number), IfMatch: etag };
    for (let attempt = 1; ; attempt += 1) {
      this.#signal.throwIfAborted();
      const { Body } = await this.#s3
        .send(new GetObjectCommand(asked), { abortSignal: this.#signal })
        .catch(asChangedPart);
      if (await filled(into, Body)) return;
      if (attempt === READS) throw new S3Fault('SlowDown', `S3 cut part ${number} short`);
    }
  }

  /** @param {Made} planned @param {Buffer} bytes */
  async #store({ number, parts, size }, bytes) {
    const { UploadPartCommand } = await import('@aws-sdk/client-s3');
    const [first] = parts;
    const hash = createHash('md5').update(bytes.subarray(0, first.size));
    const opaque = `"${hash.copy().digest('hex')}"` !== first.etag;
    const md5 = hash.update(bytes.subarray(first.size)).digest('hex');
    await this.#record.note({ number, size, md5, opaque, content: contentOf(parts) });
    const { object, uploadId } = this.#upload;
    const ContentMD5 = Buffer.from(md5, 'hex').toString('base64');
    const part = { ...object, UploadId: uploadId, PartNumber: number, ContentMD5, ContentLength: size };
    const command = withHeaders(new UploadPartCommand({ ...part, Body: bytes }), UNSIGNED_PAYLOAD);
    return etagOf(await this.#s3.send(command, { abortSignal: this.#signal }));
  }

  /** @param {import('./join-plan.mjs').Copied} planned */
  async #copy({ number, parts }) {
    const [{ number: source, etag }] = parts;
    const { UploadPartCopyCommand } = await import('@aws-sdk/client-s3');
    const { object, uploadId, folder } = this.#upload;
    const CopySource = `${object.Bucket}/${partKey(folder, source)}`;
    const copy = { ...object, UploadId: uploadId, PartNumber: number, CopySource, CopySourceIfMatch: etag };
    await this.#record.ensureBegun();
    const command = new UploadPartCopyCommand(copy);
    const { CopyPartResult } = await this.#s3.send(command, { abortSignal: this.#signal }).catch(asChangedPart);
    return etagOf(CopyPartResult ?? {});
  }
}

/**
 * Whether an answer has exactly as many bytes as there is room for. One that is cut may also throw.
 *
 * @param {Buffer} into @param {any} body
 */
async function filled(into, body) {
  let at = 0;
  try {
    for await (const chunk of body) {
      if (at + chunk.length > into.length) return false;
      into.set(chunk, at);
      at += chunk.length;
    }
  } catch {
    return false;
  }
  return at === into.length;
}

/** The part was sent again since it was listed, or it is gone. @param {unknown} error @returns {never} */
function asChangedPart(error) {
  const isChanged = error instanceof Error && ['PreconditionFailed', 'NoSuchKey'].includes(error.name);
  throw isChanged ? new S3Fault('InvalidPart', 'a part was sent again or removed while it was joined') : error;
}

/** What a part is made of. @param {ChosenPart[]} parts */
function contentOf(parts) {
  return createHash('sha256').update(parts.map(({ etag }) => etag).join()).digest('base64url');
}

/** @param {{ ETag?: string }} answer */
function etagOf({ ETag }) {
  if (!ETag) throw new Error('S3 returned no ETag');
  return ETag;
}
