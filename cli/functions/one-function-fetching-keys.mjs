// index.mjs of origin-request.zip with `"triggers": "origin-request"`, and access keys from Secrets Manager.

import { readFileSync } from 'node:fs';

import { createGate } from 'oss-edge/gate';
import { createOneFunction } from 'oss-edge/one-function';
import { createSecretsManagerKeys } from 'oss-edge/secrets-manager';

const wasm = readFileSync(new URL('oss_edge_documents.wasm', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const config = JSON.parse(OSS_EDGE_CONFIG);
const gate = createGate({ wasm, config, seal });
const { api, relay } = JSON.parse(OSS_EDGE_ENDPOINTS);

/**
 * @typedef {Parameters<typeof createSecretsManagerKeys>[0] & Parameters<typeof createOneFunction>[0]} Options
 * @param {Partial<Options>} [options]
 */
export const create = (options) => {
  const keys = createSecretsManagerKeys({ name: 'origin-request', gate, credentials: config.credentials, ...options });
  return createOneFunction({ gate, api, relay, keys, ...options });
};

export const handler = create();
