// What `list-parts.zip` exports.

import { wasm } from 'oss-edge:wasm';

import { createListParts } from '../../js-shim/api/list-parts.mjs';

/** @param {Partial<Parameters<typeof createListParts>[0]>} [options] */
export const create = (options) => createListParts({ wasm, ...options });

export const handler = create();
