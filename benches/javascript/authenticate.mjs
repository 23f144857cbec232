// Who signed a request.

import { createSecretKey } from 'node:crypto';

import { byteOrder, lineOrder, naturalOrder } from './header-order.mjs';
import { isSubResource } from './operation.mjs';
import { Refusal, refuse } from './refusal.mjs';
import { single } from './request-headers.mjs';
import { locate } from './resource.mjs';
import { isEqual, verifyV1, verifyV4 } from './signature.mjs';
import { checkDay, headerTime, urlTime } from './validity.mjs';

/**
 * @typedef {{ secret: string, keyObject: import('node:crypto').KeyObject, token: string | undefined,
 *   derived: { scope: string, keyObject: import('node:crypto').KeyObject } | undefined }} Secret
 * @typedef {{ request: any, requestId: string, resource: import('./resource.mjs').Resource,
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
 * @returns {{ resource: import('./resource.mjs').Resource, signed: [string, string][], reading: string | undefined }} the reading that was signed
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
      if (mismatch === undefined) return { resource, signed: ordered, reading: readingOf(plus, order) };
      first ??= mismatch;
    }
  }
  const { style, bucket } = parts.resource;
  throw new Refusal('SignatureDoesNotMatch', { ...first, host: single(request.headers, 'host'), style, bucket });
}

/** @param {string} plus @param {(one: string, other: string) => number} order */
function readingOf(plus, order) {
  if (plus === 'plus' && order === byteOrder) return undefined;
  const ofOrder = order === byteOrder ? [] : [order === naturalOrder ? 'headers-in-natural-order' : 'headers-in-order-of-lines'];
  return [...(plus === 'space' ? ['plus-is-space'] : []), ...ofOrder].join(',');
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
  const isV1 = presented.version === 1;
  const mismatch = isV1 ? verifyV1(parts, date.text, secret) : verifyV4(parts, date.text, secret, settings, order);
  if (mismatch === undefined) checkSecurityToken(parts, secret.token);
  return mismatch;
}

/** @param {string} key */
function checkUnambiguous(key) {
  if (!key.includes('?')) return;
  for (const rest of key.split('?').slice(1)) {
    if (isSubResource(rest.split(/[=&]/u, 1)[0])) refuse('InvalidObjectName', 'subResource');
  }
}

/** @param {Parts} parts @param {string | undefined} expected */
function checkSecurityToken({ request: { headers }, query, presented }, expected) {
  const header = single(headers, 'x-oss-security-token');
  const unsigned = single(headers, 'security-token');
  const places = [header, unsigned, query.get('security-token'), query.get('x-oss-security-token')];
  const tokens = places.filter((token) => token !== undefined);
  const misplaced = unsigned !== undefined && presented.scheme !== 'v1-header';
  if (misplaced || tokens.length !== Number(expected !== undefined)) refuse('InvalidSecurityToken');
  if (expected !== undefined && !isEqual(expected, String(tokens[0]))) refuse('InvalidSecurityToken');
}
