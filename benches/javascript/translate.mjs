// The request that goes on to S3, or to the API.

import { s3Query } from './operation.mjs';
import { encodeKey } from './percent-encoding.mjs';
import { refuse } from './refusal.mjs';
import { single, unique } from './request-headers.mjs';
import { PASSED, s3Headers } from './s3-headers.mjs';

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
  const bytes = headers.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0);
  if (bytes > 3072) refuse('RequestTooLarge');
  const { domain: apiDomain } = settings.api;
  const handedOver = /** @type {[string, string]} */ (['x-ossedge-request', handOver(parts)]);
  return { origin: 'api', uri: path, query: '', headers: [['x-ossedge-origin', apiDomain], handedOver] };
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
