// The core's decisions, over configuration and access keys.

import { coreInstance } from './core-instance.mjs';
import { decide, decideAtApi, makeImage, readGate } from './core.mjs';

/**
 * @typedef {object} Gate
 * @property {(request: import('../edge/cloudfront-event.mjs').CloudFrontRequest, requestId: string, now: number) => string[]} decide
 *   the parts of a decision at the edge, see src/wasm.rs
 * @property {(handOver: string, now: number) => string[]} decideAtApi the same again at the API
 *
 * @typedef {object} GateOfDocuments
 * @property {() => Buffer} image what `createBakedGate` makes a gate of that decides alike: it holds all secrets
 * @property {(documents: unknown) => void} useAccessKeys decides by other documents of access keys from now on,
 *   all of them or none: throws as `createGate` does, and then goes by the earlier ones
 */

/**
 * @param {object} parts
 * @param {Uint8Array<ArrayBuffer>} parts.wasm
 * @param {unknown} parts.config
 * @param {unknown} [parts.accessKeys] a document, or several that stand for one in an array or another iterable;
 *   each as its JSON text, or parsed. Left out, no access key is known yet and every request is refused
 * @returns {Gate & GateOfDocuments}
 * @throws {Error} when a document has an unknown, missing or malformed field, with its path
 */
export function createGate({ wasm, config, accessKeys }) {
  const configText = jsonOf(config);
  const reading = (/** @type {string[]} */ documents) => (/** @type {import('./core.mjs').Core} */ core) => readGate(core, configText, documents);
  const instance = coreInstance(wasm, reading(accessKeys === undefined ? [] : documentsOf(accessKeys)));
  return {
    decide: (request, requestId, now) => instance.call(decide, request, requestId, now),
    decideAtApi: (handOver, now) => instance.call(decideAtApi, handOver, now),
    image: () => instance.call(makeImage),
    useAccessKeys: (documents) => instance.prepare(reading(documentsOf(documents))),
  };
}

/**
 * The documents, of which there must be one: an empty one is refused where an empty list would be no key. As texts
 * they are kept for the core's next instance.
 *
 * @param {unknown} accessKeys
 * @returns {string[]}
 */
function documentsOf(accessKeys) {
  const documents = isIterable(accessKeys) ? accessKeys : [accessKeys];
  const texts = Array.from(documents, (document) => (typeof document === 'string' ? document : jsonOf(document)));
  return texts.length > 0 ? texts : ['{}'];
}

/** @param {unknown} value */
function jsonOf(value) {
  return JSON.stringify(value) ?? 'null';
}

/** @param {unknown} value @returns {value is Iterable<unknown>} */
function isIterable(value) {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
