// The core's WebAssembly and the licences of the crates in it, as build.sh makes them.

import { readFile } from 'node:fs/promises';

const DIRECTORY = new URL('../js-shim/wasm/', import.meta.url);

/**
 * Reads the module without the code that reads JSON documents.
 *
 * @returns {Promise<Buffer<ArrayBuffer>>}
 * @throws {Error} when it isn't built
 */
export function readWasm() {
  return readBuilt('oss_edge_bg.wasm');
}

/**
 * Reads the module with the code that reads JSON documents.
 *
 * @returns {Promise<Buffer<ArrayBuffer>>}
 * @throws {Error} when it isn't built
 */
export function readDocumentsWasm() {
  return readBuilt('oss_edge_documents_bg.wasm');
}

/**
 * Reads the licences of the Rust crates in a module.
 *
 * @param {'oss_edge' | 'oss_edge_documents'} module
 * @returns {Promise<import('./notices.mjs').Licence[]>}
 * @throws {Error} when they aren't built
 */
export async function readCrateLicences(module) {
  return JSON.parse((await readBuilt(`${module}_licences.json`)).toString('utf8'));
}

/** @param {string} name */
async function readBuilt(name) {
  return readFile(new URL(name, DIRECTORY)).catch(() => {
    throw new Error('the core is not built: run ./build.sh first');
  });
}
