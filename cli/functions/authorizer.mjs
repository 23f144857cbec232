// What `authorizer.zip` exports. The origin secret comes from the function's environment.

import { createKeys, gate } from 'oss-edge:gate';

import { createAuthorizer } from '../../js-shim/api/authorizer.mjs';
import { writeLogLine } from '../../js-shim/edge/log.mjs';

/** @param {Partial<Omit<Parameters<typeof createAuthorizer>[0], 'gate' | 'keys'>>} [options] */
export const create = (options) => {
  const keys = createKeys({ name: 'authorizer', log: writeLogLine, ...options });
  return createAuthorizer({ gate, keys, originSecret: process.env.ORIGIN_SECRET, ...options });
};

/** @type {ReturnType<typeof create> | undefined} */
let authorizer;

/** @param {import('aws-lambda').APIGatewayRequestAuthorizerEvent} event */
export const handler = async (event) => (authorizer ??= create())(event);
