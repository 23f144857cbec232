// What `authorizer.zip` exports. The origin secret comes from the function's environment.

import { accessKeys, config } from 'oss-edge:documents';
import { wasm } from 'oss-edge:wasm';

import { createAuthorizer } from '../authorizer.mjs';
import { createGate } from '../gate.mjs';

const gate = createGate({ wasm, config, accessKeys });

/** @param {Partial<Omit<Parameters<typeof createAuthorizer>[0], 'gate'>>} [options] */
export const create = (options) => createAuthorizer({ gate, originSecret: process.env.ORIGIN_SECRET, ...options });

/** @type {ReturnType<typeof create> | undefined} */
let authorizer;

/** @param {import('aws-lambda').APIGatewayRequestAuthorizerEvent} event */
export const handler = async (event) => (authorizer ??= create())(event);
