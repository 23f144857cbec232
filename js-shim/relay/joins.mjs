// The uploads whose parts are being joined, and how many may be at once.

import { BodiesByKey, Slots } from './slots.mjs';

/** @typedef {import('../operations/request.mjs').Answer} Answer */

export class Joins {
  #slots;
  #byKey;
  /** By what is asked for. @type {Map<string, Promise<Answer>>} */
  #underWay = new Map();

  /** @param {{ joins: number, joinsPerKey: number, slotWaitSeconds: number }} settings */
  constructor({ joins, joinsPerKey, slotWaitSeconds }) {
    this.#slots = new Slots({ slots: joins, slotWaitSeconds }, 'RELAY_JOINS');
    this.#byKey = new BodiesByKey(joinsPerKey, 'RELAY_JOINS_PER_KEY');
  }

  /**
   * Runs a join. A client that has waited long enough asks again: it waits for the one that is under way.
   *
   * @param {string} accessKeyId verified
   * @param {string} what upload and list
   * @param {() => Promise<Answer>} join
   * @returns {Promise<Answer>}
   * @throws {import('../operations/s3-fault.mjs').S3Fault} SlowDown when there are too many
   */
  async run(accessKeyId, what, join) {
    const same = this.#underWay.get(what);
    if (same !== undefined) return same;
    const running = this.#limited(accessKeyId, join).finally(() => this.#underWay.delete(what));
    this.#underWay.set(what, running);
    return running;
  }

  /** @param {string} accessKeyId @param {() => Promise<Answer>} join */
  async #limited(accessKeyId, join) {
    const leave = this.#byKey.enter(accessKeyId);
    try {
      // It goes on when the client has gone: the next attempt finds what it did.
      const slot = await this.#slots.take(new AbortController().signal);
      try {
        return await join();
      } finally {
        this.#slots.give(slot);
      }
    } finally {
      leave();
    }
  }
}
