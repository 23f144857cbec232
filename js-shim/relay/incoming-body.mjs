// A request's body as the operations read it: counted, hashed, slow senders refused, and in constant memory.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import { PART_BYTES } from '../operations/body.mjs';
import { S3Fault } from '../operations/s3-fault.mjs';
import { ChunkFramingCheck } from './framing.mjs';
import { RateCheck } from './rate-check.mjs';

/** Bytes. A body that is no larger needs no slot. */
export const SMALL_BODY_BYTES = 64 * 1024;

const CUT = 'the connection ended before the body';

const CLOSED = 'the request has ended';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('./slots.mjs').Slot} Slot
 *
 * @typedef {object} Options
 * @property {number} [length] that the client declared
 * @property {number} maxBytes
 * @property {string} [contentMd5]
 * @property {import('../operations/crc64.mjs').Crc64} crc64 new
 * @property {boolean} [mayHaveLostChunks] whether it came with chunks besides its length, which a hop may have taken off
 * @property {import('./slots.mjs').Slots} slots
 * @property {{ minBytesPerSecond: number, rateSeconds: number }} rate
 */

export class IncomingBody {
  /** Read so far. */
  bytes = 0;
  length;
  #options;
  #chunks;
  #rate;
  #framing;
  #md5 = createHash('md5');
  /** @type {{ md5: Buffer, crc64: string } | undefined} */
  #digests;
  #gone = new AbortController();
  /** What was read and isn't given out yet. @type {Buffer[]} */
  #held = [];
  /** @type {Slot | undefined} */
  #slot;
  #parts = 0;
  #closed = false;

  /** @param {IncomingMessage} request @param {Options} options */
  constructor(request, options) {
    this.length = options.length;
    this.#options = options;
    // A connection that is cut before the body's end makes the iterator throw.
    this.#chunks = request.iterator({ destroyOnReturn: false });
    request.once('error', () => this.#gone.abort(new S3Fault('IncompleteBody', CUT)));
    this.#rate = new RateCheck(options.rate);
    const { length, mayHaveLostChunks = false } = options;
    const lostChunks = mayHaveLostChunks && length !== undefined && request.headers['transfer-encoding'] === undefined;
    this.#framing = lostChunks ? new ChunkFramingCheck(length) : undefined;
  }

  /** @returns {Promise<import('../operations/body.mjs').Part>} */
  async nextPart() {
    if (await this.#readSmall()) return { bytes: Buffer.concat(this.#held), last: true };
    const slot = await this.#takeSlot();
    const buffer = slot.buffer(/** @type {0 | 1} */ (this.#parts++ % 2));
    for (let filled = 0; ; ) {
      const chunk = this.#held.shift() ?? (await this.#read());
      if (chunk === undefined) return { bytes: buffer.subarray(0, filled), last: true };
      const fitting = chunk.subarray(0, PART_BYTES - filled);
      buffer.set(fitting, filled);
      filled += fitting.length;
      if (fitting.length === chunk.length) continue;
      this.#held.unshift(chunk.subarray(fitting.length));
      return { bytes: buffer, last: false };
    }
  }

  stream() {
    return Readable.from(this.#released(), { objectMode: false });
  }

  digests() {
    return (this.#digests ??= { md5: this.#md5.digest(), crc64: this.#options.crc64.digest() });
  }

  /** Gives the memory back. No request to S3 may still use it; a part that is being read gets no more of it. */
  close() {
    this.#closed = true;
    this.#rate.end();
    this.#gone.abort(new S3Fault('IncompleteBody', CLOSED));
    if (this.#slot !== undefined) this.#options.slots.give(this.#slot);
    this.#slot = undefined;
    // So that the rest can be read and discarded.
    this.#chunks.return?.().catch(() => {});
  }

  async #takeSlot() {
    if (this.#slot !== undefined) return this.#slot;
    const slot = await this.#options.slots.take(this.#gone.signal);
    if (this.#closed) {
      this.#options.slots.give(slot);
      throw new S3Fault('IncompleteBody', CLOSED);
    }
    return (this.#slot = slot);
  }

  /** Whether the whole body is read, and is small. */
  async #readSmall() {
    while (this.bytes <= SMALL_BODY_BYTES) {
      const chunk = await this.#read();
      if (chunk === undefined) return true;
      this.#held.push(chunk);
    }
    return false;
  }

  /** Each chunk once it is known that another follows, or that the body is whole: S3 must not store a part of it. */
  async *#released() {
    /** @type {Buffer} */
    let held = Buffer.alloc(0);
    for (let chunk = await this.#read(); chunk !== undefined; chunk = await this.#read()) {
      yield held;
      held = chunk;
      if (this.bytes > SMALL_BODY_BYTES) await this.#takeSlot();
    }
    yield held;
  }

  /**
   * @returns {Promise<Buffer | undefined>} undefined at the end of a body that is as it should be
   * @throws {S3Fault}
   */
  async #read() {
    const { value: chunk } = await this.#rate.measured(this.#chunks.next()).catch((error) => {
      throw error instanceof S3Fault ? error : new S3Fault('IncompleteBody', CUT);
    });
    if (this.#closed) throw new S3Fault('IncompleteBody', CLOSED);
    if (chunk === undefined) return this.#checkWhole();
    this.#rate.count(chunk.length);
    this.bytes += chunk.length;
    if (this.bytes > (this.length ?? Infinity)) throw new S3Fault('IncompleteBody', `more than ${this.length} bytes`);
    const { maxBytes } = this.#options;
    if (this.bytes > maxBytes) throw new S3Fault('EntityTooLarge', `more than ${maxBytes} bytes`);
    this.#framing?.add(chunk);
    this.#md5.update(chunk);
    this.#options.crc64.update(chunk);
    return chunk;
  }

  #checkWhole() {
    this.#rate.end();
    const { length = this.bytes, contentMd5 } = this.#options;
    if (this.bytes !== length) throw new S3Fault('IncompleteBody', `${this.bytes} of ${length} bytes`);
    this.#framing?.end();
    if (contentMd5 !== undefined && contentMd5 !== this.digests().md5.toString('base64')) {
      throw new S3Fault('BadDigest', 'the body has another Content-MD5');
    }
    return undefined;
  }
}
