// HeadObject and GetObjectMeta: what S3 knows of an object, in OSS's headers. OSS's CRC-64 isn't among it: S3 keeps
// others. Cache-Control and Expires of the object aren't told: the answer has headers of its own for caches, and all
// objects share one URL behind the edge.

import { isUtf8 } from 'node:buffer';

import { S3Fault, faultDetail } from './s3-fault.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./request.mjs').Request} Request
 * @typedef {import('./request.mjs').Answer} Answer
 * @typedef {import('../core/decision.mjs').HeaderList} HeaderList
 * @typedef {import('@aws-sdk/client-s3').HeadObjectCommandOutput} Found
 */

/** S3's codes, by the status of an answer to HEAD, which has no body that would say the code. */
const CODES = /** @type {Record<number, string | undefined>} */ ({
  403: 'AccessDenied',
  404: 'NoSuchKey',
  503: 'SlowDown',
});

/** @typedef {Record<string, string>} StorageClasses S3's for each of OSS's, as `headers.storageClasses` has them */

/** Those that the configuration doesn't name (src/config/header_rules.rs). @type {StorageClasses} */
const STORAGE_CLASSES = {
  Standard: 'STANDARD',
  IA: 'STANDARD_IA',
  Archive: 'GLACIER',
  ColdArchive: 'DEEP_ARCHIVE',
  DeepColdArchive: 'DEEP_ARCHIVE',
};

/**
 * @param {S3} s3 @param {Request} request @param {StorageClasses} [storageClasses] configured
 * @returns {Promise<Answer>}
 */
export async function headObject(s3, request, storageClasses) {
  const found = await find(s3, request);
  const { ContentDisposition, ContentEncoding, ContentLanguage } = found;
  return answer(found, [
    ['Content-Disposition', ContentDisposition && headerText(ContentDisposition)],
    ['Content-Encoding', ContentEncoding],
    ['Content-Language', ContentLanguage],
    ['x-oss-object-type', found.ETag?.includes('-') ? 'Multipart' : 'Normal'],
    ['x-oss-storage-class', storageClassOf(found, storageClasses)],
    ['x-oss-server-side-encryption', encryptionOf(found)],
    ['x-oss-tagging-count', found.TagCount?.toString()],
    ...Object.entries(found.Metadata ?? {}).map(
      ([name, value]) => /** @type {[string, string]} */ ([`x-oss-meta-${name}`, metadataValue(value)]),
    ),
  ]);
}

/** @param {S3} s3 @param {Request} request @returns {Promise<Answer>} */
export async function getObjectMeta(s3, request) {
  return answer(await find(s3, request), []);
}

/** @param {S3} s3 @param {Request} request @returns {Promise<Found>} */
async function find(s3, { object }) {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
  return s3.send(new HeadObjectCommand(object)).catch((error) => {
    const code = CODES[error.$metadata?.httpStatusCode];
    throw code === undefined ? error : new S3Fault(code, faultDetail(error));
  });
}

/** @param {Found} found @param {[name: string, value: string | undefined][]} headers @returns {Answer} */
function answer({ ContentLength, ContentType, ETag, LastModified, VersionId }, headers) {
  if (ContentLength === undefined || LastModified === undefined) throw new Error('S3 returned no size or time');
  const all = [
    ['Content-Type', ContentType],
    ['ETag', ETag],
    ['Last-Modified', LastModified.toUTCString()],
    ['x-oss-version-id', VersionId],
    ...headers,
  ];
  const known = all.filter(([, value]) => value !== undefined && value !== '');
  return { headers: /** @type {HeaderList} */ (known), objectBytes: ContentLength };
}

/**
 * The first of OSS's classes that is stored so; none for a class that only S3 has. S3 doesn't name the usual one.
 *
 * @param {Found} found @param {StorageClasses} [configured]
 */
function storageClassOf({ StorageClass = 'STANDARD' }, configured) {
  const classes = Object.entries({ ...STORAGE_CLASSES, ...configured });
  return classes.find(([, s3Class]) => s3Class === StorageClass)?.[0];
}

/** @param {Found} found */
function encryptionOf({ ServerSideEncryption }) {
  if (ServerSideEncryption === undefined) return undefined;
  return ServerSideEncryption === 'AES256' ? 'AES256' : 'KMS';
}

/**
 * Metadata beyond ASCII as OSS returns it, which S3 keeps as RFC 2047 encodes it (src/route/s3_headers.rs).
 *
 * @param {string} value
 */
function metadataValue(value) {
  const [, encoded] = /^=\?UTF-8\?B\?([\w+/=]*)\?=$/iu.exec(value) ?? [];
  if (encoded === undefined) return headerText(value);
  const decoded = Buffer.from(encoded, 'base64').toString();
  // No header may have a control character, whoever stored the object.
  return /[\0-\x1f\x7f\ufffd]/u.test(decoded) ? value : decoded;
}

/** A header's bytes as text, of which Node makes a character each. @param {string} value */
function headerText(value) {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : value;
}
