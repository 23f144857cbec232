// The core's decisions, over the image of a gate that was checked when the function was bundled.

import { coreInstance } from './core-instance.mjs';
import { decide, decideAtApi, readImage } from './core.mjs';

/**
 * @param {object} parts
 * @param {Uint8Array<ArrayBuffer>} parts.wasm
 * @param {Uint8Array} parts.image made by the same build of the core; it is kept for new instances
 * @returns {import('./gate.mjs').Gate}
 * @throws {Error} when the image is damaged, or of another build
 */
export function createBakedGate({ wasm, image }) {
  const instance = coreInstance(wasm, (core) => readImage(core, image));
  return {
    decide: (request, requestId, now) => instance.call(decide, request, requestId, now),
    decideAtApi: (handOver, now) => instance.call(decideAtApi, handOver, now),
  };
}
