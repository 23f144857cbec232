/**
 * The rules CloudFront enforces: on a viewer's request, and on what an edge function returns.
 *
 * Page names are pages of the Amazon CloudFront Developer Guide.
 */
import { BEHAVIOR } from '../deploy/distribution.mjs';
import { headersViolation, isObject } from './header-rules.mjs';
import { originViolation } from './origin-rules.mjs';

/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */
/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent */
/** @typedef {import('./header-rules.mjs').EventType} EventType */
/** @typedef {CloudFrontRequestEvent | import('aws-lambda').CloudFrontResponseEvent} EdgeEvent */
/** @typedef {import('./header-rules.mjs').Violation} Violation */

/**
 * Refusal of a viewer's request before any function runs, or null.
 *
 * @param {{ method: string, url: string, rawHeaders: readonly string[], hasBody: boolean }} request
 *   `url` and `rawHeaders` one character per byte
 * @param {readonly string[]} [methods] that the behavior allows
 * @returns {{ status: number, reason: string } | null}
 */
export function requestRefusal({ method, url, rawHeaders, hasBody }, methods = BEHAVIOR.methods) {
  const headerBytes = rawHeaders.reduce((total, part) => total + part.length, 0);
  if (!/^(\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(url)) return { status: 400, reason: 'the request target has no path' };
  if (url.length > QUOTAS.urlBytes) return { status: 414, reason: `the URL is longer than ${QUOTAS.urlBytes} bytes` };
  if (url.length + headerBytes > QUOTAS.requestBytes) {
    return { status: 494, reason: `the URL and headers are longer than ${QUOTAS.requestBytes} bytes` };
  }
  if (!methods.includes(method)) return { status: 403, reason: `the behavior has no method ${method}` };
  // RequestAndResponseBehaviorCustomOrigin, "GET requests that include a body".
  if (method === 'GET' && hasBody) return { status: 403, reason: 'a GET request may not have a body' };
  return null;
}

/**
 * The rule a function's result breaks, or null. CloudFront answers 502 for each.
 *
 * @param {EventType} eventType
 * @param {EdgeEvent} before the event as it was given to the function, which may have changed its own copy
 * @param {unknown} result
 * @returns {Violation}
 */
export function violation(eventType, before, result) {
  if (!isObject(result)) return `a ${eventType} function must return a request or a response object`;
  const cf = before.Records[0]?.cf;
  const answered = cf && 'response' in cf ? cf.response.headers : {};
  if ('status' in result) return responseViolation(eventType, answered, result);
  if (eventType === 'origin-response') return 'an origin-response function must return a response';
  if (!('uri' in result)) return 'the field status of a generated response is required';
  return cf?.request ? requestViolation(eventType, cf.request, result) : 'the event has no request';
}

/**
 * @param {EventType} eventType
 * @param {CloudFrontRequest} before
 * @param {Record<string, unknown>} after
 * @returns {Violation}
 */
function requestViolation(eventType, before, after) {
  return (
    ['clientIp', 'method'].map((field) => fieldViolation(field, before, after)).find(Boolean) ??
    uriViolation(before.uri, after.uri) ??
    querystringViolation(before.querystring, after.querystring) ??
    headersViolation(eventType, before.headers, after.headers) ??
    originViolation(before, after)
  );
}

/**
 * @param {string} field
 * @param {object} before
 * @param {Record<string, unknown>} after
 */
function fieldViolation(field, before, after) {
  return after[field] === Reflect.get(before, field) ? null : `the field ${field} is read-only`;
}

/**
 * @param {string} before
 * @param {unknown} after
 * @returns {Violation}
 */
function uriViolation(before, after) {
  if (typeof after !== 'string' || !after.startsWith('/')) return 'the field uri must be a string that begins with "/"';
  // A request line cannot carry them, so nothing could be sent to the origin.
  if (after !== before && /[\0-\x20\x7f?#]/.test(after)) {
    return 'the field uri may not contain spaces, control characters, `?` or `#`';
  }
  return null;
}

/**
 * @param {string} before
 * @param {unknown} after
 * @returns {Violation}
 */
function querystringViolation(before, after) {
  if (typeof after !== 'string') return 'the field querystring must be a string';
  // edge-function-restrictions-all, "Query strings".
  if (after !== before && /[\0-\x20\x7f#]/.test(after)) {
    return 'a querystring may not contain spaces, control characters or `#`';
  }
  return null;
}

/**
 * @param {EventType} eventType
 * @param {CloudFrontHeaders} before the origin's headers, of a response that a function got
 * @param {Record<string, unknown>} response
 * @returns {Violation}
 */
function responseViolation(eventType, before, response) {
  const { status, statusDescription, body, bodyEncoding = 'text', headers = {} } = response;
  if (typeof status !== 'string' || !/^[2-5]\d\d$/.test(status)) {
    return 'the field status must be a string from 200 to 599';
  }
  if (statusDescription !== undefined && typeof statusDescription !== 'string') {
    return 'the field statusDescription must be a string';
  }
  if (body !== undefined && typeof body !== 'string') return 'the field body must be a string';
  if (bodyEncoding !== 'text' && bodyEncoding !== 'base64') return 'the field bodyEncoding must be text or base64';
  // lambda-generating-http-responses, "Errors".
  if (status === '204' && body) return 'a 204 response must not have a body';
  return headersViolation(eventType, before, headers) ?? responseSizeViolation(eventType, headers, body ?? '');
}

/**
 * @param {EventType} eventType
 * @param {unknown} headers
 * @param {string} body
 * @returns {Violation}
 */
function responseSizeViolation(eventType, headers, body) {
  const limit = QUOTAS.generatedResponseBytes[eventType];
  const lines = Object.values(/** @type {CloudFrontHeaders} */ (headers)).flat();
  const size = lines.reduce(
    (total, { key = '', value }) => total + Buffer.byteLength(key + value),
    Buffer.byteLength(body),
  );
  return size <= limit ? null : `a response generated in ${eventType} may not be larger than ${limit} bytes`;
}

/** cloudfront-limits, "Quotas on Lambda@Edge" and "General quotas". */
export const QUOTAS = {
  urlBytes: 8192,
  requestBytes: 32_768,
  generatedResponseBytes: {
    'viewer-request': 40 * 1024,
    'origin-request': 1024 * 1024,
    'origin-response': 1024 * 1024,
  },
};
