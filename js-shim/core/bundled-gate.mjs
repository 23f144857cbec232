// A gate that reads gate.bin: the configuration and the access keys that were bundled.

import * as glue from '../wasm/oss_edge.js';
import { edgeCore } from './edge-core.mjs';
import { GateDecisions } from './gate-decisions.mjs';

/**
 * Creates a gate from the files that were bundled with the function.
 *
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {Uint8Array} options.bytes the contents of `gate.bin`, made by the same build of the core
 * @param {Uint8Array} options.seal the contents of `seal.bin`, made by the same build
 * @returns {import('./gate-decisions.mjs').Gate}
 * @throws {Error} when a file is damaged, or made by another build
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
