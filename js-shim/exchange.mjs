// Text in and out of the core's memory (src/exchange.rs).

import { WORDS } from './words.mjs';

/** A request's room, so that hardly any asks for more: CloudFront passes 32 KB of headers and URL. */
const ROOM = 64 * 1024;

/** Parts of a request, so that hardly any asks for more. */
const PARTS = 256;

/**
 * A request's parts in one text, and the lengths of the first `count` of them: UTF-16 code units, or the complement of
 * a word's number.
 *
 * @typedef {{ text: string, lengths: Int32Array, count: number }} FlatRequest
 *
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {(bytes: number) => number} input
 * @property {(parts: number) => number} lengths
 * @property {() => number} answerPlace
 */

/** The memory of one instance of the core. */
export class Exchange {
  #exports;
  #bytes;
  #numbers;
  #input = 0;
  #room = 0;
  #lengths = 0;
  #parts = 0;
  #place;
  /** One for all calls: where a collection of garbage finds none, V8 forgets the code that it made for reading them. */
  #answer = new Answer();

  /** @param {Exports} exports */
  constructor(exports) {
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
   * Writes the request that the next call decides over.
   *
   * @param {FlatRequest} request
   * @returns {number} how many bytes its text took
   */
  writeRequest({ text, lengths, count }) {
    const bytes = this.write(text);
    const inBytes = bytes === text.length ? lengths : byteLengths(text, lengths, count);
    if (count > this.#parts) this.#makeParts(count);
    if (this.#numbers.length === 0) this.#look();
    const numbers = this.#numbers;
    const from = this.#lengths;
    for (let i = 0; i < count; i += 1) numbers[from + i] = inBytes[i];
    return bytes;
  }

  /**
   * The last call's answer, which the next call makes void.
   *
   * @param {number} count of its parts
   */
  read(count) {
    if (this.#numbers.length === 0) this.#look();
    const numbers = this.#numbers;
    const place = this.#place;
    const [begin, bytes, from] = [numbers[place] >>> 0, numbers[place + 1], numbers[place + 2] >>> 2];
    const text = this.#bytes.toString('utf8', begin, begin + bytes);
    if (text.length === bytes) return this.#answer.reset(text, numbers, from, count);
    return this.#answer.reset(text, unitLengths(this.#bytes, begin, numbers.subarray(from, from + count)), 0, count);
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

  /** @param {number} needed */
  #makeParts(needed) {
    this.#parts = Math.max(PARTS, needed);
    this.#lengths = this.#exports.lengths(this.#parts) >>> 2;
  }

  /** Where memory has grown, what saw it before is empty. */
  #look() {
    const { buffer } = this.#exports.memory;
    this.#bytes = Buffer.from(buffer);
    this.#numbers = new Int32Array(buffer);
  }
}

/** Parts that are read one after the other. */
export class Answer {
  #text = '';
  /** @type {Int32Array} */
  #lengths = new Int32Array();
  #at = 0;
  #begin = 0;
  #end = 0;

  /**
   * Begins with the first part of another answer.
   *
   * @param {string} text @param {Int32Array} lengths @param {number} at of the first part's length
   * @param {number} count of parts
   */
  reset(text, lengths, at, count) {
    this.#text = text;
    this.#lengths = lengths;
    this.#at = at;
    this.#begin = 0;
    this.#end = at + count;
    return this;
  }

  /** How many parts are left. */
  get left() {
    return this.#end - this.#at;
  }

  /** The next part. */
  next() {
    const length = this.#lengths[this.#at];
    this.#at += 1;
    if (length < 0) return WORDS[~length];
    const begin = this.#begin;
    this.#begin = begin + length;
    return this.#text.slice(begin, begin + length);
  }

  /** All parts that are left. */
  rest() {
    const parts = [];
    while (this.left > 0) parts.push(this.next());
    return parts;
  }
}

/** @param {string} text @param {Int32Array} lengths in UTF-16 code units @param {number} count */
function byteLengths(text, lengths, count) {
  let begin = 0;
  return lengths.slice(0, count).map((length) => {
    if (length < 0) return length;
    begin += length;
    return Buffer.byteLength(text.slice(begin - length, begin));
  });
}

/** @param {Buffer} bytes @param {number} begin of the text @param {Int32Array} lengths in bytes */
function unitLengths(bytes, begin, lengths) {
  return lengths.map((length) => {
    if (length < 0) return length;
    begin += length;
    return bytes.toString('utf8', begin - length, begin).length;
  });
}
