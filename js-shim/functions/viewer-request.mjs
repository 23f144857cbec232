// What `viewer-request.zip` exports: the function with its configuration and the source of its access keys.

import { accessKeys, config } from 'oss-edge:documents';
import { createKeys } from 'oss-edge:keys';
import { wasm } from 'oss-edge:wasm';

import { createGate } from '../gate.mjs';
import { writeLogLine } from '../log.mjs';
import { createViewerRequest } from '../viewer-request.mjs';

const gate = createGate({ wasm, config, accessKeys });

/** @param {Omit<Parameters<typeof createViewerRequest>[0], 'gate' | 'keys'>} [options] */
export const create = (options) => {
  const keys = createKeys({ name: 'viewer-request', useDocuments: gate.useAccessKeys, log: writeLogLine, ...options });
  return createViewerRequest({ gate, keys, ...options });
};

export const handler = create();
