// index.mjs of origin-request.zip. It knows the API or the relay, and no access key.

import { createOriginRequest } from 'oss-edge/origin-request';

const { api, relay } = JSON.parse(OSS_EDGE_ENDPOINTS);

/** @param {Parameters<typeof createOriginRequest>[0]} [options] */
export const create = (options) => createOriginRequest({ api, relay, ...options });

export const handler = create();
