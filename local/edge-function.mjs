/**
 * One run of an edge function: its result, checked as CloudFront checks it.
 */
import { violation } from './cloudfront-rules.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse */
/** @typedef {(event: any) => Promise<unknown>} EdgeHandler */
/**
 * @typedef {{ request: CloudFrontRequest } | { response: CloudFrontResultResponse } |
 *   { failure: EdgeFailure }} EdgeOutcome
 */
/** @typedef {{ status: 502 | 503, xCache: string, message: string, violation: string }} EdgeFailure */

/**
 * @param {import('./cloudfront-rules.mjs').EventType} eventType
 * @param {EdgeHandler} handler
 * @param {import('./cloudfront-rules.mjs').EdgeEvent} event
 * @returns {Promise<EdgeOutcome>}
 */
export async function runEdgeFunction(eventType, handler, event) {
  // The function may change its event in place, as most do.
  const before = structuredClone(event);
  try {
    // Lambda passes results as JSON, so what JSON can't represent is lost.
    const result = viaJson(await handler(event));
    const broken = violation(eventType, before, result);
    if (broken) return { failure: invalidResult(eventType, broken) };
    return 'status' in result ? { response: result } : { request: result };
  } catch (error) {
    return { failure: executionError(eventType, error) };
  }
}

/** @param {unknown} value */
function viaJson(value) {
  const json = JSON.stringify(value);
  return json === undefined ? null : JSON.parse(json);
}

/**
 * lambda-edge-testing-debugging: a result that fails validation is a 502.
 *
 * @param {string} eventType
 * @param {string} broken
 * @returns {EdgeFailure}
 */
function invalidResult(eventType, broken) {
  const message = `The Lambda function result failed validation: ${broken}.`;
  return {
    status: 502,
    xCache: 'LambdaValidationError from cloudfront',
    message,
    violation: `${eventType}: ${broken}`,
  };
}

/**
 * lambda-edge-testing-debugging: a function that throws is a 503.
 *
 * @param {string} eventType
 * @param {unknown} error
 * @returns {EdgeFailure}
 */
function executionError(eventType, error) {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const message = 'The Lambda function returned an error.';
  return {
    status: 503,
    xCache: 'LambdaExecutionError from cloudfront',
    message,
    violation: `${eventType}: the function threw ${reason}`,
  };
}
