/**
 * Work on the same key, one after the other.
 */
export class KeyedLock {
  /** The end of the last work on each key. @type {Map<string, Promise<unknown>>} */
  #last = new Map();

  /**
   * Runs once all earlier work on the key has ended, well or not.
   *
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async run(key, work) {
    const before = this.#last.get(key);
    const running = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    this.#last.set(key, running);
    try {
      return await running;
    } finally {
      if (this.#last.get(key) === running) this.#last.delete(key);
    }
  }
}
