// index.mjs of complete.zip.

import { readFileSync } from 'node:fs';

import { createComplete } from 'oss-edge/complete';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));

/** @param {Partial<Parameters<typeof createComplete>[0]>} [options] */
export const create = (options) => createComplete({ wasm, ...options });

export const handler = create();
