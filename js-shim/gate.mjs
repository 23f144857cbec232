// The core's decisions, over configuration and access keys.

import { coreInstance } from './core-instance.mjs';

/**
 * @typedef {object} Gate
 * @property {(request: string, now: number) => string} decide a decision at the edge, see src/wasm.rs
 * @property {(handOver: string, now: number) => string} decideAtApi the same again at the API
 */

/**
 * @param {{ wasm: Uint8Array<ArrayBuffer>, config: unknown, accessKeys: unknown }} parts
 * @returns {Gate}
 * @throws {Error} when a document has an unknown, missing or malformed field, with its path
 */
export function createGate({ wasm, config, accessKeys }) {
  const core = coreInstance(wasm, ({ Gate }) => new Gate(config, accessKeys));
  return {
    decide: (request, now) => core((gate) => gate.decide(request, now)),
    decideAtApi: (handOver, now) => core((gate) => gate.decide_at_api(handOver, now)),
  };
}
