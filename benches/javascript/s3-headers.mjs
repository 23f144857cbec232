// The headers for S3.

import { refuse } from './refusal.mjs';
import { single } from './request-headers.mjs';
import { tagging } from './tagging.mjs';

/** Headers that S3 gets as they are. */
export const PASSED = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'expires',
];

/** Headers that ask for what S3 does not do. */
const REFUSED = new Set([
  'x-oss-callback',
  'x-oss-callback-var',
  'x-oss-copy-source',
  'x-oss-copy-source-if-match',
  'x-oss-copy-source-if-modified-since',
  'x-oss-copy-source-if-none-match',
  'x-oss-copy-source-if-unmodified-since',
  'x-oss-copy-source-range',
  'x-oss-metadata-directive',
  'x-oss-process',
  'x-oss-server-side-data-encryption',
  'x-oss-symlink-target',
  'x-oss-tagging-directive',
]);

/** @param {import('./authenticate.mjs').Parts} parts @param {import('./config.mjs').Settings} settings */
export function s3Headers({ request, operation, signed }, settings) {
  /** @type {[string, string][]} */
  const headers = [];
  for (const name of PASSED) {
    const taken = name === 'content-md5' ? operation.takesBody : operation.takesObject;
    const value = taken ? single(request.headers, name) : undefined;
    if (value) headers.push([name, checkPassed(name, value)]);
  }
  const values = signed.length > 0 ? new Map(signed) : undefined;
  let metadata = 0;
  for (const [name, value] of signed) {
    if (name.startsWith('x-oss-meta-')) {
      const key = name.slice(11);
      if (key === '') refuse('MalformedHeader', name);
      if (!operation.takesObject) continue;
      const shown = asMetadata(value);
      metadata += key.length + shown.length;
      headers.push([`x-amz-meta-${key}`, shown]);
    } else {
      const header = treated(name, value, operation, values, settings);
      if (header) headers.push(header);
    }
  }
  if (operation.takesObject && values?.get('x-oss-server-side-encryption') === 'KMS') {
    const key = kmsKey(values, settings);
    if (key !== undefined) headers.push(['x-amz-server-side-encryption-aws-kms-key-id', key]);
  }
  if (metadata > 2048) refuse('MetadataTooLarge');
  return headers;
}

/** @param {string} name @param {string} value */
function checkPassed(name, value) {
  if (name === 'content-encoding' && value.toLowerCase().includes('aws-chunked')) refuse('NotImplemented', value, name);
  return value;
}

/** @param {string} text */
function isAscii(text) {
  return /^[\0-\x7f]*$/u.test(text);
}

/** @param {string} value */
function asMetadata(value) {
  return isAscii(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

/**
 * @param {string} name @param {string} value @param {import('./operation.mjs').Operation} operation
 * @param {Map<string, string> | undefined} values @param {import('./config.mjs').Settings} settings
 * @returns {[string, string] | undefined}
 */
function treated(name, value, operation, values, settings) {
  const refused = () => refuse('NotImplemented', value, name);
  const invalid = () => refuse('InvalidHeaderValue', value, name);
  const onObject = (/** @type {string} */ s3Name, /** @type {string} */ s3Value) =>
    operation.takesObject ? /** @type {[string, string]} */ ([s3Name, s3Value]) : undefined;
  switch (name) {
    case 'x-oss-complete-all':
      if (value !== 'yes') invalid();
      return operation.name === 'CompleteMultipartUpload' && !settings.completeThroughApi ? refused() : undefined;
    case 'x-oss-forbid-overwrite':
      if (value !== 'true' && value !== 'false') invalid();
      return value === 'true' && ['PutObject', 'CompleteMultipartUpload'].includes(operation.name) ? ['if-none-match', '*'] : undefined;
    case 'x-oss-object-acl':
      if (value === 'private' || value === 'default') return undefined;
      if (value !== 'public-read' && value !== 'public-read-write') invalid();
      return settings.dropsPublicAcl ? undefined : refused();
    case 'x-oss-server-side-encryption':
      if (value === 'AES256') return onObject('x-amz-server-side-encryption', 'AES256');
      if (value === 'KMS') return kmsKey(values, settings) === undefined ? refused() : onObject('x-amz-server-side-encryption', 'aws:kms');
      return value === 'SM4' ? refused() : invalid();
    case 'x-oss-server-side-encryption-key-id':
      if (values?.get('x-oss-server-side-encryption') !== 'KMS') invalid();
      return settings.kmsKeys.has(value) ? undefined : refused();
    case 'x-oss-storage-class':
      return onObject('x-amz-storage-class', settings.storageClasses.get(value) ?? invalid());
    case 'x-oss-tagging':
      return settings.tagging ? onObject('x-amz-tagging', tagging(value) ?? invalid()) : refused();
    default:
      return REFUSED.has(name) ? refused() : undefined;
  }
}

/** @param {Map<string, string> | undefined} values @param {import('./config.mjs').Settings} settings */
function kmsKey(values, { kmsKeys }) {
  return kmsKeys.get(values?.get('x-oss-server-side-encryption-key-id') ?? 'default');
}
