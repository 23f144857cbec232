/**
 * The headers of an upload: which to keep with the object, and what to check of the body.
 */
import { S3Error } from './s3-error.mjs';

/** @typedef {Record<string, string>} Headers lower-case names */

/**
 * Headers kept with an object and answered with it.
 *
 * @param {Headers} headers
 * @returns {Headers}
 * @throws {S3Error} where S3 would not take them
 */
export function objectHeaders(headers) {
  refuseAccessControlLists(headers);
  const kept = Object.entries(headers).filter(([name]) => KEPT.has(name) || name.startsWith('x-amz-meta-'));
  const metadataBytes = kept.reduce(
    (total, [name, value]) => total + (metadataName(name) ? Buffer.byteLength(metadataName(name) + value) : 0),
    0,
  );
  if (metadataBytes > METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', { Size: metadataBytes, MaxSizeAllowed: METADATA_BYTES });
  }
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
}

/**
 * Content-Length, which S3 requires. A chunked body is refused even if it has one.
 *
 * @param {Headers} headers
 * @returns {number} bytes
 * @throws {S3Error} MissingContentLength, EntityTooLarge, NotImplemented, InvalidDigest
 */
export function bodyLength(headers) {
  if (!/^\d+$/.test(headers['content-length'] ?? '') || headers['transfer-encoding']) {
    throw new S3Error('MissingContentLength');
  }
  const length = Number(headers['content-length']);
  if (length > OBJECT_BYTES) {
    throw new S3Error('EntityTooLarge', { ProposedSize: length, MaxSizeAllowed: OBJECT_BYTES });
  }
  if (headers['x-amz-content-sha256']?.startsWith('STREAMING-')) throw new S3Error('NotImplemented');
  const digest = headers['content-md5'];
  if (digest !== undefined && !/^[A-Za-z0-9+/]{22}==$/.test(digest)) {
    throw new S3Error('InvalidDigest', { 'Content-MD5': digest });
  }
  return length;
}

/**
 * @param {Headers} headers
 * @param {import('./s3-store.mjs').Segment} segment what arrived
 * @param {number} length what was announced
 * @throws {S3Error} IncompleteBody, BadDigest, XAmzContentSHA256Mismatch
 */
export function checkDigests(headers, segment, length) {
  if (segment.size !== length) throw new S3Error('IncompleteBody');
  const expected = headers['content-md5'];
  const calculated = Buffer.from(segment.md5, 'hex').toString('base64');
  if (expected !== undefined && expected !== calculated) {
    throw new S3Error('BadDigest', { ExpectedDigest: expected, CalculatedDigest: calculated });
  }
  if (segment.sha256 !== null && segment.sha256 !== headers['x-amz-content-sha256']) {
    throw new S3Error('XAmzContentSHA256Mismatch');
  }
}

/**
 * Whether the object may only be created, not overwritten (S3 user guide, "Conditional writes").
 *
 * @param {Headers} headers
 * @throws {S3Error} NotImplemented, for the conditions S3 does not have or this server does not
 */
export function onlyIfAbsent(headers) {
  const condition = headers['if-none-match'];
  if ((condition !== undefined && condition !== '*') || headers['if-match'] !== undefined) {
    throw new S3Error('NotImplemented');
  }
  return condition === '*';
}

/**
 * Origin access control requires the ownership "bucket owner enforced", which refuses all other access control lists.
 *
 * @param {Headers} headers
 */
function refuseAccessControlLists(headers) {
  const { 'x-amz-acl': acl } = headers;
  const grants = Object.keys(headers).some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== undefined && acl !== 'bucket-owner-full-control')) {
    throw new S3Error('AccessControlListNotSupported');
  }
}

/** @param {string} header */
function metadataName(header) {
  return header.startsWith('x-amz-meta-') ? header.slice('x-amz-meta-'.length) : '';
}

const KEPT = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
]);

/** S3 user guide, "User-defined object metadata". */
const METADATA_BYTES = 2048;

/** The limit for one PUT, 5 GiB. */
const OBJECT_BYTES = 5 * 1024 ** 3;
