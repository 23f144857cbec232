/**
 * Header lines: between the bytes on the wire, as node gives them, and CloudFront's header object.
 *
 * node reads and writes header bytes as ISO-8859-1 strings, CloudFront speaks UTF-8.
 */
import { isUtf8 } from 'node:buffer';

/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */

/**
 * CloudFront's header object: lower-case name to every value in the order sent, each with the name as sent.
 *
 * @param {readonly string[]} rawHeaders names and values in turn, as node's `rawHeaders`
 * @returns {CloudFrontHeaders}
 */
export function cloudFrontHeaders(rawHeaders) {
  return headerObject(pairs(rawHeaders));
}

/**
 * @param {readonly (readonly [name: string, value: string])[]} lines values one character per byte
 * @returns {CloudFrontHeaders}
 */
export function headerObject(lines) {
  // Not an object while it grows: a viewer may name a header `constructor` or `__proto__`.
  /** @type {Map<string, { key: string, value: string }[]>} */
  const headers = new Map();
  for (const [key, value] of lines) {
    const name = key.toLowerCase();
    const entries = headers.get(name) ?? [];
    entries.push({ key, value: textFromWire(value) });
    headers.set(name, entries);
  }
  return Object.fromEntries(headers);
}

/**
 * Every line of a CloudFront header object. Lambda@Edge fills in a missing `key` as Init-Caps (lambda-event-structure).
 *
 * @param {CloudFrontHeaders} headers
 * @returns {[name: string, value: string][]}
 */
export function headerLines(headers) {
  return Object.entries(headers).flatMap(([name, values]) =>
    values.map(({ key, value }) => /** @type {[string, string]} */ ([key ?? initCaps(name), value])),
  );
}

/**
 * Names and values of node's flat `rawHeaders`, two by two.
 *
 * @param {readonly string[]} rawHeaders
 * @returns {[name: string, value: string][]}
 */
export function pairs(rawHeaders) {
  /** @type {[string, string][]} */
  const lines = [];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return lines;
}

/**
 * Text of header or path bytes: UTF-8, or ISO-8859-1 where the bytes are not UTF-8
 * (edge-function-restrictions-all, "Encoding of query strings and URI").
 *
 * @param {string} wire one character per byte
 */
export function textFromWire(wire) {
  const bytes = Buffer.from(wire, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : wire;
}

/**
 * UTF-8 bytes of a text as the one-character-per-byte string that node writes out unchanged.
 *
 * @param {string} text
 */
export function textToWire(text) {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** @param {string} name */
function initCaps(name) {
  return name.replace(/(^|-)[a-z]/g, (initial) => initial.toUpperCase());
}
