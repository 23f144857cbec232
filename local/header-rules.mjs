/**
 * The rules CloudFront enforces on the headers that an edge function returns.
 *
 * Page names are pages of the Amazon CloudFront Developer Guide.
 */

/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */
/** @typedef {'viewer-request' | 'origin-request' | 'origin-response'} EventType */
/** @typedef {string | null} Violation a sentence naming the broken rule */

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
 * @param {CloudFrontHeaders} before
 * @param {unknown} after
 * @returns {Violation}
 */
export function headersViolation(eventType, before, after) {
  const malformed = headerShapeViolation(after);
  if (malformed) return malformed;
  const headers = /** @type {CloudFrontHeaders} */ (after);
  return (
    hiddenHeaderViolation(headers) ??
    READ_ONLY_HEADERS[eventType]
      .map((name) => readOnlyViolation(eventType, name, before[name], headers[name]))
      .find(Boolean) ??
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
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(entry.value)) {
    return `the value of the header ${name} may not contain control characters`;
  }
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
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** edge-function-restrictions-all, "Disallowed headers". */
export const HIDDEN_HEADERS = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
  'upgrade',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-amzn-auth',
  'x-amzn-cf-billing',
  'x-amzn-cf-id',
  'x-amzn-cf-xff',
  'x-amzn-errortype',
  'x-amzn-fle-profile',
  'x-amzn-header-count',
  'x-amzn-header-order',
  'x-amzn-lambda-integration-tag',
  'x-amzn-requestid',
  'x-cache',
  'x-forwarded-proto',
  'x-real-ip',
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
    'accept-encoding',
    'cdn-loop',
    'content-length',
    'if-modified-since',
    'if-none-match',
    'if-range',
    'if-unmodified-since',
    'transfer-encoding',
    'via',
  ],
  'origin-response': ['transfer-encoding', 'via'],
};
