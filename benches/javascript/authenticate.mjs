// Who signed a request.

import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

import { isSubResource } from './operation.mjs';
import { encodeKey, encodeValue } from './percent-encoding.mjs';
import { Refusal, refuse } from './refusal.mjs';
import { single, trimmed } from './request-headers.mjs';
import { locate } from './resource.mjs';
import { parseDate, parseSeconds, signingDate } from './signing-date.mjs';

/**
 * @typedef {{ secret: string, keyObject: import('node:crypto').KeyObject, token: string | undefined,
 *   derived: { scope: string, keyObject: import('node:crypto').KeyObject } | undefined }} Secret
 * @typedef {{ request: any, requestId: string, resource: { bucket: string, key: string },
 *   query: ReadonlyMap<string, string>, operation: import('./operation.mjs').Operation,
 *   presented: import('./presented-signature.mjs').Presented, signed: [string, string][] }} Parts
 */

/** @param {any} accessKeys @returns {Map<string, Secret>} */
export function newSecrets({ accessKeys }) {
  const secrets = new Map();
  for (const { accessKeyId, accessKeySecret: secret, securityToken: token } of accessKeys) {
    secrets.set(accessKeyId, { secret, keyObject: createSecretKey(secret, 'utf8'), token, derived: undefined });
  }
  return secrets;
}

/**
 * @param {Parts} parts @param {import('./config.mjs').Settings} settings @param {Map<string, Secret>} secrets
 * @param {number} now
 * @returns {{ resource: { bucket: string, key: string }, signed: [string, string][] }} the reading that was signed
 */
export function authenticate(parts, settings, secrets, now) {
  const { request, presented, signed } = parts;
  let first;
  for (const plus of /** @type {const} */ (['plus', 'space'])) {
    if (plus === 'space' && !(presented.version === 1 && request.uri.includes('+'))) break;
    const resource = plus === 'space' ? locate(request, settings, plus) : parts.resource;
    for (const order of [byteOrder, naturalOrder, lineOrder]) {
      const ordered = order === byteOrder ? signed : [...signed].sort(([one], [other]) => order(one, other));
      if (order !== byteOrder && ordered.every((header, index) => header === signed[index])) continue;
      const mismatch = verify({ ...parts, resource, signed: ordered }, settings, secrets, now, order);
      if (mismatch === undefined) return { resource, signed: ordered };
      first ??= mismatch;
    }
  }
  throw new Refusal('SignatureDoesNotMatch', first);
}

/**
 * @param {Parts} parts @param {import('./config.mjs').Settings} settings @param {Map<string, Secret>} secrets
 * @param {number} now @param {(one: string, other: string) => number} order
 * @returns {Record<string, string> | undefined} what an answer shows of a signature that doesn't verify
 */
function verify(parts, settings, secrets, now, order) {
  const { request, resource, presented } = parts;
  if (presented.version === 1) checkUnambiguous(resource.key);
  const date = presented.expires === undefined ? headerTime(request, settings, now) : urlTime(presented, settings, now);
  if (presented.scope) checkDay(presented.scope, date.time);
  const secret = secrets.get(presented.accessKeyId) ?? refuse('InvalidAccessKeyId', presented.accessKeyId);
  const mismatch = presented.version === 1 ? verifyV1(parts, date.text, secret) : verifyV4(parts, date.text, secret, settings, order);
  if (mismatch === undefined) checkSecurityToken(parts, secret.token);
  return mismatch;
}

/** @param {any} request @param {import('./config.mjs').Settings} settings @param {number} now */
function headerTime({ headers }, { maxSkewMillis }, now) {
  const date = signingDate(headers);
  checkSkew(date.time, maxSkewMillis, now);
  return date;
}

/** @param {number} requested @param {number} maxMillis @param {number} now */
function checkSkew(requested, maxMillis, now) {
  if (Math.abs(requested - now) > maxMillis) refuse('RequestTimeTooSkewed', { requested, maxMillis });
}

/** @param {import('./presented-signature.mjs').Presented} presented @param {import('./config.mjs').Settings} settings @param {number} now */
function urlTime({ version, date = '', expires = '' }, settings, now) {
  if (version === 1) {
    const end = parseSeconds(expires) ?? refuse('InvalidExpires');
    checkExpiry(end, settings, now);
    return { text: expires, time: end };
  }
  const time = parseDate(date) ?? refuse('InvalidDate', 'malformed');
  const life = parseSeconds(expires) ?? 0;
  if (life < 1000) refuse('InvalidExpires');
  if (life > 604_800_000) refuse('ExpiresTooFar');
  if (time - now > settings.maxSkewMillis) refuse('NotYetValid');
  checkExpiry(time + life, settings, now);
  return { text: date, time };
}

