// What `viewer-request.zip` exports: the function with its gate and the source of its access keys.

import { createKeys, gate } from 'oss-edge:gate';

import { writeLogLine } from '../../js-shim/edge/log.mjs';
import { createViewerRequest } from '../../js-shim/edge/viewer-request.mjs';

/** @param {Omit<Parameters<typeof createViewerRequest>[0], 'gate' | 'keys'>} [options] */
export const create = (options) =>
  createViewerRequest({ gate, keys: createKeys({ name: 'viewer-request', log: writeLogLine, ...options }), ...options });

export const handler = create();
