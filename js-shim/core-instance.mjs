// The core's WebAssembly instance, built anew after it fails.

import { glue } from './wasm/oss_edge.mjs';

/**
 * @template T
 * @typedef {object} Core
 * @property {<R>(call: (made: T) => R) => R} call
 * @property {(make: (bindings: any) => T) => T} replace makes another in the place of what was made, for new
 *   instances too, and gives the earlier one; throws, and keeps it, when the other can't be made
 */

/**
 * Something of the core's, made at once and again after a failure: after an exception or a trap an
 * instance's memory may be in any state, so it is dropped, and the next call begins with a new one.
 *
 * @template T
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @param {(bindings: any) => T} make
 * @returns {Core<T>}
 */
export function coreInstance(wasm, make) {
  const module = new WebAssembly.Module(wasm);
  /** @type {{ bindings: any, made: T } | undefined} */
  let instance = instantiate(module, make);
  return {
    call: (call) => {
      const current = (instance ??= instantiate(module, make));
      try {
        return call(current.made);
      } catch (error) {
        instance = undefined;
        throw error;
      }
    },
    replace: (makeOther) => {
      const current = (instance ??= instantiate(module, make));
      try {
        const { made } = current;
        current.made = makeOther(current.bindings);
        make = makeOther;
        return made;
      } catch (error) {
        // A string is what the core itself says of a document; anything else may have left it broken.
        if (typeof error !== 'string') instance = undefined;
        throw asError(error);
      }
    },
  };
}

/** @template T @param {WebAssembly.Module} module @param {(bindings: any) => T} make */
function instantiate(module, make) {
  // Each call of glue() has bindings of its own: no state of an earlier instance is left in them.
  const bindings = /** @type {any} */ (glue());
  bindings.initSync({ module });
  try {
    return { bindings, made: make(bindings) };
  } catch (error) {
    throw asError(error);
  }
}

/** @param {unknown} error */
function asError(error) {
  return error instanceof Error ? error : new Error(String(error));
}
