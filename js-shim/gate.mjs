// The core's WebAssembly instance, built anew after it fails.

import { glue } from './wasm/oss_edge.mjs';

/**
 * @typedef {object} Gate
 * @property {(request: string, now: number) => string} decide a decision at the edge, see src/wasm.rs
 * @property {(handOver: string, now: number) => string} decideAtApi the same again at the API
 */

/**
 * A gate over configuration and access keys. After an exception or a trap the instance's memory may
 * be in any state, so it is dropped, and the next call begins with a new one.
 *
 * @param {{ wasm: Uint8Array<ArrayBuffer>, config: unknown, accessKeys: unknown }} parts
 * @returns {Gate}
 * @throws {Error} when a document has an unknown, missing or malformed field, with its path
 */
export function createGate({ wasm, config, accessKeys }) {
  const module = new WebAssembly.Module(wasm);
  /** @type {ReturnType<typeof instantiate> | undefined} */
  let instance = instantiate(module, config, accessKeys);

  /** @param {'decide' | 'decide_at_api'} method @param {string} text @param {number} now */
  const call = (method, text, now) => {
    const current = (instance ??= instantiate(module, config, accessKeys));
    try {
      return current[method](text, now);
    } catch (error) {
      instance = undefined;
      throw error;
    }
  };
  return {
    decide: (request, now) => call('decide', request, now),
    decideAtApi: (handOver, now) => call('decide_at_api', handOver, now),
  };
}

/**
 * @param {WebAssembly.Module} module @param {unknown} config @param {unknown} accessKeys
 * @returns {{ decide(request: string, now: number): string, decide_at_api(handOver: string, now: number): string }}
 */
function instantiate(module, config, accessKeys) {
  // Each call of glue() has bindings of its own: no state of an earlier instance is left in them.
  const bindings = /** @type {any} */ (glue());
  bindings.initSync({ module });
  try {
    return new bindings.Gate(config, accessKeys);
  } catch (error) {
    throw error instanceof Error ? error : new Error(String(error));
  }
}
