/**
 * The responses of API Gateway: its own, and those of Lambda proxy integrations.
 *
 * Page names are pages of the API Gateway developer guide.
 */
import { randomUUID } from 'node:crypto';

/** @typedef {{ status: number, headers: [name: string, value: string][], body: Buffer }} ApiResponse */

/**
 * A Lambda proxy integration's result as a response (set-up-lambda-proxy-integrations, "Output format").
 *
 * @param {any} result
 * @returns {ApiResponse}
 * @throws {TypeError} where the result is not in that form, which is a 502
 */
export function proxyResponse(result) {
  const { statusCode, headers = {}, multiValueHeaders = {}, body = '', isBase64Encoded = false } = result;
  if (!Number.isInteger(Number(statusCode)) || Number(statusCode) < 100 || typeof body !== 'string') {
    throw new TypeError('malformed proxy response');
  }
  const multiple = Object.entries(multiValueHeaders).flatMap(([name, values]) =>
    /** @type {unknown[]} */ (values).map((value) => ({ name, value })),
  );
  const single = Object.entries(headers)
    .map(([name, value]) => ({ name, value }))
    .filter(({ name }) => !(name in multiValueHeaders));
  const lines = [...single, ...multiple].map(({ name, value }) => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw new TypeError('malformed proxy response header');
    return /** @type {[string, string]} */ ([remapped(name), String(value)]);
  });
  const hasType = lines.some(([name]) => name.toLowerCase() === 'content-type');
  const typed = hasType ? lines : [...lines, /** @type {[string, string]} */ (['Content-Type', 'application/json'])];
  return response(Number(statusCode), typed, Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

/**
 * @param {number} status
 * @param {object} body
 * @param {string} [errorType]
 */
export function gatewayResponse(status, body, errorType) {
  /** @type {[string, string][]} */
  const type = errorType ? [['x-amzn-ErrorType', errorType]] : [];
  return response(status, [['Content-Type', 'application/json'], ...type], Buffer.from(JSON.stringify(body)));
}

/**
 * @param {number} status
 * @param {string} text
 */
export function plainResponse(status, text) {
  return response(status, [['Content-Type', 'text/plain']], Buffer.from(text));
}

/**
 * @param {number} status
 * @param {[string, string][]} headers
 * @param {Buffer} body
 * @returns {ApiResponse}
 */
export function response(status, headers, body) {
  return { status, headers: [['x-amzn-RequestId', randomUUID()], ...headers], body };
}

/** @param {string} name */
function remapped(name) {
  return REMAPPED_RESPONSE_HEADERS.has(name.toLowerCase()) ? `x-amzn-remapped-${name.toLowerCase()}` : name;
}

/** api-gateway-known-issues. */
const REMAPPED_RESPONSE_HEADERS = new Set([
  'authorization',
  'connection',
  'content-md5',
  'date',
  'max-forwards',
  'server',
  'user-agent',
  'www-authenticate',
]);
