// The core's WebAssembly instance, built anew after it fails.

import { DocumentError, instantiate } from './core.mjs';

/**
 * @typedef {import('./core.mjs').Core} Core
 *
 * @typedef {object} CoreInstance
 * @property {<R, I extends unknown[]>(use: (core: Core, ...inputs: I) => R, ...inputs: I) => R} call with what `use` takes
 *   besides the core, so that no request makes a function of its own
 * @property {(prepare: (core: Core) => void) => void} prepare prepares this instance otherwise, and new ones too;
 *   throws, and keeps to the earlier way, when that fails
 */

/**
 * The core, instantiated at once and again after a failure: after an exception or a trap an instance's memory may be
 * in any state, so it is dropped, and the next call begins with a new one.
 *
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @param {(core: Core) => void} [prepare] what a new instance needs before it is called
 * @returns {CoreInstance}
 */
export function coreInstance(wasm, prepare = () => {}) {
  const module = new WebAssembly.Module(wasm);
  /** @type {Core | undefined} */
  let core = start();
  return {
    call,
    prepare: (prepareOtherwise) => {
      call(prepareOtherwise);
      prepare = prepareOtherwise;
    },
  };

  function start() {
    const fresh = instantiate(module);
    prepare(fresh);
    return fresh;
  }

  /** @template R @template {unknown[]} I @param {(core: Core, ...inputs: I) => R} use @param {I} inputs @returns {R} */
  function call(use, ...inputs) {
    const current = (core ??= start());
    try {
      return use(current, ...inputs);
    } catch (error) {
      // Anything but what the core itself says of a document may have left it broken. An event that isn't of CloudFront's
      // shape is no reason to, but doesn't come, and is taken for one.
      if (!(error instanceof DocumentError)) core = undefined;
      throw error;
    }
  }
}
