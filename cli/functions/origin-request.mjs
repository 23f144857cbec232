// index.mjs of origin-request.zip. It has the endpoint of the API or the relay, but no access keys.

import { readFileSync } from 'node:fs';

import { createOriginRequest } from 'oss-edge/origin-request';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const { api, relay } = JSON.parse(OSS_EDGE_ENDPOINTS);

/** @param {Partial<Parameters<typeof createOriginRequest>[0]>} [options] */
export const create = (options) => createOriginRequest({ wasm, seal, api, relay, ...options });

export const handler = create();
