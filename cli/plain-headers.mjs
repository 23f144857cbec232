// A small `Headers` for aws4fetch in the bundled functions. Node's own loads all of fetch, which takes 24 ms of CPU
// time: 0.3 seconds of a cold start with 128 MB of memory.

/** Header lines by their names in lower case. */
export class Headers {
  /** @type {Map<string, string>} */
  #lines = new Map();

  /** @param {Record<string, string>} lines */
  constructor(lines) {
    for (const [name, value] of Object.entries(lines)) this.set(name, value);
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    this.#lines.set(name.toLowerCase(), value);
  }

  /** @param {string} name */
  get(name) {
    return this.#lines.get(name.toLowerCase()) ?? null;
  }

  /** @param {string} name */
  has(name) {
    return this.#lines.has(name.toLowerCase());
  }

  /** @param {string} name */
  delete(name) {
    this.#lines.delete(name.toLowerCase());
  }

  keys() {
    return this.#lines.keys();
  }

  [Symbol.iterator]() {
    return this.#lines[Symbol.iterator]();
  }
}
