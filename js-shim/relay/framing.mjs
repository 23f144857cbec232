// How a body's end is told, and what of it the relay refuses.

import { S3Fault } from '../operations/s3-fault.mjs';

/** The longest beginning of a chunked body that is looked at: a length of at most 16 digits, and its line end. */
const LOOKED_AT = 18;

/**
 * Refuses a body that still has the framing of its chunks. The client sent chunks and a length, and the length alone
 * arrived: either a hop read the chunks, or it counted their framing as content, and cut the body off at the length.
 */
export class ChunkFramingCheck {
  #length;
  #beginning = Buffer.alloc(0);

  /** @param {number} length that was declared */
  constructor(length) {
    this.#length = length;
  }

  /** @param {Buffer} chunk @throws {S3Fault} */
  add(chunk) {
    if (this.#beginning.length >= LOOKED_AT) return;
    this.#beginning = Buffer.concat([this.#beginning, chunk.subarray(0, LOOKED_AT)]);
    if (this.#beginning.length >= LOOKED_AT) this.end();
  }

  /** @throws {S3Fault} */
  end() {
    // A chunk's size is on a line of its own, which may be cut off, and none is larger than the whole.
    const line = /^([0-9a-f]{1,16})(?:\r\n|\r?$)/iu.exec(this.#beginning.toString('latin1'));
    if (line !== null && Number.parseInt(line[1], 16) <= this.#length) throw new S3Fault('IncompleteBody', "a hop before the relay left the chunks' framing in the body");
  }
}

/**
 * What is wrong with a request's framing, of what Node's parser lets pass. It is strict unless the relay takes requests
 * with both headers: Node then also reads names with a blank before the colon, values with control characters, other
 * codings and other versions of HTTP. Those are refused here. What it reads besides can't be seen, and leaves the body's
 * bytes the same: folded lines, and lines in headers and between chunks that end otherwise. So a connection has one
 * request then, and nothing that follows it is read.
 *
 * @param {import('node:http').IncomingMessage} request
 * @returns {string | undefined}
 */
export function framingFault({ httpVersion, headersDistinct, rawHeaders }) {
  const lengths = headersDistinct['content-length'] ?? [];
  const codings = headersDistinct['transfer-encoding'] ?? [];
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return `HTTP version ${httpVersion}`;
  if (rawHeaders.some((text) => /[\0-\x08\x0a-\x1f\x7f]/u.test(text))) return 'a control character in a header';
  if (rawHeaders.some((name, index) => index % 2 === 0 && /[ \t]/u.test(name))) return "a blank in a header's name";
  if (lengths.length > 1 || codings.length > 1) return 'repeated framing headers';
  if (lengths.some((length) => !/^\d{1,15}$/u.test(length))) return 'Content-Length is not a number';
  if (codings.some((coding) => coding.toLowerCase() !== 'chunked')) return 'a transfer coding other than chunked';
  if (codings.length > 0 && httpVersion === '1.0') return 'chunks in HTTP/1.0';
  return undefined;
}

/**
 * Whether a length that arrived is another than the one that the client declared to the edge.
 *
 * @param {import('node:http').IncomingMessage} request @param {number | undefined} declared
 */
export function isOtherLength({ headers }, declared) {
  const arrived = headers['content-length'];
  return arrived !== undefined && declared !== undefined && Number(arrived) !== declared;
}

/** @param {import('node:http').IncomingMessage} request */
export function hasNoFraming({ headers }) {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}
