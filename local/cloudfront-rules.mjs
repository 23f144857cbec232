/**
 * The rules CloudFront enforces: on a viewer's request, and on what an edge function returns.
 *
 * Page names are pages of the Amazon CloudFront Developer Guide.
 */
import { originViolation } from './origin-rules.mjs';

/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */
/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent */
/** @typedef {'viewer-request' | 'origin-request' | 'origin-response'} EventType */
/** @typedef {CloudFrontRequestEvent | import('aws-lambda').CloudFrontResponseEvent} EdgeEvent */
/** @typedef {string | null} Violation a sentence naming the broken rule */

/**
 * Refusal of a viewer's request before any function runs, or null.
 *
 * @param {{ method: string, url: string, rawHeaders: readonly string[], hasBody: boolean }} request
 *   `url` and `rawHeaders` one character per byte
 * @returns {{ status: number, reason: string } | null}
 */
export function requestRefusal({ method, url, rawHeaders, hasBody }) {
  const headerBytes = rawHeaders.reduce((total, part) => total + part.length, 0);
  if (!/^(\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(url)) return { status: 400, reason: 'the request target has no path' };
  if (url.length > QUOTAS.urlBytes) return { status: 414, reason: `the URL is longer than ${QUOTAS.urlBytes} bytes` };
  if (url.length + headerBytes > QUOTAS.requestBytes) {
    return { status: 494, reason: `the URL and headers are longer than ${QUOTAS.requestBytes} bytes` };
  }
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
 * Whether edge functions neither see a header nor may add it.
 *
 * @param {string} name lower-case
 */
export function isHidden(name) {
  return HIDDEN_HEADERS.has(name) || HIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix));
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
  if (after !== before && /[\0-\x20\x7f?#]/.test(after)) return 'the field uri may not contain spaces, control characters, `?` or `#`';
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
  if (after !== before && /[\0-\x20\x7f#]/.test(after)) return 'a querystring may not contain spaces, control characters or `#`';
  return null;
}

/**
 * @param {EventType} eventType
 * @param {CloudFrontHeaders} before
 * @param {unknown} after
 * @returns {Violation}
 */
function headersViolation(eventType, before, after) {
  const malformed = headerShapeViolation(after);
  if (malformed) return malformed;
  const headers = /** @type {CloudFrontHeaders} */ (after);
  return (
    hiddenHeaderViolation(headers) ??
    READ_ONLY_HEADERS[eventType].map((name) => readOnlyViolation(eventType, name, before[name], headers[name])).find(Boolean) ??
    null
  );
}

/**
 * @param {unknown} headers
 * @returns {Violation}
 */
function headerShapeViolation(headers) {
  if (!isObject(headers)) return 'the field headers must be an object';
  for (const [name, values] of Object.entries(headers)) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return `the header name \`${name}\` must be a lower-case token`;
    if (!Array.isArray(values)) return `the entry of the header ${name} must be an array`;
    const bad = values.map((entry) => headerEntryViolation(name, entry)).find(Boolean);
    if (bad) return bad;
  }
  return null;
}

/**
 * @param {string} name
 * @param {unknown} entry
 * @returns {Violation}
 */
function headerEntryViolation(name, entry) {
  if (!isObject(entry) || typeof entry.value !== 'string') return `the value of the header ${name} must be a string`;
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(entry.value)) return `the value of the header ${name} may not contain control characters`;
  // lambda-event-structure, "Headers": apart from case, the key must be the name.
  if (entry.key !== undefined && (typeof entry.key !== 'string' || entry.key.toLowerCase() !== name)) {
    return `the key \`${String(entry.key)}\` does not match the header name ${name}`;
  }
  return null;
}

/**
 * @param {CloudFrontHeaders} headers
 * @returns {Violation}
 */
function hiddenHeaderViolation(headers) {
  const name = Object.keys(headers).find(isHidden);
  return name === undefined ? null : `the header ${name} is not allowed in edge functions`;
}

/**
 * @param {EventType} eventType
 * @param {string} name
 * @param {CloudFrontHeaders[string] | undefined} before
 * @param {CloudFrontHeaders[string] | undefined} after
 * @returns {Violation}
 */
function readOnlyViolation(eventType, name, before = [], after = []) {
  const same = before.length === after.length && before.every(({ value }, at) => value === after[at]?.value);
  return same ? null : `the header ${name} is read-only in ${eventType} functions`;
}

/**
 * @param {EventType} eventType
 * @param {CloudFrontHeaders} before the origin's headers, of a response that a function got
 * @param {Record<string, unknown>} response
 * @returns {Violation}
 */
function responseViolation(eventType, before, response) {
  const { status, statusDescription, body, bodyEncoding = 'text', headers = {} } = response;
  if (typeof status !== 'string' || !/^[2-5]\d\d$/.test(status)) return 'the field status must be a string from 200 to 599';
  if (statusDescription !== undefined && typeof statusDescription !== 'string') return 'the field statusDescription must be a string';
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
  const size = lines.reduce((total, { key = '', value }) => total + Buffer.byteLength(key + value), Buffer.byteLength(body));
  return size <= limit ? null : `a response generated in ${eventType} may not be larger than ${limit} bytes`;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** cloudfront-limits, "Quotas on Lambda@Edge" and "General quotas". */
export const QUOTAS = {
  urlBytes: 8192,
  requestBytes: 32_768,
  generatedResponseBytes: { 'viewer-request': 40 * 1024, 'origin-request': 1024 * 1024, 'origin-response': 1024 * 1024 },
};

/** edge-function-restrictions-all, "Disallowed headers". */
export const HIDDEN_HEADERS = new Set([
  'connection', 'expect', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'trailer', 'upgrade',
  'x-accel-buffering', 'x-accel-charset', 'x-accel-limit-rate', 'x-accel-redirect', 'x-amzn-auth', 'x-amzn-cf-billing',
  'x-amzn-cf-id', 'x-amzn-cf-xff', 'x-amzn-errortype', 'x-amzn-fle-profile', 'x-amzn-header-count', 'x-amzn-header-order',
  'x-amzn-lambda-integration-tag', 'x-amzn-requestid', 'x-cache', 'x-forwarded-proto', 'x-real-ip',
]);

/** edge-function-restrictions-all, "Disallowed headers". */
export const HIDDEN_PREFIXES = ['x-amz-cf-', 'x-edge-'];

/**
 * edge-function-restrictions-all, "Read-only headers"; CloudFront-Viewer-Country because a viewer-request function that
 * sets it gets a 502 (add-cloudfront-headers).
 *
 * @type {Record<EventType, string[]>}
 */
export const READ_ONLY_HEADERS = {
  'viewer-request': ['cdn-loop', 'cloudfront-viewer-country', 'content-length', 'host', 'transfer-encoding', 'via'],
  'origin-request': [
    'accept-encoding', 'cdn-loop', 'content-length', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since',
    'transfer-encoding', 'via',
  ],
  'origin-response': ['transfer-encoding', 'via'],
};
