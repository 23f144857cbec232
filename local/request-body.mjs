/**
 * A viewer's request body, streamed to the origin in constant memory.
 */
import { Transform } from 'node:stream';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ClientRequest} ClientRequest */

/** A body that is read once, in one of three ways. */
export class RequestBody {
  /** Bytes read so far. */
  bytes = 0;
  #message;

  /** @param {IncomingMessage} message */
  constructor(message) {
    this.#message = message;
  }

  /**
   * Sends the body with an open request.
   *
   * `stream.pipeline` would destroy the viewer's connection together with the origin's, and the viewer could not read
   * the answer.
   *
   * @param {ClientRequest} upstream
   * @returns {Promise<IncomingMessage>} the origin's response
   */
  relayTo(upstream) {
    const body = this.#message;
    const gate = new LengthGate(body.headers['content-length']);
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
   * @returns {Promise<Buffer>}
   */
  async collect(limit) {
    /** @type {Buffer[]} */
    const chunks = [];
    for await (const chunk of this.#message.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      this.#count(chunk);
      if (this.bytes > limit) break;
    }
    this.#message.resume();
    return Buffer.concat(chunks);
  }

  /** Reads and discards the body: many clients read no answer before they have sent it. */
  discard() {
    this.#message.on('error', () => {});
    this.#message.on('data', (chunk) => this.#count(chunk));
  }

  /**
   * Resolves when the whole body is read, or the viewer has disconnected.
   *
   * @returns {Promise<void>}
   */
  ended() {
    const message = this.#message;
    return new Promise((resolve) => {
      if (message.readableEnded || message.destroyed) resolve();
      message.once('end', resolve);
      message.once('close', resolve);
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

  /** @param {string | undefined} contentLength */
  constructor(contentLength) {
    super();
    this.#announced = contentLength === undefined ? null : Number(contentLength);
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
    if (this.#announced !== null && this.#announced !== this.#size) {
      return callback(new Error('the body is not as long as Content-Length says'));
    }
    callback(null, this.#held);
  }
}
