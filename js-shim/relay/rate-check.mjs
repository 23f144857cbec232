// Ends the wait for a client that sends too slowly. Only the time counts in which the relay waits for it.

import { S3Fault } from '../operations/s3-fault.mjs';

export class RateCheck {
  #least;
  #milliseconds;
  #tooSlow;
  #bytes = 0;
  /** Waited since the bytes were counted anew. */
  #waited = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {{ minBytesPerSecond: number, rateSeconds: number }} settings */
  constructor({ minBytesPerSecond, rateSeconds }) {
    this.#least = minBytesPerSecond * rateSeconds;
    this.#milliseconds = rateSeconds * 1000;
    this.#tooSlow = `under ${minBytesPerSecond} bytes a second (RELAY_MIN_BYTES_PER_SECOND) for ${rateSeconds} s`;
  }

  /** @param {number} bytes that came */
  count(bytes) {
    this.#bytes += bytes;
    if (this.#bytes < this.#least) return;
    this.#bytes = 0;
    this.#waited = 0;
  }

  /**
   * The next chunk.
   *
   * @template C
   * @param {Promise<C>} chunk
   * @returns {Promise<C>}
   * @throws {S3Fault} RequestTimeout when too few bytes came in the time that was waited
   */
  async measured(chunk) {
    if (this.#least === 0) return chunk;
    const began = performance.now();
    const left = Math.max(0, this.#milliseconds - this.#waited);
    const late = new Promise((_, reject) => {
      this.#timer = setTimeout(() => reject(new S3Fault('RequestTimeout', this.#tooSlow)), left);
    });
    try {
      return await Promise.race([chunk, /** @type {Promise<never>} */ (late)]);
    } finally {
      this.end();
      this.#waited += performance.now() - began;
    }
  }

  end() {
    clearTimeout(this.#timer);
  }
}
