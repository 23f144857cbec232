// An instance of the core's WebAssembly, replaced after a failure.

import { DocumentError, instantiate } from './core.mjs';

/**
 * @typedef {import('./core.mjs').Core} Core
 *
 * @typedef {object} CoreInstance
 * @property {<R>(use: (core: Core) => R) => R} call
 * @property {(prepare: (core: Core) => void) => void} prepare prepares this instance and later ones in another way;
 *   keeps the previous way if that throws
 */

/**
 * The core, instantiated at once. After an exception or a trap the memory may be in any state, so
 * the instance is dropped and the next call makes a new one.
 *
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @param {(core: Core) => void} [prepare] what a new instance needs before its first call
 * @returns {CoreInstance}
 */
export function coreInstance(wasm, prepare = () => {}) {
  const module = new WebAssembly.Module(wasm);
  /** @type {Core | undefined} */
  let core = start();
  return {
    call,
    prepare: (other) => {
      call(other);
      prepare = other;
    },
  };

  function start() {
    const fresh = instantiate(module);
    prepare(fresh);
    return fresh;
  }

  /** @template R @param {(core: Core) => R} use @returns {R} */
  function call(use) {
    const current = (core ??= start());
    try {
      return use(current);
    } catch (error) {
      // The core refused a document, and is as good as before.
      if (!(error instanceof DocumentError)) core = undefined;
      throw error;
    }
  }
}
