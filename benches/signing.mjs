// How OSS clients sign: both versions, in the header and in the URL.

import { createHash, createHmac } from 'node:crypto';

export const NOW = Date.parse('2026-11-24T01:52:57Z');
export const DATE = 'Tue, 24 Nov 2026 01:52:57 GMT';
export const ACCESS_KEY = { accessKeyId: 'LTAI5tBenchDevice0001', accessKeySecret: 'benchSecret0001abcdefghijklmno' };

const ISO_DATE = '20261124T015257Z';
const SCOPE = '20261124/cn-hangzhou/oss/aliyun_v4_request';

/** @typedef {{ method: string, key: string, query: string, headers: Record<string, string> }} Request */

/** @param {Request} request */
export function v1Header(request) {
  const signature = sha1(v1Text(request, request.headers.date));
  return withHeaders(request, { authorization: `OSS ${ACCESS_KEY.accessKeyId}:${signature}` });
}

/** @param {Request} request */
export function v1Url(request) {
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
export function v4Header(request) {
  const dated = withHeaders(request, { 'x-oss-date': ISO_DATE, 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD' });
  const credential = `Credential=${ACCESS_KEY.accessKeyId}/${SCOPE}`;
  return withHeaders(dated, { authorization: `OSS4-HMAC-SHA256 ${credential},Signature=${v4Signature(dated)}` });
}

/** @param {Request} request */
export function v4Url(request) {
  const credential = encodeURIComponent(`${ACCESS_KEY.accessKeyId}/${SCOPE}`);
  const query =
    `x-oss-credential=${credential}&x-oss-date=${ISO_DATE}&x-oss-expires=600` +
    '&x-oss-signature-version=OSS4-HMAC-SHA256';
  const dated = { ...request, query };
  return { ...dated, query: `${query}&x-oss-signature=${v4Signature(dated)}` };
}

/** @param {Request} request */
function v4Signature({ method, key, query, headers }) {
  const isSigned = /^(?:content-md5|content-type|x-oss-.*)$/u;
  const signed = Object.entries(headers).filter(([name]) => isSigned.test(name)).sort();
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

/** @param {Request} request @param {Record<string, string>} headers */
export function withHeaders(request, headers) {
  return { ...request, headers: { ...request.headers, ...headers } };
}
