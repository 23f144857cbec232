// The core's decisions, over configuration and access keys.

import { coreInstance } from './core-instance.mjs';
import { flatDocument } from './flat-document.mjs';

/**
 * @typedef {object} Gate
 * @property {(request: string, now: number) => string} decide a decision at the edge, see src/wasm.rs
 * @property {(handOver: string, now: number) => string} decideAtApi the same again at the API
 * @property {(documents: unknown) => void} useAccessKeys decides by other documents of access keys from now on,
 *   all of them or none: throws as `createGate` does, and then goes by the earlier ones
 */

/**
 * @param {object} parts
 * @param {Uint8Array<ArrayBuffer>} parts.wasm
 * @param {unknown} parts.config
 * @param {unknown} [parts.accessKeys] a document, or an array of several that stand for one; left out, no access
 *   key is known yet and every request is refused
 * @returns {Gate}
 * @throws {Error} when a document has an unknown, missing or malformed field, with its path
 */
export function createGate({ wasm, config, accessKeys }) {
  const gateOf = (/** @type {unknown[]} */ documents) => (/** @type {any} */ { Gate }) => new Gate(flatDocument(config), flatDocument(documents));
  const core = coreInstance(wasm, gateOf(accessKeys === undefined ? [] : documentsOf(accessKeys)));
  return {
    decide: (request, now) => core.call((gate) => gate.decide(request, now)),
    decideAtApi: (handOver, now) => core.call((gate) => gate.decide_at_api(handOver, now)),
    useAccessKeys: (documents) => core.replace(gateOf(documentsOf(documents))).free(),
  };
}

/**
 * The documents, of which there must be one: an empty one is refused where an empty list would be no key.
 *
 * @param {unknown} accessKeys @returns {unknown[]}
 */
function documentsOf(accessKeys) {
  if (!Array.isArray(accessKeys)) return [accessKeys];
  return accessKeys.length > 0 ? accessKeys : [{}];
}
