// index.mjs of head-object.zip.

import { readFileSync } from 'node:fs';

import { createHeadObject } from 'oss-edge/head-object';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const storageClasses = JSON.parse(OSS_EDGE_STORAGE_CLASSES);

/** @param {Partial<Parameters<typeof createHeadObject>[0]>} [options] */
export const create = (options) => createHeadObject({ wasm, storageClasses, ...options });

export const handler = create();
