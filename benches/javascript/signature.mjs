// Signatures of both versions, verified with one secret.

import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

import { byteOrder } from './header-order.mjs';
import { isSubResource } from './operation.mjs';
import { encodeKey, encodeValue } from './percent-encoding.mjs';
import { refuse } from './refusal.mjs';
import { single, trimmed } from './request-headers.mjs';

/**
 * @typedef {import('./authenticate.mjs').Parts} Parts
 * @typedef {import('./authenticate.mjs').Secret} Secret
 */

/** @param {Parts} parts @param {string} date @param {Secret} secret */
export function verifyV1({ request: { method, headers }, resource, query, presented, signed }, date, { keyObject }) {
  let text = `${method}\n${single(headers, 'content-md5') ?? ''}\n${single(headers, 'content-type') ?? ''}\n${date}\n`;
  for (const [name, value] of signed) text += `${name}:${value}\n`;
  text += `/${resource.bucket}/${resource.key}${subResources(query)}`;
  const { accessKeyId, signature } = presented;
  const expected = createHmac('sha1', keyObject).update(text).digest('base64');
  if (isEqual(expected, signature)) return undefined;
  return { accessKeyId, signature, stringToSign: text };
}

/** @param {ReadonlyMap<string, string>} query */
function subResources(query) {
  if (query.size === 0) return '';
  const signed = [...query].filter(([name]) => isSubResource(name)).sort(([one], [other]) => byteOrder(one, other));
  return signed.map(([name, value], index) => `${index === 0 ? '?' : '&'}${name}${value && `=${value}`}`).join('');
}

/**
 * @param {Parts} parts
 * @param {string} date
 * @param {Secret} secret
 * @param {import('./config.mjs').Settings} settings
 * @param {(one: string, other: string) => number} order
 */
export function verifyV4({ request: { method, headers }, resource, query, presented, signed }, date, secret, { regions }, order) {
  const { accessKeyId, signature, additional } = presented;
  const scope = /** @type {import('./presented-signature.mjs').Scope} */ (presented.scope);
  if (regions !== undefined && !regions.has(scope.region)) refuse('OtherRegion', scope.region);
  const all = [...signed];
  for (const name of ['content-md5', 'content-type', ...additional]) {
    const value = single(headers, name);
    if (value !== undefined) all.push([name, trimmed(value)]);
  }
  all.sort(([one], [other]) => order(one, other));
  let lines = '';
  for (const [name, value] of all) lines += `${name}:${value}\n`;
  const payload = signed.find(([name]) => name === 'x-oss-content-sha256')?.[1] ?? 'UNSIGNED-PAYLOAD';
  const uri = `/${encodeKey(resource.bucket)}/${encodeKey(resource.key)}`;
  const canonicalRequest = `${method}\n${uri}\n${canonicalQuery(query)}\n${lines}\n${additional.join(';')}\n${payload}`;
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const stringToSign = `OSS4-HMAC-SHA256\n${date}\n${scope.text}\n${hash}`;
  const expected = createHmac('sha256', signingKey(secret, scope)).update(stringToSign).digest('hex');
  return isEqual(expected, signature) ? undefined : { accessKeyId, signature, stringToSign, canonicalRequest };
}

/** @param {ReadonlyMap<string, string>} query */
function canonicalQuery(query) {
  if (query.size === 0) return '';
  /** @type {[string, string][]} */
  const encoded = [];
  for (const [name, value] of query) {
    if (name !== 'x-oss-signature') encoded.push([encodeValue(name), encodeValue(value)]);
  }
  encoded.sort(([one], [other]) => byteOrder(one, other));
  return encoded.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&');
}

/**
 * The key that is derived for a scope, kept for the next request of the same day.
 *
 * @param {Secret} secret
 * @param {import('./presented-signature.mjs').Scope} scope
 */
function signingKey(secret, { text, date, region, product }) {
  if (secret.derived?.scope === text) return secret.derived.keyObject;
  let key = createHmac('sha256', `aliyun_v4${secret.secret}`).update(date).digest();
  for (const part of [region, product, 'aliyun_v4_request']) key = createHmac('sha256', key).update(part).digest();
  const keyObject = createSecretKey(key);
  secret.derived = { scope: text, keyObject };
  return keyObject;
}

/** In constant time. @param {string} expected in ASCII @param {string} presented */
export function isEqual(expected, presented) {
  const bytes = Buffer.from(presented);
  return bytes.length === expected.length && timingSafeEqual(Buffer.from(expected), bytes);
}
