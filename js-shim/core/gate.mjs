// A gate of JSON documents: the configuration and the access keys.

import * as glue from '../wasm/oss_edge_documents.js';
import { documentsCore as core, gateOf, jsonOf } from './documents-core.mjs';
import { GateDecisions } from './gate-decisions.mjs';

/**
 * @typedef {import('./gate-decisions.mjs').Gate} Gate
 *
 * @typedef {object} ChangeableKeys
 * @property {(accessKeys: unknown) => void} useAccessKeys replaces the access keys; throws as `createGate` does, and
 *   then keeps the previous ones
 * @property {() => Uint8Array} toBytes the contents of `gate.bin`, with all secrets
 *
 * @typedef {object} Diagnosis
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) => Explanation} explain
 *   why a request is refused, and what it should have signed
 * @property {() => Bucket[]} buckets
 *
 * @typedef {{ refusal?: string, stringToSign?: string, canonicalRequest?: string }} Explanation
 * @typedef {{ bucket: string, s3Bucket: string, region: string, domain: string }} Bucket where an OSS bucket's objects
 *   go: `domain` is that of the S3 bucket's REST endpoint
 */

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge_documents.wasm`
 * @param {unknown} options.config as in `config.json`, parsed or as a JSON text
 * @param {unknown} [options.accessKeys] one document as in `access-keys.json`, or an array (or another iterable) of
 *   several that are read as one; each parsed or as a JSON text. Without them, every request is refused
 * @param {unknown} [options.secrets] as in `secrets.json`, parsed or as a JSON text. Without `secrets` and `seal`, no
 *   upload id verifies, and origin-request refuses what the gate forwards
 * @param {Uint8Array} [options.seal] the contents of `seal.bin`, in place of `secrets`
 * @returns {Gate & ChangeableKeys & Diagnosis}
 * @throws {Error} that names the field which is unknown, missing or malformed
 */
export function createGate({ wasm, config, accessKeys, secrets, seal }) {
  core.start(wasm);
  const sealBytes = secrets === undefined ? seal : sealFile(wasm, secrets, { uploadIds: true, handOver: true });
  const gate = new GateDecisions(core, gateOf(config, accessKeys, sealBytes));
  return {
    decide: (request, requestId, now) => gate.decide(request, requestId, now),
    decideAtApi: (handOver, now) => gate.decideAtApi(handOver, now),
    decideAtRelay: (handOver, now) => gate.decideAtRelay(handOver, now),
    decideAtEntrance: (request, requestId, now) => gate.decideAtEntrance(request, requestId, now),
    corsHeaders: (origin) => gate.corsHeaders(origin),
    useAccessKeys: (documents) => gate.replace(gateOf(config, documents ?? null, sealBytes)),
    toBytes: () => gate.call((one) => one.toBytes()),
    explain: (request, requestId, now) => gate.explain(request, requestId, now),
    buckets: () => gate.call((one) => one.buckets()),
  };
}

/**
 * The contents of `seal.bin` for a function that makes or verifies these seals.
 *
 * @param {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge_documents.wasm`
 * @param {unknown} secrets as in `secrets.json`, parsed or as a JSON text
 * @param {{ uploadIds?: boolean, handOver?: boolean }} uses
 * @returns {Uint8Array}
 * @throws {Error} that names the field which is unknown, missing or malformed
 */
export function sealFile(wasm, secrets, { uploadIds = false, handOver = false }) {
  core.start(wasm);
  return core.call(() => glue.sealFile(jsonOf(secrets), uploadIds, handOver));
}

/**
 * The secret of a derived key.
 *
 * @param {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge_documents.wasm`
 * @param {string} masterSecret
 * @param {string} accessKeyId
 * @returns {string | undefined} undefined if either isn't valid
 */
export function derivedSecret(wasm, masterSecret, accessKeyId) {
  core.start(wasm);
  return core.call(() => glue.derivedSecret(masterSecret, accessKeyId));
}
