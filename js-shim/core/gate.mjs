// A gate of documents: decides over requests by a configuration and access keys.

import * as glue from '../wasm/oss_edge_documents.js';
import { CoreInstance } from './core-instance.mjs';
import { GateDecisions } from './gate-decisions.mjs';

/**
 * @typedef {import('./gate-decisions.mjs').Gate} Gate
 *
 * @typedef {object} ChangeableKeys
 * @property {(accessKeys: unknown) => void} useAccessKeys replaces the access keys; throws as `createGate` does, and
 *   then keeps the previous ones
 * @property {() => Uint8Array} toBytes contents for `gate.bin`, with all secrets
 *
 * @typedef {object} Diagnosis
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) => Explanation} explain
 *   why a request is refused, and what it should have signed
 * @property {() => Bucket[]} buckets
 *
 * @typedef {{ refusal?: string, stringToSign?: string, canonicalRequest?: string }} Explanation
 * @typedef {{ bucket: string, s3Bucket: string, region: string, domain: string }} Bucket where an OSS bucket's objects
 *   go: `domain` is that of the S3 bucket's REST endpoint
 */

/** All gates of a process share an instance. */
const core = new CoreInstance(glue, 'oss_edge_documents.wasm');

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge_documents.wasm`
 * @param {unknown} options.config as in `config.json`, parsed or as a JSON text
 * @param {unknown} [options.accessKeys] one document as in `access-keys.json`, or an array (or another iterable) of
 *   several that count as one; each parsed or as a JSON text. Without them every request is refused
 * @returns {Gate & ChangeableKeys & Diagnosis}
 * @throws {Error} that names the field which is unknown, missing or malformed
 */
export function createGate({ wasm, config, accessKeys }) {
  core.start(wasm);
  const configText = jsonOf(config);
  const gate = new GateDecisions(core, gateOf(accessKeys === undefined ? [] : textsOf(accessKeys)));
  return {
    decide: (request, requestId, now) => gate.decide(request, requestId, now),
    decideAtApi: (handOver, now) => gate.decideAtApi(handOver, now),
    decideAtRelay: (handOver, now) => gate.decideAtRelay(handOver, now),
    useAccessKeys: (documents) => gate.replace(gateOf(textsOf(documents))),
    toBytes: () => gate.call((one) => one.toBytes()),
    explain: (request, requestId, now) => gate.explain(request, requestId, now),
    buckets: () => gate.call((one) => one.buckets()),
  };

  /** @param {string[]} texts */
  function gateOf(texts) {
    return () => glue.Gate.fromDocuments(configText, texts);
  }
}

/**
 * The secret of a derived key.
 *
 * @param {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge_documents.wasm`
 * @param {string} masterSecret
 * @param {string} accessKeyId
 * @returns {string | undefined} undefined if either isn't one
 */
export function derivedSecret(wasm, masterSecret, accessKeyId) {
  core.start(wasm);
  return core.call(() => glue.derivedSecret(masterSecret, accessKeyId));
}

/**
 * The documents as JSON texts, at least one: an empty list would mean that no key is known yet.
 *
 * @param {unknown} accessKeys
 */
function textsOf(accessKeys) {
  const documents = isIterable(accessKeys) ? accessKeys : [accessKeys];
  const texts = Array.from(documents, jsonOf);
  return texts.length > 0 ? texts : ['{}'];
}

/** @param {unknown} document */
function jsonOf(document) {
  return typeof document === 'string' ? document : (JSON.stringify(document) ?? 'null');
}

/** @param {unknown} value @returns {value is Iterable<unknown>} */
function isIterable(value) {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
