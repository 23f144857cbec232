// The viewer-request function: adapt, decide, apply.

import { applyForward, flatten, generatedResponse, readEvent } from './cloudfront-event.mjs';
import { readDecision } from './decision.mjs';
import { failClosed } from './fail-closed.mjs';
import { writeLogLine } from './log.mjs';
import { ossRequestId } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent
 * @typedef {import('aws-lambda').CloudFrontRequestResult} CloudFrontRequestResult
 */

/**
 * @param {object} parts
 * @param {import('./gate.mjs').Gate} parts.gate
 * @param {() => number} [parts.now] milliseconds since the epoch
 * @param {(line: import('./log.mjs').LogLine) => void} [parts.log]
 * @returns {(event: CloudFrontRequestEvent) => Promise<CloudFrontRequestResult>}
 */
export function createViewerRequest({ gate, now = Date.now, log = writeLogLine }) {
  return async (event) => {
    const time = now();
    try {
      const { request, requestId } = readEvent(event);
      const decision = readDecision(gate.decide(flatten(request, requestId), time));
      log(logLine(decision, requestId, time));
      return decision.decision === 'forward' ? applyForward(request, decision) : generatedResponse(decision);
    } catch (error) {
      // The name alone: a message could quote what the request carried.
      const detail = `no decision: ${error instanceof Error ? error.name : typeof error}`;
      const host = event?.Records?.[0]?.cf?.request?.headers?.host?.[0]?.value;
      return failClosed({ function: 'viewer-request', detail, host, event, now: time, log });
    }
  };
}

/**
 * @param {import('./decision.mjs').Forward | import('./decision.mjs').Refuse} decision
 * @param {string} requestId CloudFront's @param {number} time
 * @returns {import('./log.mjs').LogLine}
 */
function logLine(decision, requestId, time) {
  const forwarded = decision.decision === 'forward';
  return {
    time: new Date(time).toISOString(),
    function: 'viewer-request',
    decision: forwarded ? 'forward' : 'deny',
    operation: decision.operation,
    origin: forwarded ? decision.origin : undefined,
    bucket: decision.bucket,
    key: decision.key,
    accessKeyId: decision.accessKeyId,
    scheme: decision.scheme,
    generation: decision.generation,
    status: forwarded ? undefined : Number(decision.status),
    code: forwarded ? undefined : decision.code,
    detail: forwarded ? undefined : decision.detail,
    ossRequestId: forwarded ? undefined : ossRequestId(requestId),
    cloudFrontRequestId: requestId,
  };
}
