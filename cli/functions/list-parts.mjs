// index.mjs of list-parts.zip.

import { readFileSync } from 'node:fs';

import { createListParts } from 'oss-edge/list-parts';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));

/** @param {Partial<Parameters<typeof createListParts>[0]>} [options] */
export const create = (options) => createListParts({ wasm, ...options });

export const handler = create();
