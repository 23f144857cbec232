// Text in and out of the core's memory (src/exchange.rs).

import { NUMBERS, WORDS } from './words.mjs';

/** A request's room, so that hardly any asks for more: CloudFront passes 32 KB of headers and URL. */
const ROOM = 64 * 1024;

/** What the names of S3's user metadata begin with. */
const METADATA = 'x-amz-meta-';

/** Lengths of a request's parts, so that hardly any asks for more. */
const COUNT = 256;

/**
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {(bytes: number) => number} input
 * @property {(parts: number) => number} lengths
 * @property {() => number} answerPlace
 */

/**
 * How long each of a request's parts is, `count` of them, which are one text: in UTF-16 code units, or bytes once they were
 * counted, or the complement of a word's number. The lengths stand in the core's own memory.
 */
export class PartLengths {
  count = 0;
  #exports;
  #lengths = new Int32Array();

  /** @param {Exports} exports */
  constructor(exports) {
    this.#exports = exports;
  }

  /** Where lengths may be written, as far as they have room. */
  lengths() {
    // Where memory has grown, what saw it before is empty.
    if (this.#lengths.length === 0) this.#makeRoom(COUNT);
    return this.#lengths;
  }

  /** The same with more room; those that are written stay. */
  moreLengths() {
    const written = this.#lengths.slice();
    this.#makeRoom(written.length * 2);
    this.#lengths.set(written);
    return this.#lengths;
  }

  /**
   * Writes the lengths of a request's parts.
   *
   * @param {import('../edge/cloudfront-event.mjs').RequestView} request
   * @returns {string} all parts
   */
  write({ requestId, method, uri, query, headers }) {
    let lengths = this.lengths();
    const fixed = [requestId, method, uri, query];
    fixed.forEach((part, index) => (lengths[index] = part.length));
    let text = fixed.join('');
    let count = fixed.length;
    for (const [name, value] of headers) {
      if (count + 2 > lengths.length) lengths = this.moreLengths();
      const number = NUMBERS.get(name);
      if (number === undefined) text += name;
      lengths[count] = number === undefined ? name.length : ~number;
      text += value;
      lengths[count + 1] = value.length;
      count += 2;
    }
    this.count = count;
    return text;
  }

  /** Has the lengths count bytes of UTF-8. @param {string} text of all parts */
  countInBytes(text) {
    // The core has room for as many, and so they stay as they are.
    if (this.#lengths.length === 0) this.#makeRoom(Math.max(COUNT, this.count));
    let begin = 0;
    for (const [part, length] of this.#lengths.subarray(0, this.count).entries()) {
      if (length < 0) continue;
      this.#lengths[part] = Buffer.byteLength(text.slice(begin, begin + length));
      begin += length;
    }
  }

  /** Lengths that the core has room for already stay where and as they are; others are made anew. @param {number} parts */
  #makeRoom(parts) {
    const place = this.#exports.lengths(parts) >>> 0;
    this.#lengths = new Int32Array(this.#exports.memory.buffer, place, parts);
  }
}

/** The memory of one instance of the core. */
export class Exchange {
  /** Of the request that the next call decides over. */
  lengths;
  #exports;
  #bytes;
  #numbers;
  #input = 0;
  #room = 0;
  #place;
  #requestBytes = 0;
  #words = WORDS;

  /** @param {Exports} exports */
  constructor(exports) {
    this.lengths = new PartLengths(exports);
    this.#exports = exports;
    this.#place = exports.answerPlace() >>> 2;
    this.#bytes = Buffer.from(exports.memory.buffer);
    this.#numbers = new Int32Array(exports.memory.buffer);
  }

  /**
   * Writes the input of the next call.
   *
   * @param {string} text
   * @returns {number} how many bytes it took
   */
  write(text) {
    // A character takes three bytes at the most.
    if (text.length * 3 > this.#room) this.#makeRoom(Buffer.byteLength(text));
    if (this.#bytes.length === 0) this.#look();
    return this.#bytes.write(text, this.#input);
  }

  /**
   * Writes the text of a request, whose lengths are written.
   *
   * @param {string} text
   * @returns {number} how many bytes it took
   */
  writeRequest(text) {
    const bytes = this.write(text);
    if (bytes !== text.length) this.lengths.countInBytes(text);
    this.#requestBytes = bytes;
    return bytes;
  }

  /**
   * The last call's answer.
   *
   * @param {number} count of its parts
   */
  read(count) {
    return this.#parts('', 0, count);
  }

  /**
   * The same of a call that decided over a request.
   *
   * @param {string} request its text, whose bytes are in the core's memory until the next one's @param {number} count
   */
  readAfterRequest(request, count) {
    return this.#parts(request, this.#requestBytes, count);
  }

  /**
   * The parts of an answer: words, and pieces of the request's text and of the answer's own, whose places are counted in
   * bytes from the one's beginning through the other. A length that is a complement is that of what follows
   * `x-amz-meta-` in a header's name.
   *
   * @param {string} request @param {number} requestBytes @param {number} count
   */
  #parts(request, requestBytes, count) {
    if (this.#numbers.length === 0) this.#look();
    const words = this.#words;
    const numbers = this.#numbers;
    const begin = numbers[this.#place] >>> 0;
    const bytes = numbers[this.#place + 1];
    let at = numbers[this.#place + 2] >>> 2;
    const own = bytes === 0 ? '' : this.#bytes.toString('utf8', begin, begin + bytes);
    /** @type {string[]} */
    const parts = new Array(count);
    for (let i = 0; i < count; i += 1) {
      const place = numbers[at];
      if (place < 0) {
        parts[i] = words[~place];
        at += 1;
      } else {
        const length = numbers[at + 1];
        const end = place + (length < 0 ? ~length : length);
        const text =
          place < requestBytes
            ? this.#piece(request, requestBytes, this.#input, place, end)
            : this.#piece(own, bytes, begin, place - requestBytes, end - requestBytes);
        parts[i] = length < 0 ? METADATA + text : text;
        at += 2;
      }
    }
    return parts;
  }

  /**
   * A piece of a text, whose bytes are still in memory: they are counted as its characters are only where each has one.
   *
   * @param {string} text @param {number} bytes that it has @param {number} address of the first
   * @param {number} begin of the piece, in bytes @param {number} end
   */
  #piece(text, bytes, address, begin, end) {
    return text.length === bytes
      ? text.slice(begin, end)
      : this.#bytes.toString('utf8', address + begin, address + end);
  }

  /** Another gate, whose buckets have other texts. @param {string[]} bucketTexts */
  useBucketTexts(bucketTexts) {
    this.#words = [...WORDS, ...bucketTexts];
  }

  /** The memory of the input was given back. */
  released() {
    this.#room = 0;
  }

  /** @param {number} needed bytes */
  #makeRoom(needed) {
    if (needed <= this.#room) return;
    this.#room = Math.max(ROOM, needed);
    this.#input = this.#exports.input(this.#room) >>> 0;
  }

  /** Where memory has grown, what saw it before is empty. */
  #look() {
    const { buffer } = this.#exports.memory;
    this.#bytes = Buffer.from(buffer);
    this.#numbers = new Int32Array(buffer);
  }
}
