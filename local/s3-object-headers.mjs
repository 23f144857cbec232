/**
 * The headers of an object: which to keep of an upload's, and which to answer with.
 */
import { S3Error } from './s3-error.mjs';

/** @typedef {Record<string, string>} Headers lower-case names */

/**
 * Headers kept with an object.
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
  const { 'x-amz-storage-class': storageClass = 'STANDARD', 'x-amz-tagging': tagging = '' } = headers;
  if (!STORAGE_CLASSES.has(storageClass)) {
    throw new S3Error('InvalidStorageClass', { StorageClassRequested: storageClass });
  }
  tags(tagging);
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept), ...encryption(headers) };
}

/**
 * Refuses what only the beginning of a multipart upload may say.
 *
 * @param {Headers} headers of UploadPart
 * @throws {S3Error} InvalidArgument
 */
export function refuseObjectHeaders(headers) {
  const name = Object.keys(headers).find((one) => /^x-amz-server-side-encryption(-aws|$)/.test(one));
  if (name === undefined) return;
  const Message = `${name} header is not supported for this operation.`;
  throw new S3Error('InvalidArgument', { Message, ArgumentName: name, ArgumentValue: headers[name] ?? '' });
}

/**
 * What GetObject and HeadObject answer of the headers that were kept.
 *
 * @param {Headers} kept
 * @returns {Headers}
 */
export function answeredHeaders({ 'x-amz-tagging': tagging, 'x-amz-storage-class': storageClass, ...others }) {
  const count = tags(tagging ?? '').length;
  return {
    ...others,
    ...(count > 0 ? { 'x-amz-tagging-count': String(count) } : {}),
    ...(storageClass && storageClass !== 'STANDARD' ? { 'x-amz-storage-class': storageClass } : {}),
  };
}

/**
 * How an object is encrypted, as every answer to a write says.
 *
 * @param {Headers} headers of the request that begins an object, or that were kept
 * @returns {Headers}
 * @throws {S3Error} InvalidArgument
 */
export function encryption(headers) {
  // S3 has encrypted every object since 2023.
  const { [ENCRYPTION]: algorithm = 'AES256' } = headers;
  if (algorithm === 'AES256') return { [ENCRYPTION]: algorithm };
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') {
    const Message = 'The encryption method specified is not supported';
    throw new S3Error('InvalidArgument', { Message, ArgumentName: ENCRYPTION, ArgumentValue: algorithm });
  }
  const { [`${ENCRYPTION}-aws-kms-key-id`]: keyId = DEFAULT_KEY, [`${ENCRYPTION}-bucket-key-enabled`]: bucketKey } =
    headers;
  return {
    [ENCRYPTION]: algorithm,
    [`${ENCRYPTION}-aws-kms-key-id`]: keyId,
    ...(bucketKey ? { [`${ENCRYPTION}-bucket-key-enabled`]: bucketKey } : {}),
  };
}

/**
 * @param {Headers} kept
 */
export function isEncryptedByKms(kept) {
  return kept[ENCRYPTION] !== 'AES256';
}

/**
 * The tags in an x-amz-tagging header.
 *
 * @param {string} tagging
 * @returns {[key: string, value: string][]}
 * @throws {S3Error} BadRequest, InvalidTag
 */
export function tags(tagging) {
  const pairs = [...new URLSearchParams(tagging)];
  if (pairs.length > 10) throw new S3Error('BadRequest');
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) {
    throw new S3Error('InvalidTag', { Message: 'Cannot provide multiple Tags with the same key' });
  }
  const bad = pairs.find(([key, value]) => !key || key.length > 128 || value.length > 256 || !TAG.test(key + value));
  if (bad) throw new S3Error('InvalidTag', { TagKey: bad[0] });
  return pairs;
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
  'x-amz-tagging',
  'x-amz-website-redirect-location',
]);

const ENCRYPTION = 'x-amz-server-side-encryption';

/** The key `aws/s3` of the account. */
const DEFAULT_KEY = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000';

/** PutObject, "x-amz-storage-class". */
const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
]);

/** S3 user guide, "Categorizing your objects using tags". */
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** S3 user guide, "User-defined object metadata". */
const METADATA_BYTES = 2048;
