// What `authorizer.zip` exports. The origin secret comes from the function's environment.

import { accessKeys, config } from 'oss-edge:documents';
import { createKeys } from 'oss-edge:keys';
import { wasm } from 'oss-edge:wasm';

import { createAuthorizer } from '../authorizer.mjs';
import { createGate } from '../gate.mjs';
import { writeLogLine } from '../log.mjs';

const gate = createGate({ wasm, config, accessKeys });

/** @param {Partial<Omit<Parameters<typeof createAuthorizer>[0], 'gate' | 'keys'>>} [options] */
export const create = (options) => {
  const keys = createKeys({ name: 'authorizer', useDocuments: gate.useAccessKeys, log: writeLogLine, ...options });
  return createAuthorizer({ gate, keys, originSecret: process.env.ORIGIN_SECRET, ...options });
};

/** @type {ReturnType<typeof create> | undefined} */
let authorizer;

/** @param {import('aws-lambda').APIGatewayRequestAuthorizerEvent} event */
export const handler = async (event) => (authorizer ??= create())(event);
