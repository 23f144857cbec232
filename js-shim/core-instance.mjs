// The core's WebAssembly instance, built anew after it fails.

import { DocumentError, instantiate } from './core.mjs';

/**
 * @template T
 * @typedef {object} CoreInstance
 * @property {<R>(call: (made: T) => R) => R} call
 * @property {(make: (core: import('./core.mjs').Core) => T) => T} replace makes another in the place of what was made, for new
 *   instances too, and gives the earlier one; throws, and keeps it, when the other can't be made
 */

/**
 * Something of the core's, made at once and again after a failure: after an exception or a trap an
 * instance's memory may be in any state, so it is dropped, and the next call begins with a new one.
 *
 * @template T
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @param {(core: import('./core.mjs').Core) => T} make
 * @returns {CoreInstance<T>}
 */
export function coreInstance(wasm, make) {
  const module = new WebAssembly.Module(wasm);
  /** @type {{ core: import('./core.mjs').Core, made: T } | undefined} */
  let instance = start();
  return {
    call: (call) => {
      const current = (instance ??= start());
      try {
        return call(current.made);
      } catch (error) {
        instance = undefined;
        throw error;
      }
    },
    replace: (makeOther) => {
      const current = (instance ??= start());
      try {
        const { made } = current;
        current.made = makeOther(current.core);
        make = makeOther;
        return made;
      } catch (error) {
        // Anything but what the core itself says of a document may have left it broken.
        if (!(error instanceof DocumentError)) instance = undefined;
        throw error;
      }
    },
  };

  function start() {
    const core = instantiate(module);
    return { core, made: make(core) };
  }
}
