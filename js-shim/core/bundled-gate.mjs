// A gate of the bytes of gate.bin: decides over requests by what was bundled.

import * as glue from '../wasm/oss_edge.js';
import { edgeCore } from './edge-core.mjs';
import { GateDecisions } from './gate-decisions.mjs';

/**
 * A gate of the bytes that `toBytes` returned when the function was bundled, and of the keys of its seals.
 *
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {Uint8Array} options.bytes the contents of `gate.bin`, made by the same build of the core
 * @param {Uint8Array} options.seal the contents of `seal.bin`, made by the same build
 * @returns {import('./gate-decisions.mjs').Gate}
 * @throws {Error} when the bytes are damaged, or made by another build
 */
export function createBundledGate({ wasm, bytes, seal }) {
  edgeCore.start(wasm);
  const gate = new GateDecisions(edgeCore, () => glue.Gate.fromBytes(bytes, seal));
  return {
    decide: (request, requestId, now) => gate.decide(request, requestId, now),
    decideAtApi: (handOver, now) => gate.decideAtApi(handOver, now),
    decideAtRelay: (handOver, now) => gate.decideAtRelay(handOver, now),
    decideAtEntrance: (request, requestId, now) => gate.decideAtEntrance(request, requestId, now),
    corsHeaders: (origin) => gate.corsHeaders(origin),
  };
}
