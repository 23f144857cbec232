// index.mjs of origin-response.zip.

import { readFileSync } from 'node:fs';

import { createOriginResponse } from 'oss-edge/origin-response';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));

/** @param {Partial<Parameters<typeof createOriginResponse>[0]>} [options] */
export const create = (options) => createOriginResponse({ wasm, ...options });

export const handler = create();
