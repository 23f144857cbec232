/**
 * A viewer's request body, streamed to the origin in constant memory.
 */
import { Transform } from 'node:stream';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ClientRequest} ClientRequest */
/** @typedef {{ silence: number, total: number }} Linger how long a viewer may send nothing, and go on sending */

/** A chunked body that is not as long as its Content-Length. */
export class LengthMismatch extends Error {}

/** A body that is read once, in one of three ways. */
export class RequestBody {
  /** Bytes read so far. */
  bytes = 0;
  #message;

  /** @param {IncomingMessage} message */
  constructor(message) {
    this.#message = message;
  }

  /** Whether all of it has arrived. */
  get hasArrived() {
    return this.#message.complete;
  }

  /**
   * Whether there may be one. A body over HTTP/2 needs no header that says so.
   */
  get isExpected() {
    const { httpVersionMajor, headers } = this.#message;
    return httpVersionMajor > 1 || 'content-length' in headers || 'transfer-encoding' in headers;
  }

  /**
   * Sends the body with an open request.
   *
   * `stream.pipeline` would destroy the viewer's connection together with the origin's, and the viewer could not read
   * the answer.
   *
   * @param {ClientRequest} upstream
   * @param {number | undefined} length that the origin is told
   * @returns {Promise<IncomingMessage>} the origin's response
   */
  relayTo(upstream, length) {
    const body = this.#message;
    const gate = new LengthGate(length);
    return new Promise((resolve, reject) => {
      // If the viewer disconnects, end the upload: S3 must not take a cut body for a whole one.
      body.on('error', (error) => upstream.destroy(error));
      gate.on('error', (error) => upstream.destroy(error));
      upstream.once('response', resolve);
      upstream.on('error', reject);
      // Read the rest of the body when the origin no longer does, so that the viewer gets to read the answer.
      upstream.once('close', () => body.unpipe(gate).resume());
      body.on('data', (chunk) => this.#count(chunk));
      body.pipe(gate).pipe(upstream);
    });
  }

  /**
   * The whole body. If it is longer than `limit`, only a part that is, and the rest is discarded.
   *
   * @param {number} limit bytes
   * @param {number | undefined} length that the origin is told
   * @returns {Promise<Buffer>}
   * @throws {LengthMismatch}
   */
  async collect(limit, length) {
    /** @type {Buffer[]} */
    const chunks = [];
    for await (const chunk of this.#message.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      this.#count(chunk);
      if (this.bytes > limit) break;
    }
    if (this.bytes <= limit && length !== undefined && length !== this.bytes) throw new LengthMismatch();
    this.#message.resume();
    return Buffer.concat(chunks);
  }

  /** Reads and discards the body: many clients read no answer before they have sent it. */
  discard() {
    this.#message.on('error', () => {});
    this.#message.on('data', (chunk) => this.#count(chunk));
  }

  /**
   * Reads on after an early answer, until the viewer closes the connection, or has sent nothing for a while, or too
   * much time has passed. If the connection were closed at once, it would be reset, and the answer might be lost
   * (RFC 9112, section 9.6).
   *
   * @param {Linger} milliseconds
   * @returns {Promise<void>}
   */
  linger({ silence: silent, total: all }) {
    const message = this.#message.resume();
    return new Promise((resolve) => {
      if (message.readableEnded || message.destroyed) return resolve();
      const silence = setTimeout(resolve, silent);
      const total = setTimeout(resolve, all);
      message.on('data', () => silence.refresh());
      message.once('end', resolve);
      message.once('close', () => {
        clearTimeout(silence);
        clearTimeout(total);
        resolve();
      });
    });
  }

  /** @param {Buffer} chunk */
  #count(chunk) {
    this.bytes += chunk.length;
  }
}

/**
 * Holds the last chunk back until the body has ended with as many bytes as Content-Length says. A chunked body may have
 * a Content-Length too. If that is too small, S3 would store only a part of the object.
 */
class LengthGate extends Transform {
  /** @type {Buffer | undefined} */
  #held;
  #size = 0;
  #announced;

  /** @param {number | undefined} announced */
  constructor(announced) {
    super();
    this.#announced = announced;
  }

  /**
   * @override
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {import('node:stream').TransformCallback} callback
   */
  _transform(chunk, _encoding, callback) {
    this.#size += chunk.length;
    const released = this.#held;
    this.#held = chunk;
    callback(null, released);
  }

  /**
   * @override
   * @param {import('node:stream').TransformCallback} callback
   */
  _flush(callback) {
    if (this.#announced !== undefined && this.#announced !== this.#size) return callback(new LengthMismatch());
    callback(null, this.#held);
  }
}

/** Milliseconds, as nginx's `lingering_timeout` and `lingering_time`. @type {Linger} */
export const LINGER = { silence: 5000, total: 30_000 };
