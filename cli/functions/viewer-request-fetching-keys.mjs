// index.mjs of viewer-request.zip, with access keys from Secrets Manager.

import { readFileSync } from 'node:fs';

import { createGate } from 'oss-edge/gate';
import { createSecretsManagerKeys } from 'oss-edge/secrets-manager';
import { createViewerRequest } from 'oss-edge/viewer-request';

const wasm = readFileSync(new URL('oss_edge_documents.wasm', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const config = JSON.parse(OSS_EDGE_CONFIG);
const gate = createGate({ wasm, config, seal });

/**
 * @typedef {Parameters<typeof createSecretsManagerKeys>[0] & Parameters<typeof createViewerRequest>[0]} Options
 * @param {Partial<Options>} [options]
 */
export const create = (options) => {
  const keys = createSecretsManagerKeys({ name: 'viewer-request', gate, credentials: config.credentials, ...options });
  return createViewerRequest({ gate, keys, ...options });
};

export const handler = create();
