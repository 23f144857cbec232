// index.mjs of origin-request.zip. It knows the API, and no access key.

import { createOriginRequest } from 'oss-edge/origin-request';

const api = JSON.parse(OSS_EDGE_API) ?? undefined;

/** @param {Parameters<typeof createOriginRequest>[0]} [options] */
export const create = (options) => createOriginRequest({ api, ...options });

export const handler = create();
