// A client's request as the core reads it: in the form that CloudFront gives one to a viewer-request function.

import { isUtf8 } from 'node:buffer';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 */

/**
 * What is wrong with a request's target, or with what it expects. Only paths are taken: with a whole URL a request would
 * name two hosts.
 *
 * @param {IncomingMessage} message
 * @returns {string | undefined}
 */
export function targetFault({ url = '', headers: { expect = '100-continue' } }) {
  if (!url.startsWith('/')) return 'the target is not a path';
  if (expect.toLowerCase() !== '100-continue') return 'an expectation other than 100-continue';
  return undefined;
}

/**
 * @param {IncomingMessage} message without a `targetFault`
 * @param {string} clientIp
 * @returns {CloudFrontRequest}
 */
export function rawRequest({ method = '', url = '', rawHeaders }, clientIp) {
  const target = textOf(url);
  const mark = target.indexOf('?');
  const [uri, querystring] = mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
  return { clientIp, method, uri, querystring, headers: headersOf(rawHeaders) };
}

/** @param {string[]} rawHeaders names and values in turn */
function headersOf(rawHeaders) {
  // Not an object while it grows: a client may name a header `__proto__`.
  /** @type {Map<string, { key: string, value: string }[]>} */
  const headers = new Map();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at];
    const name = key.toLowerCase();
    const lines = headers.get(name) ?? [];
    lines.push({ key, value: textOf(rawHeaders[at + 1]) });
    headers.set(name, lines);
  }
  return Object.fromEntries(headers);
}

/**
 * Text of bytes: UTF-8, or ISO-8859-1 where they aren't, as CloudFront reads them (edge-function-restrictions-all).
 *
 * @param {string} wire of which Node makes a character each byte
 */
function textOf(wire) {
  const bytes = Buffer.from(wire, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : wire;
}