/** @param {number} end @param {import('./config.mjs').Settings} settings @param {number} now */
function checkExpiry(end, { maxUrlExpiryMillis }, now) {
  if (end < now) refuse('Expired', end);
  if (end - now > maxUrlExpiryMillis) refuse('ExpiresTooFar');
}

/** @param {import('./presented-signature.mjs').Scope} scope @param {number} time */
function checkDay({ date }, time) {
  if (new Date(time).toISOString().slice(0, 10).replaceAll('-', '') !== date) refuse('InvalidCredential', 'date');
}

/** @param {string} key */
function checkUnambiguous(key) {
  if (!key.includes('?')) return;
  for (const rest of key.split('?').slice(1)) {
    if (isSubResource(rest.split(/[=&]/u, 1)[0])) refuse('InvalidObjectName', 'subResource');
  }
}

/** @param {Parts} parts @param {string} date @param {Secret} secret */
function verifyV1({ request: { method, headers }, resource, query, presented, signed }, date, { keyObject }) {
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

/** @param {Parts} parts @param {string} date @param {Secret} secret @param {import('./config.mjs').Settings} settings @param {(one: string, other: string) => number} order */
function verifyV4({ request: { method, headers }, resource, query, presented, signed }, date, secret, { regions }, order) {
  const { accessKeyId, signature, additional } = presented;
  const scope = /** @type {import('./presented-signature.mjs').Scope} */ (presented.scope);
  if (regions !== undefined && !regions.has(scope.region)) refuse('InvalidCredential', 'region');
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

/** The key that is derived for a scope, kept for the next request of the same day. @param {Secret} secret @param {import('./presented-signature.mjs').Scope} scope */
function signingKey(secret, { text, date, region, product }) {
  if (secret.derived?.scope === text) return secret.derived.keyObject;
  let key = createHmac('sha256', `aliyun_v4${secret.secret}`).update(date).digest();
  for (const part of [region, product, 'aliyun_v4_request']) key = createHmac('sha256', key).update(part).digest();
  const keyObject = createSecretKey(key);
  secret.derived = { scope: text, keyObject };
  return keyObject;
}

/** @param {Parts} parts @param {string | undefined} expected */
function checkSecurityToken({ request: { headers }, query, presented }, expected) {
  const header = single(headers, 'x-oss-security-token');
  const unsigned = single(headers, 'security-token');
  const places = [header, unsigned, query.get('security-token'), query.get('x-oss-security-token')].filter((token) => token !== undefined);
  const misplaced = unsigned !== undefined && presented.scheme !== 'v1-header';
  if (places.length > 1 || misplaced || places.length !== Number(expected !== undefined)) refuse('InvalidSecurityToken');
  if (expected !== undefined && !isEqual(expected, String(places[0]))) refuse('InvalidSecurityToken');
}

/** In constant time. @param {string} expected in ASCII @param {string} presented */
function isEqual(expected, presented) {
  const bytes = Buffer.from(presented);
  return bytes.length === expected.length && timingSafeEqual(Buffer.from(expected), bytes);
}

/** @param {string} one @param {string} other */
function byteOrder(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** `apr_strnatcasecmp`, which the C SDK sorts with. @param {string} one @param {string} other */
function naturalOrder(one, other) {
  for (let i = 0; ; i += 1) {
    if (i >= one.length || i >= other.length) return one.length - other.length;
    const a = /^\d+/u.exec(one.slice(i))?.[0];
    const b = /^\d+/u.exec(other.slice(i))?.[0];
    if (a !== undefined && b !== undefined) {
      const fraction = a[0] === '0' || b[0] === '0';
      const order = (fraction ? 0 : a.length - b.length) || byteOrder(a, b);
      if (order !== 0) return order;
    }
    if (one[i] !== other[i]) return byteOrder(one[i].toUpperCase(), other[i].toUpperCase());
  }
}

/** Early releases of Java v2 sort whole lines. @param {string} one @param {string} other */
function lineOrder(one, other) {
  return byteOrder(`${one}:`, `${other}:`);
}
