// The request that the authorizer verified, for the functions behind the API.

import { digestOf, headerOf, unpackHeaders } from './api-gateway-event.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent
 *
 * @typedef {object} Verified the authorizer's context
 * @property {string} digest of the hand-over
 * @property {string} operation
 * @property {string} bucket the OSS bucket
 * @property {string} key
 * @property {string} requestId in OSS's form
 * @property {string} s3Bucket
 * @property {string} region
 * @property {string} query for S3
 * @property {string} options separated by spaces
 * @property {string} headers for S3, packed
 *
 * @typedef {object} Request what an operation works with
 * @property {string} bucket the OSS bucket
 * @property {string} key
 * @property {{ Bucket: string, Key: string }} object in S3
 * @property {URLSearchParams} query for S3
 * @property {Set<string>} options
 * @property {Record<string, string>} headers for S3
 * @property {string} handOver
 * @property {Buffer} body
 */

/**
 * The authorizer's context if it is for this request and this operation. A cached context of another
 * request isn't.
 *
 * @param {ProxyEvent} event @param {string} operation
 * @returns {Verified | undefined}
 */
export function readContext(event, operation) {
  const context = event?.requestContext?.authorizer;
  const handOver = event && headerOf(event, 'x-ossedge-request');
  const isThis = context?.digest && handOver !== undefined && context.digest === digestOf(handOver);
  return isThis && context.operation === operation
    ? /** @type {Verified} */ (/** @type {unknown} */ (context))
    : undefined;
}

/** @param {Verified} verified @param {ProxyEvent} event @returns {Request} */
export function requestOf({ bucket, key, s3Bucket, query, options, headers }, event) {
  return {
    bucket,
    key,
    object: { Bucket: s3Bucket, Key: key },
    // The core writes a space as %20, never as `+`.
    query: new URLSearchParams(query),
    options: new Set(options.split(' ')),
    headers: unpackHeaders(headers),
    handOver: headerOf(event, 'x-ossedge-request') ?? '',
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  };
}
