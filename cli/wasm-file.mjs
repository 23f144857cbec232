// The core's WebAssembly, as build.sh makes it: the whole module, and those of functions with what each calls.

import { readFile } from 'node:fs/promises';

/**
 * @param {'oss_edge' | 'viewer_request' | 'authorizer' | 'responses'} [name] the whole one where it is left out
 * @returns {Promise<Buffer<ArrayBuffer>>}
 * @throws {Error} when it isn't built
 */
export async function readWasm(name = 'oss_edge') {
  const file = new URL(`../js-shim/wasm/${name}.wasm`, import.meta.url);
  return readFile(file).catch(() => {
    throw new Error('the core is not built: run ./build.sh first');
  });
}
