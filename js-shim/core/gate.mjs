// The gate: decides over requests by a configuration and access keys.

import { requestView } from '../edge/cloudfront-event.mjs';
import { coreInstance } from './core-instance.mjs';
import { decide, decideAtApi, gateBytes, useBytes, useDocuments } from './core.mjs';

/**
 * @typedef {object} Gate
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) =>
 *   import('./decision.mjs').Decision} decide at the edge; `requestId` is CloudFront's, `now` in milliseconds since
 *   the epoch
 * @property {(handOver: string, now: number) => import('./decision.mjs').ApiDecision} decideAtApi the same again
 *   behind the edge, by what viewer-request handed over in `x-ossedge-request`
 *
 * @typedef {object} ChangeableKeys
 * @property {(accessKeys: unknown) => void} useAccessKeys replaces the access keys; throws as `createGate` does, and
 *   then keeps the previous ones
 * @property {() => Uint8Array} toBytes contents for `gate.bin`, with all secrets
 */

/**
 * A gate of documents.
 *
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {unknown} options.config as in `config.json`
 * @param {unknown} [options.accessKeys] one document as in `access-keys.json`, or an array (or another iterable) of
 *   several that count as one; each parsed or as a JSON text. Without them every request is refused
 * @returns {Gate & ChangeableKeys}
 * @throws {Error} that names the field which is unknown, missing or malformed
 */
export function createGate({ wasm, config, accessKeys }) {
  const configText = jsonOf(config);
  const using = (/** @type {string[]} */ documents) => (/** @type {import('./core.mjs').Core} */ core) =>
    useDocuments(core, configText, documents);
  const instance = coreInstance(wasm, using(accessKeys === undefined ? [] : textsOf(accessKeys)));
  return {
    ...decisionsOf(instance),
    useAccessKeys: (documents) => instance.prepare(using(textsOf(documents))),
    toBytes: () => instance.call(gateBytes),
  };
}

/**
 * A gate of the bytes that `toBytes` returned when the function was bundled.
 *
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {Uint8Array} options.bytes made by the same build of the core
 * @returns {Gate}
 * @throws {Error} when the bytes are damaged, or made by another build
 */
export function createBundledGate({ wasm, bytes }) {
  return decisionsOf(coreInstance(wasm, (core) => useBytes(core, bytes)));
}

/** @param {import('./core-instance.mjs').CoreInstance} instance @returns {Gate} */
function decisionsOf(instance) {
  return {
    decide: (request, requestId, now) => instance.call((core) => decide(core, requestView(request, requestId), now)),
    decideAtApi: (handOver, now) => instance.call((core) => decideAtApi(core, handOver, now)),
  };
}

/**
 * The documents as JSON texts, at least one: an empty list would mean that no key is known yet.
 *
 * @param {unknown} accessKeys
 */
function textsOf(accessKeys) {
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
