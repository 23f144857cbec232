// The request that goes on to S3, or to the API.

import { parseUploadId, s3Query } from './operation.mjs';
import { decode, encodeKey, encodeValue } from './percent-encoding.mjs';
import { refuse } from './refusal.mjs';
import { single, unique } from './request-headers.mjs';

const PASSED = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-md5', 'content-type', 'expires'];
const REFUSED = new Set(
  'callback callback-var copy-source copy-source-if-match copy-source-if-modified-since copy-source-if-none-match copy-source-if-unmodified-since copy-source-range metadata-directive process server-side-data-encryption symlink-target tagging-directive'
    .split(' ')
    .map((name) => `x-oss-${name}`),
);
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
const HANDED_OVER = new Set([...PASSED, 'authorization', 'date', 'host', 'security-token']);

/**
 * @typedef {{ uri: string, query: string, origin: 's3' | 'api', headers: [name: string, value: string][] }} Forward
 * @param {import('./authenticate.mjs').Parts} parts @param {string} domain of the S3 bucket
 * @param {import('./config.mjs').Settings} settings
 * @returns {Forward}
 */
export function translate(parts, domain, settings) {
  const { request, resource, query, operation } = parts;
  const headers = s3Headers(parts, settings);
  checkLength(request.headers, operation);
  const path = apiPath(operation.name, query, settings);
  if (path === undefined) {
    headers.push(['x-ossedge-origin', domain]);
    return { origin: 's3', uri: `/${encodeKey(resource.key)}`, query: s3Query(operation, query), headers };
  }
  if (headers.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0) > 3072) refuse('RequestTooLarge');
  return { origin: 'api', uri: path, query: '', headers: [['x-ossedge-origin', settings.api.domain], ['x-ossedge-request', handOver(parts)]] };
}

/** @param {import('./authenticate.mjs').Parts} parts @param {import('./config.mjs').Settings} settings */
function s3Headers({ request, query, operation, signed }, settings) {
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
  const ends = operation.name === 'CompleteMultipartUpload' && parseUploadId(query.get('uploadId') ?? '')?.forbidden;
  if (ends && !headers.some(([name]) => name === 'if-none-match')) headers.push(['if-none-match', '*']);
  if (metadata > 2048) refuse('MetadataTooLarge');
  return headers;
}

/** @param {string} name @param {string} value */
function checkPassed(name, value) {
  if (name === 'content-encoding' && value.toLowerCase().includes('aws-chunked')) refuse('NotImplemented', name);
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
  const refused = () => refuse('NotImplemented', name);
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

/** @param {string} oss @returns {string | undefined} */
function tagging(oss) {
  const tags = new Map();
  for (const pair of oss.replaceAll('+', '%20').split('&')) {
    const equals = pair.indexOf('=');
    const key = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (!key || value === undefined || tags.has(key) || tags.size === 10 || !fits(key, 128) || !fits(value, 256)) return undefined;
    tags.set(key, value);
  }
  return [...tags].map(([key, value]) => `${encodeValue(key)}=${encodeValue(value)}`).join('&');
}

/** @param {string} text @param {number} max */
function fits(text, max) {
  return [...text].length <= max && /^[\p{Alphabetic}\p{Nd}\p{Nl}\p{No} +\-=._:/@]*$/u.test(text);
}

/** @param {any} headers @param {import('./operation.mjs').Operation} operation */
function checkLength(headers, operation) {
  const length = unique(headers, 'content-length');
  if (length !== undefined) {
    if (!/^[0-9]+$/u.test(length)) refuse('InvalidContentLength');
    if (['PutObject', 'UploadPart'].includes(operation.name) && Number(length) > MAX_OBJECT_BYTES) refuse('EntityTooLarge');
  } else if (operation.takesBody && single(headers, 'transfer-encoding') !== undefined) {
    refuse('MissingContentLength');
  }
}

/** @param {string} operation @param {ReadonlyMap<string, string>} query @param {import('./config.mjs').Settings} settings */
function apiPath(operation, query, { api, completeThroughApi, listParts }) {
  switch (operation) {
    case 'InitiateMultipartUpload':
      return api ? '/initiate-multipart-upload' : refuse('MethodNotAllowed');
    case 'CompleteMultipartUpload':
      if (!completeThroughApi) return undefined;
      return api ? '/complete-multipart-upload' : refuse('MethodNotAllowed');
    case 'ListParts':
      return api && listParts ? '/list-parts' : refuse('NoSuchUpload', query.get('uploadId'));
    default:
      return undefined;
  }
}

/** @param {import('./authenticate.mjs').Parts} parts */
function handOver({ request: { method, uri, querystring, headers }, requestId, presented }) {
  let count = 0;
  let lines = '';
  for (const name in headers) {
    if (!name.startsWith('x-oss-') && !HANDED_OVER.has(name) && !presented.additional.includes(name)) continue;
    for (const { value } of headers[name]) {
      lines += `\0${name}\0${value}`;
      count += 1;
    }
  }
  const encoded = Buffer.from(`${count}\0${requestId}\0${method}\0${uri}\0${querystring}${lines}`).toString('base64url');
  return encoded.length > 8192 ? refuse('RequestTooLarge') : encoded;
}
