/**
 * How a viewer's body is framed, and what CloudFront makes of one that is framed twice: with Content-Length and in
 * chunks, as the OSS SDK for C sends every body. AWS doesn't document that, so there is a model of each way.
 */
import { pairs } from './header-lines.mjs';

/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */
/** @typedef {keyof typeof FRAMINGS} Framing */

/** What each model does. */
export const FRAMINGS = Object.freeze({
  'keep-both': 'functions and origin get both headers, and the origin a body in chunks',
  'drop-length': 'functions and origin get Transfer-Encoding only, and the origin a body in chunks',
  'drop-chunking': 'functions and origin get Content-Length only, and the origin a body without chunks',
  refuse: 'the viewer gets 400',
  'trust-length':
    'functions get both headers, the origin Content-Length only, and its body is cut to that, chunk sizes included',
});

/** @type {Framing} */
export const DEFAULT_FRAMING = 'drop-chunking';

/**
 * Why no origin should be sent this body, or null. node's lenient parser, which is needed for two framings, also takes
 * other transfer codings, and blanks before a colon.
 *
 * @param {readonly string[]} rawHeaders
 * @param {Framing} framing
 * @returns {string | null}
 */
export function framingRefusal(rawHeaders, framing) {
  const lines = pairs(rawHeaders);
  if (lines.some(([name]) => !/^[!#$%&'*+.^_`|~\w-]+$/.test(name))) return 'a header name has other characters';
  const codings = valuesOf(lines, 'transfer-encoding');
  if (codings.length > 1 || codings.some((coding) => coding.trim().toLowerCase() !== 'chunked')) {
    return 'Transfer-Encoding is not `chunked`';
  }
  if (framing === 'refuse' && isFramedTwice(lines)) return 'Content-Length and Transfer-Encoding exclude each other';
  return null;
}

/**
 * The header lines that functions see.
 *
 * @param {readonly string[]} rawHeaders
 * @param {Framing} framing
 * @returns {string[]} names and values in turn
 */
export function seenHeaders(rawHeaders, framing) {
  const lines = pairs(rawHeaders);
  const dropped = isFramedTwice(lines) ? DROPPED[framing] : undefined;
  return lines.filter(([name]) => name.toLowerCase() !== dropped).flat();
}

/**
 * The headers that the origin gets.
 *
 * @param {CloudFrontHeaders} headers as functions returned them
 * @param {Framing} framing
 * @returns {CloudFrontHeaders}
 */
export function sentHeaders(headers, framing) {
  if (framing !== 'trust-length' || !headers['content-length']) return headers;
  const { 'transfer-encoding': unread, ...others } = headers;
  return others;
}

/**
 * @param {[name: string, value: string][]} lines
 * @param {string} wanted lower-case
 */
function valuesOf(lines, wanted) {
  return lines.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** @param {[name: string, value: string][]} lines */
function isFramedTwice(lines) {
  return ['content-length', 'transfer-encoding'].every((name) => valuesOf(lines, name).length > 0);
}

/** @type {Partial<Record<Framing, string>>} */
const DROPPED = { 'drop-length': 'content-length', 'drop-chunking': 'transfer-encoding' };
