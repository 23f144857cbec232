// The memory for bodies, and who may use it.

import { PART_BYTES } from '../operations/body.mjs';
import { S3Fault } from '../operations/s3-fault.mjs';

/** The memory of one body: while one buffer is sent, the other is filled. */
export class Slot {
  /** @type {Buffer[]} */
  #buffers = [];

  /** @param {0 | 1} index */
  buffer(index) {
    return (this.#buffers[index] ??= Buffer.allocUnsafeSlow(PART_BYTES));
  }
}

/** As many slots as there may be. Whoever comes first gets the next one. */
export class Slots {
  #free;
  #waitMilliseconds;
  #full;
  /** @type {((slot: Slot) => void)[]} */
  #waiting = [];

  /** @param {{ slots: number, slotWaitSeconds: number }} settings @param {string} setting that has their number */
  constructor({ slots, slotWaitSeconds }, setting) {
    this.#free = Array.from({ length: slots }, () => new Slot());
    this.#waitMilliseconds = slotWaitSeconds * 1000;
    this.#full = `none of ${slots} became free within ${slotWaitSeconds} s: see ${setting}`;
  }

  /**
   * @param {AbortSignal} signal ends the waiting
   * @returns {Promise<Slot>}
   * @throws {S3Fault} SlowDown when none becomes free in time
   */
  async take(signal) {
    signal.throwIfAborted();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    return new Promise((resolve, reject) => {
      const ended = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#waiting = this.#waiting.filter((one) => one !== given);
      };
      const given = (/** @type {Slot} */ slot) => {
        ended();
        resolve(slot);
      };
      const failed = (/** @type {unknown} */ reason) => {
        ended();
        reject(reason);
      };
      const aborted = () => failed(signal.reason);
      const timer = setTimeout(() => failed(new S3Fault('SlowDown', this.#full)), this.#waitMilliseconds);
      signal.addEventListener('abort', aborted);
      this.#waiting.push(given);
    });
  }

  /** @param {Slot} slot */
  give(slot) {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }
}

/** How many bodies of one access key are under way. */
export class BodiesByKey {
  #most;
  #full;
  /** @type {Map<string, number>} */
  #counts = new Map();

  /** @param {number} most @param {string} setting that has it */
  constructor(most, setting) {
    this.#most = most;
    this.#full = `the access key has ${most} under way: see ${setting}`;
  }

  /**
   * @param {string} accessKeyId verified
   * @returns {() => void} to be called when the body is done
   * @throws {S3Fault} SlowDown when there are too many
   */
  enter(accessKeyId) {
    const count = this.#counts.get(accessKeyId) ?? 0;
    if (count >= this.#most) throw new S3Fault('SlowDown', this.#full);
    this.#counts.set(accessKeyId, count + 1);
    return () => {
      const left = (this.#counts.get(accessKeyId) ?? 1) - 1;
      if (left > 0) this.#counts.set(accessKeyId, left);
      else this.#counts.delete(accessKeyId);
    };
  }
}
