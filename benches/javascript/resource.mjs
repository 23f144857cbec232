// Which bucket and key a request is about.

import { decode } from './percent-encoding.mjs';
import { refuse } from './refusal.mjs';
import { unique } from './request-headers.mjs';

const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/u;
const PORT = /^[0-9]*$/u;
const NOT_XML = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/u;
const OWN_SEGMENT = /^\.oss-edge(?:[/\\]|$)/iu;

/**
 * @typedef {{ style: string, bucket: string, key: string }} Resource
 *
 * @param {any} request @param {import('./config.mjs').Settings} settings
 * @param {'plus' | 'space'} plus what a raw `+` in the path is
 * @returns {Resource} the key is empty for the bucket itself
 */
export function locate({ uri, headers }, { cname, path, virtualHosted }, plus) {
  const header = unique(headers, 'host') ?? refuse('UnknownHost', '');
  const host = withoutPort(header) ?? refuse('UnknownHost', header);
  const style = cname.has(host) ? 'cname' : path.has(host) ? 'path' : 'virtual-hosted';
  const named = cname.get(host) ?? labelOf(host, virtualHosted);
  const ofHost = style === 'path' ? undefined : (named ?? refuse('UnknownHost', header));
  const decoded = decodedPath(uri, plus);
  const slash = decoded.indexOf('/');
  const split = ofHost === undefined && slash >= 0;
  const bucket = ofHost ?? (split ? decoded.slice(0, slash) : decoded);
  if (!BUCKET.test(bucket)) refuse('InvalidBucketName');
  const key = ofHost !== undefined ? decoded : split ? decoded.slice(slash + 1) : '';
  if (key !== '') checkKey(key);
  return { style, bucket, key };
}

/** @param {string} header @returns {string | undefined} */
function withoutPort(header) {
  const colon = header.indexOf(':');
  if (colon >= 0 && !PORT.test(header.slice(colon + 1))) return undefined;
  return (colon < 0 ? header : header.slice(0, colon)).toLowerCase() || undefined;
}

/** @param {string} host @param {Set<string>} endpoints */
function labelOf(host, endpoints) {
  const dot = host.indexOf('.');
  return dot > 0 && endpoints.has(host.slice(dot + 1)) ? host.slice(0, dot) : undefined;
}

/** @param {string} uri @param {'plus' | 'space'} plus */
function decodedPath(uri, plus) {
  if (uri.charCodeAt(0) !== 0x2f) refuse('InvalidObjectName', 'escape');
  const path = uri.slice(1);
  const decoded = decode(plus === 'space' ? path.replaceAll('+', '%20') : path);
  return decoded ?? refuse('InvalidObjectName', /%(?![0-9a-f]{2})/iu.test(path) ? 'escape' : 'notUtf8');
}

/** @param {string} key */
function checkKey(key) {
  if (key.length > 1023 || (key.length > 341 && Buffer.byteLength(key) > 1023)) refuse('InvalidObjectName', 'tooLong');
  if (key[0] === '/' || key[0] === '\\') refuse('InvalidObjectName', 'leadingSlash');
  if (NOT_XML.test(key)) refuse('InvalidObjectName', 'notXml');
  if (key.includes('.') && DOT_SEGMENT.test(key)) refuse('InvalidObjectName', 'dotSegment');
  if (key[0] === '.' && OWN_SEGMENT.test(key)) refuse('InvalidObjectName', 'own');
}
