// The viewer-request function: adapt, decide, apply.

import { applyForward, generatedResponse, readEvent } from './cloudfront-event.mjs';
import {
  ACCESS_KEY_ID,
  BUCKET,
  GENERATION,
  KEY,
  OPERATION,
  ORIGIN,
  SCHEME,
  isForward,
  readRefusal,
} from '../core/decision.mjs';
import { failClosed } from './fail-closed.mjs';
import { isoTime, writeLogLine } from './log.mjs';
import { SERVICE_UNAVAILABLE } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent
 * @typedef {import('aws-lambda').CloudFrontRequestResult} CloudFrontRequestResult
 */

/**
 * @param {object} parts
 * @param {import('../core/gate.mjs').Gate} parts.gate
 * @param {import('../keys/key-source.mjs').KeySource} [parts.keys] of access keys that aren't baked in
 * @param {() => number} [parts.now] milliseconds since the epoch
 * @param {(line: import('./log.mjs').LogLine) => void} [parts.log]
 * @returns {(event: CloudFrontRequestEvent) => Promise<CloudFrontRequestResult>}
 */
export function createViewerRequest({ gate, keys, now = Date.now, log = writeLogLine }) {
  return async (event) => {
    const time = now();
    try {
      const { request, requestId } = readEvent(event);
      if (keys !== undefined && !keys.ready(time) && !(await keys.arrival(time))) return unavailable(event, keys, time);
      let parts = gate.decide(request, requestId, time);
      if (keys !== undefined && !isForward(parts) && (await keys.renewal(readRefusal(parts).renewal, time))) {
        parts = gate.decide(request, requestId, time);
      }
      if (isForward(parts)) {
        const forwarded = applyForward(request, parts);
        log(forwardLine(parts, requestId, time));
        return forwarded;
      }
      const refusal = readRefusal(parts);
      const response = generatedResponse(refusal);
      log(refusalLine(refusal, requestId, time));
      return response;
    } catch (error) {
      // The name alone: a message could quote what the request carried.
      const detail = `no decision: ${error instanceof Error ? error.name : typeof error}`;
      return failClosed({ function: 'viewer-request', detail, host: hostOf(event), event, now: time, log });
    }
  };

  /** @param {CloudFrontRequestEvent} event @param {import('../keys/key-source.mjs').KeySource} source @param {number} time */
  function unavailable(event, source, time) {
    const failure = { error: SERVICE_UNAVAILABLE, detail: 'no access keys', retryAfter: source.retryAfter(now()) };
    return failClosed({ function: 'viewer-request', ...failure, host: hostOf(event), event, now: time, log });
  }
}

/** @param {CloudFrontRequestEvent} event possibly of no known shape */
function hostOf(event) {
  return event?.Records?.[0]?.cf?.request?.headers?.host?.[0]?.value;
}

/**
 * @param {string[]} parts of a decision that forwards @param {string} requestId CloudFront's @param {number} time
 * @returns {import('./log.mjs').LogLine}
 */
function forwardLine(parts, requestId, time) {
  return {
    time: isoTime(time),
    function: 'viewer-request',
    decision: 'forward',
    operation: parts[OPERATION],
    origin: parts[ORIGIN],
    bucket: parts[BUCKET],
    key: parts[KEY],
    accessKeyId: parts[ACCESS_KEY_ID],
    scheme: parts[SCHEME],
    generation: parts[GENERATION],
    cloudFrontRequestId: requestId,
  };
}

/**
 * @param {import('../core/decision.mjs').Refuse} refusal @param {string} requestId CloudFront's @param {number} time
 * @returns {import('./log.mjs').LogLine}
 */
function refusalLine(refusal, requestId, time) {
  return {
    time: isoTime(time),
    function: 'viewer-request',
    decision: 'deny',
    operation: refusal.operation,
    bucket: refusal.bucket,
    key: refusal.key,
    accessKeyId: refusal.accessKeyId,
    scheme: refusal.scheme,
    generation: refusal.generation,
    status: Number(refusal.status),
    code: refusal.code,
    detail: refusal.detail,
    ossRequestId: refusal.ossRequestId,
    cloudFrontRequestId: requestId,
  };
}
