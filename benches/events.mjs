// Events of CloudFront to measure with, as the JSON text that Lambda parses: each is another request,
// rightly signed unless its kind says otherwise.

import { createHash, createHmac } from 'node:crypto';

export const NOW = Date.parse('2026-11-24T01:52:57Z');
const DATE = 'Tue, 24 Nov 2026 01:52:57 GMT';
const ISO_DATE = '20261124T015257Z';
const SCOPE = '20261124/cn-hangzhou/oss/aliyun_v4_request';

export const ACCESS_KEY = { accessKeyId: 'LTAI5tBenchDevice0001', accessKeySecret: 'benchSecret0001abcdefghijklmno' };

/** @param {number} [keys] how many access keys, the one that signs among them */
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
  };
}

/** @typedef {{ method: string, key: string, query: string, headers: Record<string, string> }} Request */

/** @type {Record<string, (request: Request) => Request>} */
const KINDS = {
  'v1-header': v1Header,
  'v1-url': v1Url,
  'v4-header': v4Header,
  'v4-url': v4Url,
  'initiate, v1-header': (request) => v1Header({ ...request, method: 'POST', query: 'uploads' }),
  'refused: wrong signature': (request) => ({ ...v1Header(request), key: `${request.key}x` }),
  'refused: clock': (request) => v1Header(with_(request, { date: 'Tue, 24 Nov 2026 00:52:57 GMT' })),
  'refused: unknown key': (request) => with_(request, { authorization: 'OSS LTAI5tNobody:T8FOd7Z/mmtAD0IWPdzZsuyuV1A=' }),
  'refused: no signature': (request) => ({ ...request, method: 'GET' }),
  'refused: wrong signature, version 4': (request) => ({ ...v4Header(request), key: `${request.key}x` }),
};

export const KIND_NAMES = Object.keys(KINDS);

/**
 * @param {string} kind one of KIND_NAMES
 * @param {number} count
 * @param {Record<string, string>} [headers] besides the usual ones
 * @returns {string[]} JSON texts
 */
export function eventTexts(kind, count, headers = {}) {
  return Array.from({ length: count }, (_, index) => JSON.stringify(event(KINDS[kind](plain(index, headers)), index)));
}

/** The text that a request of kind `v1-header` signs. @param {number} index */
export function stringToSign(index) {
  return v1Text(plain(index, {}), DATE);
}

/** What oss2 sends. @param {number} index @param {Record<string, string>} more @returns {Request} */
function plain(index, more) {
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
    ...more,
  };
  return { method: 'PUT', key: `telemetry/2026/11/24/device-${number}/boot.log`, query: '', headers };
}

/** @param {Request} request @param {Record<string, string>} headers */
function with_(request, headers) {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** @param {Request} request */
function v1Header(request) {
  const signature = sha1(v1Text(request, request.headers.date));
  return with_(request, { authorization: `OSS ${ACCESS_KEY.accessKeyId}:${signature}` });
}

/** @param {Request} request */
function v1Url(request) {
  const expires = String(NOW / 1000 + 600);
  const signature = encodeURIComponent(sha1(v1Text(request, expires)));
  return { ...request, query: `OSSAccessKeyId=${ACCESS_KEY.accessKeyId}&Expires=${expires}&Signature=${signature}` };
}

/** @param {Request} request @param {string} date */
function v1Text({ method, key, query, headers }, date) {
  const lines = [method, headers['content-md5'], headers['content-type'], date];
  return `${lines.join('\n')}\n${ossLines(headers)}/fleet-uploads/${key}${query && `?${query}`}`;
}

/** @param {Request} request */
function v4Header(request) {
  const dated = with_(request, { 'x-oss-date': ISO_DATE, 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD' });
  const credential = `Credential=${ACCESS_KEY.accessKeyId}/${SCOPE}`;
  return with_(dated, { authorization: `OSS4-HMAC-SHA256 ${credential},Signature=${v4Signature(dated)}` });
}

/** @param {Request} request */
function v4Url(request) {
  const credential = encodeURIComponent(`${ACCESS_KEY.accessKeyId}/${SCOPE}`);
  const query = `x-oss-credential=${credential}&x-oss-date=${ISO_DATE}&x-oss-expires=600&x-oss-signature-version=OSS4-HMAC-SHA256`;
  const dated = { ...request, query };
  return { ...dated, query: `${query}&x-oss-signature=${v4Signature(dated)}` };
}

/** @param {Request} request */
function v4Signature({ method, key, query, headers }) {
  const signed = Object.entries(headers).filter(([name]) => /^(?:content-md5|content-type|x-oss-.*)$/u.test(name)).sort();
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = `${method}\n/fleet-uploads/${key}\n${query}\n${lines}\n\nUNSIGNED-PAYLOAD`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const parts = SCOPE.split('/');
  const key0 = /** @type {import('node:crypto').BinaryLike} */ (`aliyun_v4${ACCESS_KEY.accessKeySecret}`);
  const signingKey = parts.reduce((derived, part) => createHmac('sha256', derived).update(part).digest(), key0);
  return createHmac('sha256', signingKey).update(`OSS4-HMAC-SHA256\n${ISO_DATE}\n${SCOPE}\n${hash}`).digest('hex');
}

/** @param {Record<string, string>} headers */
function ossLines(headers) {
  const signed = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-')).sort();
  return signed.map(([name, value]) => `${name}:${value}\n`).join('');
}

/** @param {string} text */
function sha1(text) {
  return createHmac('sha1', ACCESS_KEY.accessKeySecret).update(text).digest('base64');
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
  const request = { clientIp: '203.0.113.178', method, uri: `/${key}`, querystring: query, headers: Object.fromEntries(lines) };
  return { Records: [{ cf: { config, request } }] };
}
