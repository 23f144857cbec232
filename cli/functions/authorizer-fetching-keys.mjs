// index.mjs of authorizer.zip, with access keys from Secrets Manager.

import { readFileSync } from 'node:fs';

import { createAuthorizer } from 'oss-edge/authorizer';
import { createGate } from 'oss-edge/gate';
import { createSecretsManagerKeys } from 'oss-edge/secrets-manager';

const wasm = readFileSync(new URL('oss_edge_documents.wasm', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const config = JSON.parse(OSS_EDGE_CONFIG);
const gate = createGate({ wasm, config, seal });

/**
 * @typedef {Parameters<typeof createSecretsManagerKeys>[0] & Parameters<typeof createAuthorizer>[0]} Options
 * @param {Partial<Options>} [options]
 */
export const create = (options) => {
  const keys = createSecretsManagerKeys({ name: 'authorizer', gate, credentials: config.credentials, ...options });
  return createAuthorizer({ gate, keys, originSecret: process.env.ORIGIN_SECRET, ...options });
};

/** Created at the first request: it throws without an origin secret. @type {ReturnType<typeof create> | undefined} */
let authorizer;

/** @param {import('aws-lambda').APIGatewayRequestAuthorizerEvent} event */
export const handler = async (event) => (authorizer ??= create())(event);
