// The edge function that decides: it asks the core, applies the decision, and logs it.

import { decideWithKeys } from '../keys/decide-with-keys.mjs';
import { generatedResponse, readEvent } from './cloudfront-event.mjs';
import { detailOf, failClosed } from './fail-closed.mjs';
import { LOG_VERSION, loggedCapture, loggedKey, writeLogLine } from '../log.mjs';
import { requestFields } from './log-fields.mjs';
import { SERVICE_UNAVAILABLE } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent
 * @typedef {import('aws-lambda').CloudFrontRequestResult} CloudFrontRequestResult
 * @typedef {import('../core/decision.mjs').Forward} Forward
 *
 * @typedef {object} Deciding
 * @property {import('../core/gate.mjs').Gate} gate
 * @property {import('../keys/key-source.mjs').KeySource} [keys] where the gate's access keys are fetched from
 * @property {() => number} [now] milliseconds since the epoch
 * @property {(line: import('../log.mjs').LogLine) => void} [log]
 *
 * @typedef {object} Place the event at which the function runs
 * @property {'viewer-request' | 'origin-request'} name of the event, and of the function
 * @property {(request: CloudFrontRequest, eventType: string | undefined) => void} check throws a `WiringFault` for an
 *   request of another event
 * @property {(request: CloudFrontRequest, decision: Forward) => CloudFrontRequest} apply throws a `WiringFault` if the
 *   distribution can't send the request to the origin that was decided on
 */

/**
 * @param {Deciding} options
 * @param {Place} place
 * @returns {(event: CloudFrontRequestEvent) => Promise<CloudFrontRequestResult>}
 */
export function deciding({ gate, keys, now = Date.now, log = writeLogLine }, { name, check, apply }) {
  return async (event) => {
    const time = now();
    try {
      const { request, requestId, eventType } = readEvent(event);
      check(request, eventType);
      const decision = await decideWithKeys(keys, time, () => gate.decide(request, requestId, time));
      if (decision === undefined) {
        return failed(event, time, {
          detail: 'no access keys',
          error: SERVICE_UNAVAILABLE,
          retryAfter: keys?.retryAfter(now()),
        });
      }
      const result = decision.decision === 'forward' ? apply(request, decision) : generatedResponse(decision);
      log({ ...decisionLine(name, decision, request, requestId, time), keysAgeSeconds: keys?.ageSeconds(time) });
      return result;
    } catch (error) {
      return failed(event, time, { detail: detailOf(error) });
    }
  };

  /**
   * @param {CloudFrontRequestEvent} event possibly of another shape
   * @param {number} time
   * @param {{ detail: string, error?: Readonly<import('./oss-error.mjs').OssError>, retryAfter?: number }} failure
   */
  function failed(event, time, failure) {
    const { headers, origin } = event?.Records?.[0]?.cf?.request ?? {};
    const named = headers?.host?.[0]?.value;
    // If the viewer's Host isn't forwarded, origin-request gets that of the bucket, whose name the client must not
    // learn.
    const host = named === origin?.s3?.domainName ? undefined : named;
    return failClosed({ function: name, ...failure, headers: corsHeaders(headers), host, event, now: time, log });
  }

  /**
   * The headers that let a page read the failure, which it would otherwise take for a broken connection. After a trap,
   * a new instance of the core answers.
   *
   * @param {import('aws-lambda').CloudFrontHeaders | undefined} headers possibly of another shape
   * @returns {import('../core/decision.mjs').HeaderList | undefined}
   */
  function corsHeaders(headers) {
    try {
      const { origin = [] } = headers ?? {};
      return origin.length === 1 ? gate.corsHeaders?.(origin[0].value) : undefined;
    } catch {
      // Then the failure is answered without them.
    }
  }
}

/**
 * The line of a decision (cli/schema/log-line.schema.json).
 *
 * @param {Place['name']} name
 * @param {import('../core/decision.mjs').Decision} decision
 * @param {CloudFrontRequest} request as it reached the function
 * @param {string} cloudFrontRequestId
 * @param {number} time
 * @returns {import('../log.mjs').LogLine}
 */
function decisionLine(name, decision, request, cloudFrontRequestId, time) {
  const { operation, bucket, key, accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds } = decision;
  const { captured } = decision;
  return {
    log: LOG_VERSION,
    time: new Date(time).toISOString(),
    function: name,
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
