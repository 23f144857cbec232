// index.mjs of viewer-request.zip, with bundled access keys.

import { readFileSync } from 'node:fs';

import { createBundledGate } from 'oss-edge/bundled-gate';
import { createViewerRequest } from 'oss-edge/viewer-request';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const bytes = readFileSync(new URL('gate.bin', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const gate = createBundledGate({ wasm, bytes, seal });

/** @param {Omit<Parameters<typeof createViewerRequest>[0], 'gate'>} [options] */
export const create = (options) => createViewerRequest({ gate, ...options });

export const handler = create();
