// The core's WebAssembly, as build.sh makes it.

import { readFile } from 'node:fs/promises';

/**
 * @returns {Promise<Buffer<ArrayBuffer>>}
 * @throws {Error} when it isn't built
 */
export async function readWasm() {
  const file = new URL('wasm/oss_edge.wasm', import.meta.url);
  return readFile(file).catch(() => {
    throw new Error('the core is not built: run ./build.sh first');
  });
}
