// The one signature that a request presents.

import { refuse } from './refusal.mjs';
import { unique } from './request-headers.mjs';

const V1_PARAMETERS = ['Expires', 'OSSAccessKeyId', 'Signature'];
const SECURITY_TOKEN_PARAMETER = 'security-token';
const V4_PARAMETERS = [
  'x-oss-additional-headers',
  'x-oss-credential',
  'x-oss-date',
  'x-oss-expires',
  'x-oss-security-token',
  'x-oss-signature',
  'x-oss-signature-version',
];
const V2_PARAMETER = 'x-oss-access-key-id';
const ALL = new Set([...V1_PARAMETERS, ...V4_PARAMETERS, V2_PARAMETER, SECURITY_TOKEN_PARAMETER]);
const ACCESS_KEY_ID = /^[!-+\-.0-9;-~]{1,128}$/u;
const ALGORITHM = 'OSS4-HMAC-SHA256';

/**
 * @typedef {{ scheme: string, accessKeyId: string, signature: string, version: 1 | 4, expires?: string, date?: string,
 *   scope?: Scope, additional: string[] }} Presented
 * @typedef {{ text: string, date: string, region: string, product: string }} Scope
 */

/** @param {string} name */
export const isSignatureParameter = (name) => ALL.has(name);

/** @param {any} headers @param {ReadonlyMap<string, string>} query @param {Set<string>} enabled @returns {Presented} */
export function presentedSignature(headers, query, enabled) {
  const header = unique(headers, 'authorization');
  const presented = query.size === 0 && header !== undefined ? fromHeader(header) : fromEither(header, query);
  if (!enabled.has(presented.scheme)) refuse('SchemeNotEnabled', presented.scheme);
  return presented;
}

/** @param {string | undefined} header @param {ReadonlyMap<string, string>} query @returns {Presented} */
function fromEither(header, query) {
  if (query.has(V2_PARAMETER)) refuse('SchemeNotEnabled', 'OSS2');
  const v4 = V4_PARAMETERS.some((name) => query.has(name));
  const v1 = V1_PARAMETERS.some((name) => query.has(name)) || (query.has(SECURITY_TOKEN_PARAMETER) && !v4);
  if (header === undefined && !v1 && !v4) refuse('MissingSignature');
  if (Number(header !== undefined) + Number(v1) + Number(v4) > 1) refuse('ConflictingSignatures');
  if (header !== undefined) return fromHeader(header);
  return v1 ? v1FromQuery(query) : v4FromQuery(query);
}

/** @param {string} header @returns {Presented} */
function fromHeader(header) {
  const value = /[ \t\n\r\f]$/u.test(header) ? header.replace(/[ \t\n\r\f]+$/u, '') : header;
  if (value === '') refuse('MalformedAuthorization', 'empty');
  const blank = value.indexOf(' ');
  const scheme = blank < 0 ? value : value.slice(0, blank);
  const credentials = blank < 0 ? '' : value.slice(blank + 1);
  if (scheme === 'OSS') return v1FromHeader(credentials);
  if (scheme === ALGORITHM) return v4FromHeader(credentials);
  if (scheme === 'OSS2') refuse('SchemeNotEnabled', 'OSS2');
  return refuse('MalformedAuthorization', 'form');
}

/** @param {string} credentials @returns {Presented} */
function v1FromHeader(credentials) {
  const colon = credentials.indexOf(':');
  if (colon < 0) refuse('MalformedAuthorization', 'form');
  const accessKeyId = credentials.slice(0, colon);
  const signature = credentials.slice(colon + 1);
  if (accessKeyId === '') refuse('MalformedAuthorization', 'noAccessKeyId');
  if (signature === '') refuse('MalformedAuthorization', 'noSignature');
  if (/[: \t]/u.test(signature) || !ACCESS_KEY_ID.test(accessKeyId)) refuse('MalformedAuthorization', 'form');
  return { scheme: 'v1-header', version: 1, accessKeyId, signature, additional: [] };
}

