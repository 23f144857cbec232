// A request's header lines, as CloudFront groups them by name.

import { refuse } from './refusal.mjs';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/u;
const EDGE_BLANKS = /^[ \t]+|[ \t]+$/gu;

/** @param {any} request @param {string} requestId */
export function checkEncoding({ method, uri, querystring, headers }, requestId) {
  if (method.includes('\0') || uri.includes('\0') || querystring.includes('\0') || requestId.includes('\0')) refuse('MalformedRequest');
  for (const name in headers) {
    if (!TOKEN.test(name)) refuse('MalformedRequest');
    for (const { value } of headers[name]) {
      if (value.includes('\0')) refuse('MalformedRequest');
    }
  }
}

/** A header that must not be repeated. @param {any} headers @param {string} name @returns {string | undefined} */
export function unique(headers, name) {
  const lines = headers[name];
  if (lines === undefined || lines.length === 0) return undefined;
  if (lines.length > 1) refuse('RepeatedHeader', name);
  return checked(name, lines[0].value);
}

/** A header whose equal repeats are one. @param {any} headers @param {string} name @returns {string | undefined} */
export function single(headers, name) {
  const lines = headers[name];
  if (lines === undefined || lines.length === 0) return undefined;
  const { value } = lines[0];
  for (let i = 1; i < lines.length; i += 1) {
    if (lines[i].value !== value) refuse('RepeatedHeader', name);
  }
  return checked(name, value);
}

/** @param {string} name @param {string} value */
function checked(name, value) {
  if (CONTROL.test(value)) refuse('MalformedHeader', name);
  return value;
}

/**
 * The `x-oss-*` headers: names in byte order, trimmed values, equal repeats as one.
 *
 * @param {any} headers
 * @returns {[name: string, value: string][]}
 */
export function ossHeaders(headers) {
  /** @type {[string, string][]} */
  const found = [];
  for (const name in headers) {
    if (!name.startsWith('x-oss-')) continue;
    for (const { value } of headers[name]) found.push([name, trimmed(checked(name, value))]);
  }
  if (found.length < 2) return found;
  found.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  const distinct = found.filter(([name, value], index) => index === 0 || found[index - 1][0] !== name || found[index - 1][1] !== value);
  for (let i = 1; i < distinct.length; i += 1) {
    if (distinct[i][0] === distinct[i - 1][0]) refuse('RepeatedHeader', distinct[i][0]);
  }
  return distinct;
}

/** @param {string} value */
export function trimmed(value) {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  return first === 32 || first === 9 || last === 32 || last === 9 ? value.replace(EDGE_BLANKS, '') : value;
}
