/**
 * A request's body: how it is framed, how long it may be, and whether it is the one that was meant.
 */
import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { S3Error } from './s3-error.mjs';

/** @typedef {Record<string, string>} Headers lower-case names */
/** @typedef {import('./s3-data.mjs').Segment} Segment */
/** @typedef {{ segment: Segment, md5: string, checksums: Headers }} Received `md5` in hex, `checksums` to answer */

/**
 * The headers as S3's front end hands them on: of two framings it drops Content-Length (brendanhay/amazonka#547: a
 * signature over Content-Length no longer verifies).
 *
 * @param {Headers} headers
 * @returns {Headers}
 */
export function withOneFraming(headers) {
  if (headers['transfer-encoding'] === undefined) return headers;
  const { 'content-length': dropped, ...others } = headers;
  return others;
}

/**
 * Refuses a body in chunks. S3 takes one only with `aws-chunked` content, which this server doesn't read.
 *
 * @param {Headers} headers
 * @throws {S3Error} NotImplemented
 */
export function refuseChunks(headers) {
  // Live: irods/irods_resource_plugin_s3#2301, JuliaWeb/HTTP.jl#98, Automattic/knox#43.
  if (headers['transfer-encoding'] !== undefined) throw new S3Error('NotImplemented', { Header: 'Transfer-Encoding' });
  if (headers['x-amz-content-sha256']?.startsWith('STREAMING-')) {
    throw new S3Error('NotImplemented', { Header: 'x-amz-content-sha256' });
  }
}

/**
 * Stores an upload's body.
 *
 * @param {import('./s3-request.mjs').S3Request} request
 * @returns {Promise<Received>}
 * @throws {S3Error} EntityTooLarge, IncompleteBody, and what a digest that isn't the body's gets
 */
export async function receive({ headers, body, store }) {
  const length = contentLength(headers);
  if (length > UPLOAD_BYTES) {
    throw new S3Error('EntityTooLarge', { ProposedSize: length, MaxSizeAllowed: UPLOAD_BYTES });
  }
  const digests = new BodyDigests(headers);
  const segment = await store.data.write(body, (chunk) => digests.update(chunk));
  try {
    if (segment.size !== length) throw new S3Error('IncompleteBody');
    digests.verify();
  } catch (error) {
    store.data.remove([segment]);
    throw error;
  }
  return { segment, md5: digests.md5(), checksums: digests.checksums };
}

/**
 * A request document. One that is too long for 10,000 parts is refused before it fills the memory.
 *
 * @param {import('./s3-request.mjs').S3Request} request
 * @returns {Promise<string>}
 */
export async function documentText({ headers, body }) {
  contentLength(headers);
  const digests = new BodyDigests(headers);
  const chunks = [];
  let size = 0;
  // Keep the connection open, so that a refusal can be answered.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    digests.update(chunk);
    size += chunk.length;
    if (size > DOCUMENT_BYTES) throw new S3Error('MalformedXML');
  }
  digests.verify();
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * @param {Headers} headers
 * @returns {string | undefined} the name of the header with the body's checksum
 */
export function checksumHeader(headers) {
  return Object.keys(headers).find((name) => CHECKSUM_HEADER.test(name));
}

/**
 * @param {Headers} headers
 * @returns {number} bytes
 */
function contentLength(headers) {
  const length = headers['content-length'];
  if (length === undefined) throw new S3Error('MissingContentLength');
  return Number(length);
}

/** The digests of a body as it streams past, and what the headers claim of them. */
class BodyDigests {
  /** What was claimed of the body and holds. @type {Headers} */
  checksums = {};
  #md5 = createHash('md5');
  #claims;

  /**
   * @param {Headers} headers
   * @throws {S3Error} InvalidDigest; NotImplemented for a checksum this server can't compute
   */
  constructor(headers) {
    const { 'content-md5': md5, 'x-amz-content-sha256': sha256 = '' } = headers;
    if (md5 !== undefined && !/^[A-Za-z0-9+/]{22}==$/.test(md5)) {
      throw new S3Error('InvalidDigest', { 'Content-MD5': md5 });
    }
    this.contentMd5 = md5;
    this.sha256 = /^[0-9a-f]{64}$/.test(sha256) ? { claimed: sha256, digest: createHash('sha256') } : null;
    const names = Object.keys(headers).filter((name) => CHECKSUM_HEADER.test(name));
    this.#claims = names.map((name) => ({ name, claimed: headers[name] ?? '', digest: checksum(name) }));
  }

  /** @param {Buffer} chunk */
  update(chunk) {
    this.#md5.update(chunk);
    this.sha256?.digest.update(chunk);
    for (const { digest } of this.#claims) digest.update(chunk);
  }

  /** @returns {string} */
  md5() {
    return this.#md5.copy().digest('hex');
  }

  /** @throws {S3Error} BadDigest, XAmzContentSHA256Mismatch */
  verify() {
    const calculated = Buffer.from(this.md5(), 'hex').toString('base64');
    if (this.contentMd5 !== undefined && this.contentMd5 !== calculated) {
      throw new S3Error('BadDigest', { ExpectedDigest: this.contentMd5, CalculatedDigest: calculated });
    }
    if (this.sha256 && this.sha256.digest.digest('hex') !== this.sha256.claimed) {
      throw new S3Error('XAmzContentSHA256Mismatch');
    }
    for (const { name, claimed, digest } of this.#claims) {
      const algorithm = name.slice('x-amz-checksum-'.length).toUpperCase();
      const Message = `The ${algorithm} you specified did not match the calculated checksum.`;
      if (digest.base64() !== claimed) throw new S3Error('BadDigest', { Message });
      this.checksums[name] = claimed;
    }
  }
}

/**
 * The checksums that node can compute.
 *
 * @param {string} header
 * @returns {{ update(chunk: Buffer): void, base64(): string }}
 */
function checksum(header) {
  if (header === 'x-amz-checksum-crc32' && 'crc32' in zlib) return new Crc32();
  const algorithm = { 'x-amz-checksum-sha1': 'sha1', 'x-amz-checksum-sha256': 'sha256' }[header];
  if (algorithm === undefined) throw new S3Error('NotImplemented', { Header: header });
  const hash = createHash(algorithm);
  return { update: (chunk) => void hash.update(chunk), base64: () => hash.digest('base64') };
}

class Crc32 {
  #value = 0;

  /** @param {Buffer} chunk */
  update(chunk) {
    this.#value = zlib.crc32(chunk, this.#value);
  }

  base64() {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value);
    return bytes.toString('base64');
  }
}

const CHECKSUM_HEADER = /^x-amz-checksum-(crc32|crc32c|crc64nvme|md5|sha1|sha256|sha512|xxhash\w*)$/;

const DOCUMENT_BYTES = 4 * 1024 * 1024;

/** The limit for one PutObject or UploadPart, 5 GiB (S3 user guide, "Amazon S3 multipart upload limits"). */
export const UPLOAD_BYTES = 5 * 1024 ** 3;
