// The viewer-request function: verifies a request's signature, and forwards or refuses it.

import { decideWithKeys } from '../keys/decide-with-keys.mjs';
import { applyForward, generatedResponse, readEvent } from './cloudfront-event.mjs';
import { failClosed } from './fail-closed.mjs';
import { LOG_VERSION, loggedCapture, loggedKey, writeLogLine } from '../log.mjs';
import { requestFields } from './log-fields.mjs';
import { SERVICE_UNAVAILABLE } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent
 * @typedef {import('aws-lambda').CloudFrontRequestResult} CloudFrontRequestResult
 */

const FUNCTION = 'viewer-request';

/**
 * @param {object} options
 * @param {import('../core/gate.mjs').Gate} options.gate
 * @param {import('../keys/key-source.mjs').KeySource} [options.keys] where the gate's access keys are fetched from
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: CloudFrontRequestEvent) => Promise<CloudFrontRequestResult>}
 */
export function createViewerRequest({ gate, keys, now = Date.now, log = writeLogLine }) {
  return async (event) => {
    const time = now();
    try {
      const { request, requestId } = readEvent(event);
      const decision = await decideWithKeys(keys, time, () => gate.decide(request, requestId, time));
      if (decision === undefined) {
        return failed(event, time, {
          detail: 'no access keys',
          error: SERVICE_UNAVAILABLE,
          retryAfter: keys?.retryAfter(now()),
        });
      }
      const forwards = decision.decision === 'forward';
      const result = forwards ? applyForward(request, decision) : generatedResponse(decision);
      log(decisionLine(decision, request, requestId, time));
      return result;
    } catch (error) {
      // Only the name: a message might quote the request.
      return failed(event, time, { detail: `no decision: ${error instanceof Error ? error.name : typeof error}` });
    }
  };

  /**
   * @param {CloudFrontRequestEvent} event possibly of another shape
   * @param {number} time
   * @param {{ detail: string, error?: Readonly<import('./oss-error.mjs').OssError>, retryAfter?: number }} failure
   */
  function failed(event, time, failure) {
    const headers = event?.Records?.[0]?.cf?.request?.headers;
    const host = headers?.host?.[0]?.value;
    return failClosed({ function: FUNCTION, ...failure, headers: corsHeaders(headers), host, event, now: time, log });
  }

  /**
   * What lets a page read the failure: without it, it would take the gateway for unreachable. Where the core trapped,
   * this is asked of a new instance.
   *
   * @param {import('aws-lambda').CloudFrontHeaders | undefined} headers possibly of another shape
   */
  function corsHeaders(headers) {
    try {
      const [origin, ...others] = headers?.origin ?? [];
      return origin === undefined || others.length > 0 ? [] : (gate.corsHeaders?.(origin.value) ?? []);
    } catch {
      return [];
    }
  }
}

/**
 * The line of a decision (cli/schema/log-line.schema.json).
 *
 * @param {import('../core/decision.mjs').Decision} decision
 * @param {import('aws-lambda').CloudFrontRequest} request as the viewer sent it
 * @param {string} cloudFrontRequestId
 * @param {number} time
 * @returns {import('../log.mjs').LogLine}
 */
function decisionLine(decision, request, cloudFrontRequestId, time) {
  const { operation, bucket, key, accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds } = decision;
  const { captured } = decision;
  return {
    log: LOG_VERSION,
    time: new Date(time).toISOString(),
    function: FUNCTION,
    decision: decision.decision === 'refuse' ? 'deny' : decision.decision,
    operation,
    bucket,
    key: key && loggedKey(key),
    accessKeyId,
    scheme,
    generation,
    style,
    reading,
    clockDifferenceSeconds,
    ...outcomeFields(decision),
    ...requestFields(request),
    cloudFrontRequestId,
    captured: captured && loggedCapture(captured),
  };
}

/** @param {import('../core/decision.mjs').Decision} decision */
function outcomeFields(decision) {
  if (decision.decision === 'forward') return { origin: decision.origin };
  const { status, ossRequestId } = decision;
  if (decision.decision === 'answer') return { status, ossRequestId };
  const { code, detail, field } = decision;
  return { status, code, detail, field, ossRequestId };
}
