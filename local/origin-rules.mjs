/**
 * The rules for `request.origin` in what an edge function returns (lambda-event-structure, "Request event").
 */
import { isDeepStrictEqual } from 'node:util';
import { isIP } from 'node:net';

/**
 * The rule a returned request's origin breaks, or null.
 *
 * @param {import('aws-lambda').CloudFrontRequest} before
 * @param {Record<string, unknown>} after
 * @returns {string | null}
 */
export function originViolation(before, after) {
  if (isDeepStrictEqual(before.origin, after.origin)) return null;
  // A viewer request has no origin yet: only origin-request functions may choose one.
  if (!before.origin) return 'only origin-request functions may set an origin';
  if (!isObject(after.origin)) return 'the field origin may not be removed';
  const kinds = Object.keys(after.origin);
  if (kinds.length !== 1) return 'an origin must be exactly one of s3 and custom';
  // private-content-restricting-access-to-s3: "OAC doesn't support origin redirect by using Lambda@Edge".
  if (kinds[0] === 's3') return 'an S3 origin with origin access control may not be changed';
  if (!isObject(after.origin.custom)) return 'an origin must be exactly one of s3 and custom';
  return customOriginViolation(after.origin.custom, after.headers);
}

/**
 * @param {Record<string, unknown>} custom
 * @param {unknown} headers
 */
function customOriginViolation(custom, headers) {
  const missing = CUSTOM_ORIGIN_FIELDS.find((field) => custom[field] === undefined);
  if (missing) return `the field ${missing} of a custom origin is required`;
  const [field] = Object.entries(LEGAL).find(([name, isLegal]) => !isLegal(custom[name])) ?? [];
  if (field) return `the value of the field ${field} of a custom origin is not legal`;
  return customHeadersViolation(custom.customHeaders, headers);
}

/**
 * @param {unknown} customHeaders
 * @param {unknown} headers
 */
function customHeadersViolation(customHeaders, headers) {
  if (!isObject(customHeaders)) return 'the field customHeaders must be an object';
  for (const name of Object.keys(customHeaders)) {
    if (isObject(headers) && name in headers) {
      return `the header ${name} may not be both in headers and in customHeaders`;
    }
    // add-origin-custom-headers, "Custom headers that CloudFront can't add to origin requests".
    if (name.startsWith('x-amz-') || name.startsWith('x-edge-')) return `the header ${name} may not be a custom header`;
  }
  return null;
}

/** @param {unknown} value */
function isDomainName(value) {
  return (
    typeof value === 'string' && value.length <= 253 && isIP(value) === 0 && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(value)
  );
}

/** @param {unknown} value */
function isOriginPath(value) {
  return typeof value === 'string' && value.length <= 255 && (value === '' || /^\/.*[^/]$/.test(value));
}

/** @param {unknown} value */
function isPort(value) {
  return (
    Number.isInteger(value) && (value === 80 || value === 443 || (Number(value) >= 1024 && Number(value) <= 65_535))
  );
}

/** @param {unknown} value seconds */
function isTimeout(value) {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 120;
}

/** @param {unknown} value */
function isProtocols(value) {
  return Array.isArray(value) && value.length > 0 && value.every((protocol) => SSL_PROTOCOLS.has(protocol));
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SSL_PROTOCOLS = new Set(['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2']);

const CUSTOM_ORIGIN_FIELDS = [
  'customHeaders',
  'domainName',
  'keepaliveTimeout',
  'path',
  'port',
  'protocol',
  'readTimeout',
  'sslProtocols',
];

/** @type {Record<string, (value: unknown) => boolean>} */
const LEGAL = {
  domainName: isDomainName,
  keepaliveTimeout: isTimeout,
  path: isOriginPath,
  port: isPort,
  protocol: (value) => value === 'http' || value === 'https',
  readTimeout: isTimeout,
  sslProtocols: isProtocols,
};
