// An instance of one of the core's WebAssembly modules, which is replaced after a failure.

/**
 * The part that is used here of what wasm-bindgen generates for a module.
 *
 * @typedef {object} Glue
 * @property {(source: { module: Uint8Array<ArrayBuffer> }) => unknown} initSync
 * @property {() => void} __wbg_reset_state replaces the instance by a new one
 */

export class CoreInstance {
  /** The number of instances so far. Objects of an earlier instance don't exist any more. */
  generation = 0;
  #glue;
  #file;
  #failed = false;

  /**
   * @param {Glue} glue
   * @param {string} file the module's name, for errors
   */
  constructor(glue, file) {
    this.#glue = glue;
    this.#file = file;
  }

  /**
   * Instantiates the module, unless it is instantiated.
   *
   * @param {Uint8Array<ArrayBuffer>} wasm
   * @throws {Error} when the bytes are of another module or release
   */
  start(wasm) {
    if (this.generation > 0) return;
    try {
      this.#glue.initSync({ module: wasm });
    } catch (cause) {
      throw new Error(`wasm: expected the contents of ${this.#file}, of this release of oss-edge`, { cause });
    }
    this.generation = 1;
  }

  /**
   * Calls the core. After an exception or a trap, its memory may be in any state, so the next call gets a new instance.
   *
   * @template R
   * @param {() => R} use
   * @returns {R}
   */
  call(use) {
    if (this.#failed) {
      this.#glue.__wbg_reset_state();
      this.generation += 1;
      this.#failed = false;
    }
    try {
      return use();
    } catch (error) {
      this.#failed = !isRefusedDocument(error);
      throw error;
    }
  }
}

/** Whether the core refused a document: then its memory is intact. @param {unknown} error */
function isRefusedDocument(error) {
  return error instanceof Error && error.name === 'DocumentError';
}
