// What `initiate.zip` exports.

import { wasm } from 'oss-edge:wasm';

import { createInitiate } from '../../js-shim/api/initiate.mjs';

/** @param {Partial<Parameters<typeof createInitiate>[0]>} [options] */
export const create = (options) => createInitiate({ wasm, ...options });

export const handler = create();
