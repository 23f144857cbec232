// The viewer-request function: adapt, decide, apply.

import { applyForward, flatten, generatedResponse, readEvent } from './cloudfront-event.mjs';
import { readDecision } from './decision.mjs';
import { failClosed } from './fail-closed.mjs';
import { isoTime, writeLogLine } from './log.mjs';
import { SERVICE_UNAVAILABLE } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent
 * @typedef {import('aws-lambda').CloudFrontRequestResult} CloudFrontRequestResult
 */

/**
 * @param {object} parts
 * @param {import('./gate.mjs').Gate} parts.gate
 * @param {import('./key-source.mjs').KeySource} [parts.keys] of access keys that aren't baked in
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
      let decision = readDecision(gate.decide(flatten(request, requestId), time));
      if (keys !== undefined && decision.decision === 'refuse' && (await keys.renewal(decision.renewal, time))) {
        decision = readDecision(gate.decide(flatten(request, requestId), time));
      }
      const result = decision.decision === 'forward' ? applyForward(request, decision) : generatedResponse(decision);
      log(logLine(decision, requestId, time));
      return result;
    } catch (error) {
      // The name alone: a message could quote what the request carried.
      const detail = `no decision: ${error instanceof Error ? error.name : typeof error}`;
      return failClosed({ function: 'viewer-request', detail, host: hostOf(event), event, now: time, log });
    }
  };

  /** @param {CloudFrontRequestEvent} event @param {import('./key-source.mjs').KeySource} source @param {number} time */
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
 * @param {import('./decision.mjs').Forward | import('./decision.mjs').Refuse} decision
 * @param {string} requestId CloudFront's @param {number} time
 * @returns {import('./log.mjs').LogLine}
 */
function logLine(decision, requestId, time) {
  // Two literals: one that spreads another takes longer than the decision.
  if (decision.decision === 'forward') {
    return {
      time: isoTime(time),
      function: 'viewer-request',
      decision: 'forward',
      operation: decision.operation,
      origin: decision.origin,
      bucket: decision.bucket,
      key: decision.key,
      accessKeyId: decision.accessKeyId,
      scheme: decision.scheme,
      generation: decision.generation,
      cloudFrontRequestId: requestId,
    };
  }
  return {
    time: isoTime(time),
    function: 'viewer-request',
    decision: 'deny',
    operation: decision.operation,
    bucket: decision.bucket,
    key: decision.key,
    accessKeyId: decision.accessKeyId,
    scheme: decision.scheme,
    generation: decision.generation,
    status: Number(decision.status),
    code: decision.code,
    detail: decision.detail,
    ossRequestId: decision.ossRequestId,
    cloudFrontRequestId: requestId,
  };
}
