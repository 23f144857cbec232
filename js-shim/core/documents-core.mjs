// The core's module that reads JSON documents.

import * as glue from '../wasm/oss_edge_documents.js';
import { CoreInstance } from './core-instance.mjs';

/** Shared by all gates of documents in a process. */
export const documentsCore = new CoreInstance(glue, 'oss_edge_documents.wasm');

/**
 * Returns a function that makes a gate of these documents in the core's memory, each time that it is called.
 *
 * @param {unknown} config as in `config.json`, parsed or as a JSON text
 * @param {unknown} accessKeys one document or several, each parsed or as a JSON text; undefined if there are none yet
 * @param {Uint8Array} [seal] the contents of `seal.bin`
 * @returns {() => glue.Gate}
 */
export function gateOf(config, accessKeys, seal) {
  const configText = jsonOf(config);
  const texts = accessKeys === undefined ? [] : textsOf(accessKeys);
  return () => glue.Gate.fromDocuments(configText, texts, seal);
}

/**
 * The documents as JSON texts. An empty list becomes an empty document, which the core refuses: no text at all would
 * mean that there are no access keys yet.
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
