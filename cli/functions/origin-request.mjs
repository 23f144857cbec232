// What `origin-request.zip` exports. It knows the API and no access key.

import { api } from 'oss-edge:api';

import { createOriginRequest } from '../../js-shim/edge/origin-request.mjs';

/** @param {Omit<Parameters<typeof createOriginRequest>[0], 'api'>} [options] */
export const create = (options) => createOriginRequest({ api, ...options });

export const handler = create();
