// Events of CloudFront to measure with, as the JSON text that Lambda parses. Each is another request, and has a valid
// signature unless its kind says otherwise.

import { createHash } from 'node:crypto';

import { ACCESS_KEY, DATE, NOW, v1Header, v1Url, v4Header, v4Url, withHeaders } from './signing.mjs';

export { ACCESS_KEY, NOW };

/** A deployment. @param {number} [keys] how many access keys, with the one that signs in the middle */
export function documents(keys = 1) {
  const others = Array.from({ length: keys - 1 }, (_, index) => ({
    accessKeyId: `LTAI5tOther${String(index).padStart(8, '0')}`,
    accessKeySecret: createHash('sha1').update(String(index)).digest('hex').slice(0, 30),
  }));
  return {
    config: {
      hosts: [
        { host: '*.d111111abcdef8.cloudfront.net', style: 'virtual-hosted' },
        { host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' },
      ],
      buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
      api: { domain: 'abc123.execute-api.us-east-1.amazonaws.com', path: '/prod' },
    },
    accessKeys: { accessKeys: [...others.slice(0, keys >> 1), ACCESS_KEY, ...others.slice(keys >> 1)] },
    secrets: { secrets: [{ number: 1, secret: Buffer.alloc(32, 1).toString('base64url') }] },
  };
}

/** @typedef {import('./signing.mjs').Request} Request */

/** @type {Record<string, (request: Request) => Request>} */
const KINDS = {
  'v1-header': v1Header,
  'v1-url': v1Url,
  'v4-header': v4Header,
  'v4-url': v4Url,
  'initiate, v1-header': (request) => v1Header({ ...request, method: 'POST', query: 'uploads' }),
  'refused: wrong signature, version 1': (request) => ({ ...v1Header(request), key: `${request.key}x` }),
  'refused: wrong signature, version 4': (request) => ({ ...v4Header(request), key: `${request.key}x` }),
  'refused: clock': (request) => v1Header(withHeaders(request, { date: 'Tue, 24 Nov 2026 00:52:57 GMT' })),
  'refused: unknown key': (request) =>
    withHeaders(request, { authorization: 'OSS LTAI5tNobody:T8FOd7Z/mmtAD0IWPdzZsuyuV1A=' }),
  'refused: no signature': (request) => ({ ...request, method: 'GET' }),
};

export const KIND_NAMES = Object.keys(KINDS);

/**
 * @param {string} kind one of KIND_NAMES
 * @param {number} count
 * @returns {string[]} JSON texts
 */
export function eventTexts(kind, count) {
  return Array.from({ length: count }, (_, index) => JSON.stringify(event(KINDS[kind](plain(index)), index)));
}

/** An upload whose body has no length, as clients send it that don't know it beforehand. @param {number} index */
export function putEvent(index) {
  const { 'content-length': _, 'content-md5': __, ...headers } = plain(index).headers;
  return event(v1Header({ ...plain(index), headers: { ...headers, 'transfer-encoding': 'chunked' } }), index);
}

/** What oss2 sends, without a signature. @param {number} index @returns {Request} */
function plain(index) {
  const number = String(index).padStart(6, '0');
  const headers = {
    'content-length': String(20_000 + index),
    'content-type': 'application/octet-stream',
    'content-md5': createHash('md5').update(number).digest('base64'),
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'aliyun-sdk-python/2.19.1(Linux/6.1.0/aarch64;3.11.2)',
    date: DATE,
    host: 'uploads.example.com',
    'x-oss-meta-device': `device-${number}`,
    'x-oss-storage-class': 'Standard',
  };
  return { method: 'PUT', key: `telemetry/2026/11/24/device-${number}/boot.log`, query: '', headers };
}

/** @param {Request} request @param {number} index */
function event({ method, key, query, headers }, index) {
  const requestId = createHash('sha256').update(String(index)).digest('base64');
  const lines = Object.entries(headers).map(([name, value]) => [name, [{ key: name, value }]]);
  const config = {
    distributionDomainName: 'd111111abcdef8.cloudfront.net',
    distributionId: 'EDFDVBD6EXAMPLE',
    eventType: 'viewer-request',
    requestId,
  };
  const request = { clientIp: '203.0.113.178', method, uri: `/${key}`, querystring: query };
  return { Records: [{ cf: { config, request: { ...request, headers: Object.fromEntries(lines) } } }] };
}
