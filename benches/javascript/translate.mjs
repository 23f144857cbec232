// The request that goes on to S3, or to the API.

import { s3Query } from './operation.mjs';
import { encodeKey } from './percent-encoding.mjs';
import { refuse } from './refusal.mjs';
import { single, unique } from './request-headers.mjs';
import { PASSED, s3Headers } from './s3-headers.mjs';
import { handOverSeal, verifiedUpload } from './seals.mjs';

const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
const LEAST_PART_BYTES = 5 * 1024 ** 2;
const HANDED_OVER = new Set([...PASSED, 'authorization', 'date', 'host', 'security-token']);

/**
 * @typedef {import('./config.mjs').Settings & { keys: import('./seals.mjs').Keys }} Settings
 * @typedef {{ uri: string, query: string, origin: 's3' | 'api', headers: [name: string, value: string][] }} Forward
 * @param {import('./authenticate.mjs').Parts} parts @param {{ name: string, domain: string }} s3Bucket
 * @param {Settings} settings @param {number} now
 * @returns {Forward}
 */
export function translate(parts, s3Bucket, settings, now) {
  const { request, resource, query, operation } = parts;
  const { keys, forwardsUnsealed } = settings;
  const headers = s3Headers(parts, settings);
  const upload = operation.required.includes('uploadId')
    ? verifiedUpload(query.get('uploadId') ?? '', s3Bucket.name, resource.key, keys, forwardsUnsealed, now)
    : undefined;
  const ends = operation.name === 'CompleteMultipartUpload' && upload?.forbidden;
  if (ends && !headers.some(([name]) => name === 'if-none-match')) headers.push(['if-none-match', '*']);
  const length = checkLength(request.headers, operation);
  const path = apiPath(operation.name, query, settings, upload?.staging !== undefined);
  if (path === undefined) {
    const isSmall = operation.name === 'UploadPart' && length !== undefined && length < LEAST_PART_BYTES;
    if (operation.name === 'UploadPart' && upload?.staging?.encryption === 'k' && settings.kmsKeys.size === 0) {
      refuse('NotImplemented', 'KMS', 'x-oss-server-side-encryption');
    }
    if (isSmall && upload?.staging) return staged(parts, s3Bucket, upload.staging, headers, settings, now);
    const target = { uri: `/${encodeKey(resource.key)}`, query: s3Query(operation, query, upload?.s3) };
    return { origin: 's3', ...target, headers: sealed(parts, s3Bucket.domain, target, headers, keys, now) };
  }
  const bytes = headers.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0);
  if (bytes > 3072) refuse('RequestTooLarge');
  const { domain: apiDomain } = settings.api;
  const target = { uri: path, query: '' };
  return { origin: 'api', ...target, headers: sealed(parts, apiDomain, target, [['x-ossedge-request', handOver(parts)]], keys, now) };
}

/**
 * A part that waits to be joined.
 *
 * @param {import('./authenticate.mjs').Parts} parts @param {{ domain: string }} s3Bucket
 * @param {{ folder: string, encryption: string | undefined }} staging @param {[name: string, value: string][]} headers
 * @param {Settings} settings @param {number} now
 * @returns {Forward}
 */
function staged(parts, { domain }, { folder, encryption }, headers, { keys, kmsKeys }, now) {
  const number = String(parts.query.get('partNumber')).padStart(5, '0');
  const target = { uri: `/.oss-edge/parts/${folder}/${number}`, query: '' };
  const kept = headers.filter(([name]) => name === 'content-md5');
  const key = kmsKeys.get('default') ?? [...kmsKeys].sort()[0]?.[1];
  if (encryption === 'a') kept.push(['x-amz-server-side-encryption', 'AES256']);
  if (encryption === 'k' && key !== undefined) {
    kept.push(['x-amz-server-side-encryption', 'aws:kms'], ['x-amz-server-side-encryption-aws-kms-key-id', key]);
  }
  return { origin: 's3', ...target, headers: sealed(parts, domain, target, kept, keys, now) };
}

/**
 * The headers for the origin, with those for origin-request.
 *
 * @param {import('./authenticate.mjs').Parts} parts @param {string} origin @param {{ uri: string, query: string }} target
 * @param {[name: string, value: string][]} headers @param {import('./seals.mjs').Keys} keys @param {number} now
 * @returns {[name: string, value: string][]}
 */
function sealed({ requestId, request: { method } }, origin, target, headers, keys, now) {
  const seal = handOverSeal({ requestId, method, origin, ...target, headers }, keys, now);
  return [...headers, ['x-ossedge-origin', origin], ['x-ossedge-seal', seal]];
}

/** @param {any} headers @param {import('./operation.mjs').Operation} operation */
function checkLength(headers, operation) {
  const length = unique(headers, 'content-length');
  if (length !== undefined) {
    if (!/^[0-9]+$/u.test(length)) refuse('InvalidContentLength');
    if (['PutObject', 'UploadPart'].includes(operation.name)) {
      if (Number(length) > MAX_OBJECT_BYTES) refuse('EntityTooLarge');
    }
    return Number(length);
  } else if (operation.takesBody && single(headers, 'transfer-encoding') !== undefined) {
    refuse(operation.name === 'CompleteMultipartUpload' ? 'MissingContentLength.document' : 'MissingContentLength');
  }
  return undefined;
}

/** @param {string} operation @param {ReadonlyMap<string, string>} query @param {import('./config.mjs').Settings} settings @param {boolean} isStaged */
function apiPath(operation, query, { api, completeThroughApi, listParts }, isStaged) {
  switch (operation) {
    case 'InitiateMultipartUpload':
      return api ? '/initiate-multipart-upload' : refuse('MethodNotAllowed');
    case 'CompleteMultipartUpload':
      if (!completeThroughApi && !isStaged) return undefined;
      return api ? '/complete-multipart-upload' : refuse('MethodNotAllowed');
    case 'ListParts':
      return api && listParts ? '/list-parts' : refuse('NoSuchUpload.listPartsOff', query.get('uploadId'));
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
