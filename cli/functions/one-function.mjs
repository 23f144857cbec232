// index.mjs of origin-request.zip with `"triggers": "origin-request"`, and bundled access keys.

import { readFileSync } from 'node:fs';

import { createBundledGate } from 'oss-edge/bundled-gate';
import { createOneFunction } from 'oss-edge/one-function';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const bytes = readFileSync(new URL('gate.bin', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const gate = createBundledGate({ wasm, bytes, seal });
const { api, relay } = JSON.parse(OSS_EDGE_ENDPOINTS);

/** @param {Partial<Parameters<typeof createOneFunction>[0]>} [options] */
export const create = (options) => createOneFunction({ gate, api, relay, ...options });

export const handler = create();
