// InitiateMultipartUpload behind the API.

import { createSeal } from '../core/seal.mjs';
import { initiate } from '../operations/initiate.mjs';
import { apiOperation } from './api-operation.mjs';

/**
 * @param {import('./api-operation.mjs').Options & { seal: Uint8Array }} options `seal` has the contents of `seal.bin`
 * @throws {Error} when the seal's bytes are damaged, or made by another build
 */
export function createInitiate({ seal: bytes, ...options }) {
  const { now = Date.now } = options;
  const seal = createSeal({ wasm: options.wasm, bytes });
  return apiOperation('InitiateMultipartUpload', (s3, request) => initiate(s3, request, { seal, now }))(options);
}
