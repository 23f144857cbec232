// The core with the code that reads documents.

import * as glue from '../wasm/oss_edge_documents.js';
import { CoreInstance } from './core-instance.mjs';

/** All gates of documents in a process share it. */
export const documentsCore = new CoreInstance(glue, 'oss_edge_documents.wasm');

/**
 * Makes a gate in the core's memory, as often as is asked.
 *
 * @param {unknown} config as in `config.json`, parsed or as a JSON text
 * @param {unknown} accessKeys one document or several, each parsed or as a JSON text; undefined for none
 * @param {Uint8Array} [seal] the contents of `seal.bin`
 * @returns {() => glue.Gate}
 */
export function gateOf(config, accessKeys, seal) {
  const configText = jsonOf(config);
  const texts = accessKeys === undefined ? [] : textsOf(accessKeys);
  return () => glue.Gate.fromDocuments(configText, texts, seal);
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
export function jsonOf(document) {
  return typeof document === 'string' ? document : (JSON.stringify(document) ?? 'null');
}

/** @param {unknown} value @returns {value is Iterable<unknown>} */
function isIterable(value) {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