/** @param {ReadonlyMap<string, string>} query @returns {Presented} */
function v1FromQuery(query) {
  const accessKeyId = required(query, 'OSSAccessKeyId');
  if (!ACCESS_KEY_ID.test(accessKeyId)) refuse('MalformedAuthorization', 'form');
  const expires = required(query, 'Expires');
  return { scheme: 'v1-url', version: 1, accessKeyId, expires, signature: required(query, 'Signature'), additional: [] };
}

/** @param {string} credentials */
function v4FromHeader(credentials) {
  /** @type {Record<string, string | undefined>} */
  const found = { Credential: undefined, AdditionalHeaders: undefined, Signature: undefined };
  for (const part of credentials.split(',')) {
    const [, name, value] = /^[ \t]*([^=]*)=(.*?)[ \t]*$/su.exec(part) ?? refuse('MalformedAuthorization', 'form');
    if (!Object.hasOwn(found, name) || found[name] !== undefined) refuse('MalformedAuthorization', 'form');
    found[name] = value;
  }
  const { Credential, AdditionalHeaders = '', Signature } = found;
  if (Credential === undefined) refuse('MalformedAuthorization', 'noAccessKeyId');
  if (Signature === undefined) refuse('MalformedAuthorization', 'noSignature');
  return v4('v4-header', Credential, AdditionalHeaders, Signature, {});
}

/** @param {ReadonlyMap<string, string>} query */
function v4FromQuery(query) {
  const version = required(query, 'x-oss-signature-version');
  if (version === 'OSS2') refuse('SchemeNotEnabled', 'OSS2');
  if (version !== ALGORITHM) refuse('MalformedAuthorization', 'form');
  const carrier = { date: required(query, 'x-oss-date'), expires: required(query, 'x-oss-expires') };
  const additional = query.get('x-oss-additional-headers') ?? '';
  return v4('v4-url', required(query, 'x-oss-credential'), additional, required(query, 'x-oss-signature'), carrier);
}

/**
 * @param {string} scheme @param {string} credential @param {string} additional @param {string} signature
 * @param {{ date?: string, expires?: string }} carrier
 * @returns {Presented}
 */
function v4(scheme, credential, additional, signature, carrier) {
  const slash = credential.indexOf('/');
  const accessKeyId = credential.slice(0, Math.max(0, slash));
  if (!ACCESS_KEY_ID.test(accessKeyId)) refuse('InvalidCredential', 'form');
  const scope = readScope(credential.slice(slash + 1));
  return { scheme, version: 4, accessKeyId, signature, scope, additional: additionalHeaders(additional), ...carrier };
}

/** @param {string} text @returns {Scope} */
function readScope(text) {
  const [date = '', region = '', product = '', terminator = '', ...rest] = text.split('/');
  const isProduct = product === 'oss' || product === 'oss-cloudbox';
  if (rest.length > 0 || terminator !== 'aliyun_v4_request' || !isProduct) refuse('InvalidCredential', 'form');
  if (!/^[0-9]{8}$/u.test(date)) refuse('InvalidCredential', 'date');
  if (region === '' || region.length > 128) refuse('InvalidCredential', 'region');
  return { text, date, region, product };
}

/** @param {string} list */
function additionalHeaders(list) {
  if (list === '') return [];
  const names = list.split(';').map((name) => name.trim().toLowerCase()).sort();
  const repeated = names.some((name, index) => name === names[index + 1]);
  if (repeated || names.length > 64 || names.includes('')) refuse('MalformedAuthorization', 'form');
  return names.filter((name) => name !== 'content-md5' && name !== 'content-type' && !name.startsWith('x-oss-'));
}

/** @param {ReadonlyMap<string, string>} query @param {string} name */
function required(query, name) {
  return query.get(name) || refuse('IncompleteUrlSignature');
}
