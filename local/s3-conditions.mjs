/**
 * Conditional requests (S3 user guide, "Conditional requests").
 */
import { S3Error } from './s3-error.mjs';

/** @typedef {Record<string, string>} Headers lower-case names */
/** @typedef {import('./s3-store.mjs').ObjectVersion} ObjectVersion */
/** @typedef {import('./s3-store.mjs').S3Store} S3Store */

/**
 * What `If-None-Match: *` or `If-Match` demands of the object that would be replaced
 * ("How to prevent object overwrites with conditional writes").
 *
 * @param {Headers} headers
 * @param {S3Store} store
 * @param {string} key
 * @param {number} [deletions] of the key when the write began: of a multipart upload, at its beginning
 * @returns {import('./s3-store.mjs').Precondition}
 * @throws {S3Error} at once, where the condition doesn't hold; NotImplemented for other conditions
 */
export function writeCondition(headers, store, key, deletions = store.deletions(key)) {
  const { 'if-none-match': absent, 'if-match': etag } = headers;
  if (absent !== undefined && (absent !== '*' || etag !== undefined)) {
    throw new S3Error('NotImplemented', { Header: 'If-None-Match' });
  }
  /** @type {import('./s3-store.mjs').Precondition} */
  const precondition = (current) => {
    if (absent !== undefined && current) throw new S3Error('PreconditionFailed', { Condition: 'If-None-Match' });
    if (absent !== undefined && store.deletions(key) !== deletions) throw new S3Error('ConditionalRequestConflict');
    if (etag !== undefined && !current) throw new S3Error('NoSuchKey', { Key: key });
    if (etag !== undefined && current && !isListed(etag, current)) {
      throw new S3Error(held ? 'ConditionalRequestConflict' : 'PreconditionFailed', { Condition: 'If-Match' });
    }
  };
  let held = false;
  precondition(store.current(key));
  held = true;
  return precondition;
}

/**
 * Whether a read may be answered (GetObject, "Considerations when multiple request headers are used").
 *
 * @param {Headers} headers
 * @param {ObjectVersion} version
 * @throws {S3Error} PreconditionFailed
 * @returns {'read' | 'not modified'}
 */
export function readCondition(headers, version) {
  const conditions = conditionsOf(headers, '');
  requireUnchanged(conditions, version, '');
  return hasChanged(conditions, version) ? 'read' : 'not modified';
}

/**
 * Whether the source of a copy may be read.
 *
 * @param {Headers} headers
 * @param {ObjectVersion} version
 * @throws {S3Error} PreconditionFailed
 */
export function copyCondition(headers, version) {
  const conditions = conditionsOf(headers, 'x-amz-copy-source-');
  requireUnchanged(conditions, version, 'x-amz-copy-source-');
  if (!hasChanged(conditions, version)) {
    throw new S3Error('PreconditionFailed', { Condition: 'x-amz-copy-source-If-None-Match' });
  }
}

/**
 * @param {Headers} headers
 * @param {string} prefix
 */
function conditionsOf(headers, prefix) {
  return {
    match: headers[`${prefix}if-match`],
    noneMatch: headers[`${prefix}if-none-match`],
    modifiedSince: headers[`${prefix}if-modified-since`],
    unmodifiedSince: headers[`${prefix}if-unmodified-since`],
  };
}

/** @typedef {ReturnType<typeof conditionsOf>} Conditions */

/**
 * @param {Conditions} conditions If-Match decides alone, where there is one
 * @param {ObjectVersion} version
 * @param {string} prefix
 */
function requireUnchanged({ match, unmodifiedSince }, version, prefix) {
  if (match !== undefined && !isListed(match, version)) {
    throw new S3Error('PreconditionFailed', { Condition: `${prefix}If-Match` });
  }
  if (match === undefined && unmodifiedSince !== undefined && isAfter(version.lastModified, unmodifiedSince)) {
    throw new S3Error('PreconditionFailed', { Condition: `${prefix}If-Unmodified-Since` });
  }
}

/**
 * @param {Conditions} conditions If-None-Match decides alone, where there is one
 * @param {ObjectVersion} version
 */
function hasChanged({ noneMatch, modifiedSince }, version) {
  if (noneMatch !== undefined) return !isListed(noneMatch, version);
  return modifiedSince === undefined || isAfter(version.lastModified, modifiedSince);
}

/**
 * @param {string} etags with quotes or without
 * @param {ObjectVersion} version
 */
function isListed(etags, { etag }) {
  return etags.split(',').some((one) => ['*', etag, `"${etag}"`].includes(one.trim()));
}

/**
 * HTTP's dates have whole seconds.
 *
 * @param {string} lastModified
 * @param {string} date
 */
function isAfter(lastModified, date) {
  return Math.floor(Date.parse(lastModified) / 1000) > Math.floor(Date.parse(date) / 1000);
}
