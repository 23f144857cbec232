// The request that the authorizer verified, for the functions behind the API.

import { verifiedRequest } from '../operations/request.mjs';
import { urlOf } from '../operations/requested-url.mjs';
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
 * @property {string} [uploadOptions] of an upload that begins
 * @property {string} [uploadId] of an upload that is listed, as the client has it
 * @property {string} [staging] folder of an upload whose small parts are staged
 * @property {string} [maxJoinBytes] the most bytes of staged parts that are joined
 */

/**
 * The authorizer's context, if it is for this request and this operation; undefined for one that API Gateway cached for
 * another request.
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

/**
 * @param {Verified} verified @param {ProxyEvent} event
 * @returns {import('../operations/request.mjs').RequestWithBody}
 */
export function requestOf(verified, event) {
  const options = verified.options.split(' ').filter(Boolean);
  const url = urlOf(headerOf(event, 'x-ossedge-request') ?? '');
  const maxJoinBytes = Number(verified.maxJoinBytes ?? 0);
  const request = verifiedRequest({ ...verified, options, maxJoinBytes }, unpackHeaders(verified.headers), url);
  return { ...request, body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8') };
}
