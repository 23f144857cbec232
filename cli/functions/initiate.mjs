// index.mjs of initiate.zip.

import { readFileSync } from 'node:fs';

import { createInitiate } from 'oss-edge/initiate';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));

/** @param {Partial<Parameters<typeof createInitiate>[0]>} [options] */
export const create = (options) => createInitiate({ wasm, seal, ...options });

export const handler = create();
