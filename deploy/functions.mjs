/** The Lambda functions of a deployment: where each runs, and with what. */
import { decidingFunction } from './distribution.mjs';

/** @typedef {import('./distribution.mjs').EdgeFunction} EdgeFunction */
/** @typedef {'authorizer' | import('./api.mjs').Integration} ApiFunction */
/** @typedef {{ memory: number, timeoutSeconds: number }} Size */

export const RUNTIME = 'nodejs22.x';
export const ARCHITECTURE = 'x86_64';
export const HANDLER = 'index.handler';

/** CloudFront's quotas for a viewer-request function, in MB and seconds (cloudfront-limits, as before 2026). */
export const EDGE_SIZE = { memory: 128, timeoutSeconds: 5 };

/**
 * Of the one function at origin request, which may have more: by it a cold start is shorter, and more access keys fit. A
 * millisecond of it costs a fiftieth of what the invocation does.
 */
export const ONE_FUNCTION_SIZE = { memory: 256, timeoutSeconds: 5 };

/** @param {EdgeFunction} name @param {any} config @returns {Size} */
export function edgeSize(name, config) {
  return name === 'origin-request' && name === decidingFunction(config) ? ONE_FUNCTION_SIZE : EDGE_SIZE;
}

/** One fetch of access keys may take 3.5 s. S3 may take its time to complete an upload of many parts. */
export const API_SIZES = /** @type {const} */ ({
  authorizer: { memory: 256, timeoutSeconds: 10 },
  initiate: { memory: 256, timeoutSeconds: 10 },
  complete: { memory: 256, timeoutSeconds: 29 },
  'list-parts': { memory: 256, timeoutSeconds: 10 },
  'head-object': { memory: 256, timeoutSeconds: 10 },
});

/** A whole vCPU, for joining staged parts. */
const JOINING_MEMORY = 1769;

/** Instances of complete that share a long join. */
export const JOIN_SLICES = 4;

/** @param {string} name @param {any} config */
export function isJoining(name, { smallParts }) {
  return name === 'complete' && smallParts === 'stage';
}

/** @param {ApiFunction} name @param {any} config @returns {Size} */
export function apiSize(name, config) {
  return isJoining(name, config) ? { ...API_SIZES[name], memory: JOINING_MEMORY } : API_SIZES[name];
}

/** The relay as a web function: its runtime, and its longest time (web-functions-revisions-timeout). */
export const WEB_FUNCTION = { runtime: 'nodejs24.x', timeoutSeconds: 900, slots: 32 };

/** The relay as a container: in units of 1/1024 vCPU, and MB. */
export const CONTAINER = { cpu: 512, memory: 1024, port: 8080, stopSeconds: 60 };
