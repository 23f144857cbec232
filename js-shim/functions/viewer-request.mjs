// What `viewer-request.zip` exports: the function with its configuration and access keys baked in.

import { accessKeys, config } from 'oss-edge:documents';
import { wasm } from 'oss-edge:wasm';

import { createGate } from '../gate.mjs';
import { createViewerRequest } from '../viewer-request.mjs';

const gate = createGate({ wasm, config, accessKeys });

/** @param {Omit<Parameters<typeof createViewerRequest>[0], 'gate'>} [options] */
export const create = (options) => createViewerRequest({ gate, ...options });

export const handler = create();
