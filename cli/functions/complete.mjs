// What `complete.zip` exports.

import { wasm } from 'oss-edge:wasm';

import { createComplete } from '../../js-shim/api/complete.mjs';

/** @param {Partial<Parameters<typeof createComplete>[0]>} [options] */
export const create = (options) => createComplete({ wasm, ...options });

export const handler = create();
