// A device that signs what it is told to, right or wrong, and the request that it sends.

import { createHash, createHmac } from 'node:crypto';

import { KEY } from './documents.mjs';

export const DATE = 'Tue, 24 Nov 2026 01:52:57 GMT';
export const ISO_DATE = '20261124T015257Z';
export const SCOPE = '20261124/cn-hangzhou/oss/aliyun_v4_request';

/** @param {string} text @param {string} [secret] */
export function signV1(text, secret = KEY.accessKeySecret) {
  return createHmac('sha1', secret).update(text).digest('base64');
}

/**
 * @param {string} canonicalRequest
 * @param {{ secret?: string, date?: string, scope?: string }} [options]
 */
export function signV4(canonicalRequest, { secret = KEY.accessKeySecret, date = ISO_DATE, scope = SCOPE } = {}) {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const signingKey = scope.split('/').reduce(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    /** @type {Buffer | string} */ (`aliyun_v4${secret}`),
  );
  return createHmac('sha256', signingKey).update(`OSS4-HMAC-SHA256\n${date}\n${scope}\n${hash}`).digest('hex');
}

/**
 * A request that is signed with version 1 in its header.
 *
 * @param {{ method?: string, target?: string, host?: string, headers?: Record<string, string>, signs: string,
 *   secret?: string, id?: string, body?: string }} request `signs` is the text that the device signs
 */
export function requestV1({ headers = { Date: DATE }, signs, secret, id = KEY.accessKeyId, ...request }) {
  return httpText({ ...request, headers: { ...headers, Authorization: `OSS ${id}:${signV1(signs, secret)}` } });
}

/**
 * A request that is signed with version 4 in its header.
 *
 * @param {{ method?: string, target?: string, host?: string, headers?: Record<string, string>, signs: string,
 *   additional?: string, named?: string, body?: string, date?: string, scope?: string }} request `signs` is the
 *   CanonicalRequest that the device hashes, `date` and `scope` are what it signs, `named` is the scope that it sends
 */
export function requestV4({ headers = { 'x-oss-date': ISO_DATE }, signs, additional, named = SCOPE, date, scope = named, ...request }) {
  const list = additional === undefined ? '' : `,AdditionalHeaders=${additional}`;
  const authorization = `OSS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/${named}${list},Signature=${signV4(signs, { date, scope })}`;
  return httpText({ ...request, headers: { ...headers, Authorization: authorization } });
}

/** @param {{ method?: string, target?: string, host?: string, headers: Record<string, string>, body?: string }} request */
export function httpText({ method = 'PUT', target = '/logs/boot.txt', host = 'uploads.example.com', headers, body = 'hello' }) {
  const lines = Object.entries({ Host: host, ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  return `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
