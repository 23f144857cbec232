// index.mjs of relay.zip, with access keys from Secrets Manager.

import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createGate } from 'oss-edge/gate';
import { createRelay, readSettings, runRelay, sdkCredentials } from 'oss-edge/relay';
import { createSecretsManagerKeys } from 'oss-edge/secrets-manager';

const [wasm, documentsWasm, seal] = ['oss_edge.wasm', 'oss_edge_documents.wasm', 'seal.bin'].map((file) =>
  readFileSync(new URL(file, import.meta.url)),
);
const config = JSON.parse(OSS_EDGE_CONFIG);
const gate = createGate({ wasm: documentsWasm, config, seal });

/**
 * @typedef {Parameters<typeof createSecretsManagerKeys>[0] & Parameters<typeof createRelay>[0]} Options
 * @param {Partial<Options>} [options]
 */
export const create = (options) =>
  createRelay({
    gate,
    keys: createSecretsManagerKeys({
      name: 'relay',
      gate,
      credentials: config.credentials,
      otherCredentials: sdkCredentials(),
      ...options,
    }),
    wasm,
    seal,
    storageClasses: JSON.parse(OSS_EDGE_STORAGE_CLASSES),
    entrance: JSON.parse(OSS_EDGE_LISTENER) ?? undefined,
    originSecret: process.env.ORIGIN_SECRET,
    ...options,
    settings: options?.settings ?? readSettings(process.env),
  });

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await runRelay(create);
