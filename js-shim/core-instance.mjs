// The core's WebAssembly instance, built anew after it fails.

import { glue } from './wasm/oss_edge.mjs';

/**
 * Something of the core's, made at once and again after a failure: after an exception or a trap an
 * instance's memory may be in any state, so it is dropped, and the next call begins with a new one.
 *
 * @template T
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @param {(bindings: any) => T} make
 * @returns {<R>(call: (made: T) => R) => R}
 */
export function coreInstance(wasm, make) {
  const module = new WebAssembly.Module(wasm);
  /** @type {{ made: T } | undefined} */
  let instance = instantiate(module, make);
  return (call) => {
    const current = (instance ??= instantiate(module, make));
    try {
      return call(current.made);
    } catch (error) {
      instance = undefined;
      throw error;
    }
  };
}

/** @template T @param {WebAssembly.Module} module @param {(bindings: any) => T} make */
function instantiate(module, make) {
  // Each call of glue() has bindings of its own: no state of an earlier instance is left in them.
  const bindings = /** @type {any} */ (glue());
  bindings.initSync({ module });
  try {
    return { made: make(bindings) };
  } catch (error) {
    throw error instanceof Error ? error : new Error(String(error));
  }
}
