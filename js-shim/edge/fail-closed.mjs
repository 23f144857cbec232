// The answer of an edge function that failed: always an error, never an allow.

import { generatedResponse } from './cloudfront-event.mjs';
import { INTERNAL_ERROR, ossError, ossRequestId } from './oss-error.mjs';
import { LOG_VERSION } from '../log.mjs';

/** The distribution is set up wrongly. The message is for the log, and quotes nothing of a request. */
export class WiringFault extends Error {}

/**
 * The detail to log for an error: the message of a `WiringFault`, and of any other only the name, because its message
 * might quote the request.
 *
 * @param {unknown} error
 */
export function detailOf(error) {
  if (error instanceof WiringFault) return error.message;
  return `no decision: ${error instanceof Error ? error.name : typeof error}`;
}

/**
 * @param {object} failure
 * @param {string} failure.function the function's name
 * @param {string} failure.detail for the log
 * @param {Readonly<import('./oss-error.mjs').OssError>} [failure.error] by default InternalError
 * @param {number} [failure.retryAfter] seconds
 * @param {import('../core/decision.mjs').HeaderList} [failure.headers] in addition to the error's own
 * @param {string} [failure.host] that the client sent; at origin request the Host header may name the bucket
 * @param {import('aws-lambda').CloudFrontRequestEvent | import('aws-lambda').CloudFrontResponseEvent} failure.event
 *   possibly of another shape
 * @param {number} failure.now milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} failure.log
 */
export function failClosed({ function: name, detail, error = INTERNAL_ERROR, ...failure }) {
  const { retryAfter, headers = [], host, event, now, log } = failure;
  const cf = event?.Records?.[0]?.cf;
  const cloudFrontRequestId = String(cf?.config?.requestId ?? '');
  const requestId = ossRequestId(cloudFrontRequestId);
  const { code, status } = error;
  const line = { decision: 'deny', status, code, detail, ossRequestId: requestId, cloudFrontRequestId };
  log({ log: LOG_VERSION, time: new Date(now).toISOString(), function: name, ...line });
  const replaced = cf && 'response' in cf ? cf.response : undefined;
  const answer = ossError(error, { requestId, host, method: cf?.request?.method, now });
  answer.headers.push(...headers);
  if (retryAfter !== undefined) answer.headers.push(['Retry-After', String(retryAfter)]);
  return generatedResponse(answer, replaced);
}
