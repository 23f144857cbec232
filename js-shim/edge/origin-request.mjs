// The origin-request function: opens what viewer-request sealed, and keeps the S3 origin, or replaces it with API Gateway
// or the relay.

import { createSeal } from '../core/seal.mjs';
import { readEvent } from './cloudfront-event.mjs';
import { failClosed } from './fail-closed.mjs';
import { writeLogLine } from '../log.mjs';
import { MISSING_CONTENT_LENGTH } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {{ domain: string, path: string }} Endpoint as `api` or `relay` of config.json
 */

/** The API's resources, one per operation (src/route.rs). */
export const API_RESOURCES = [
  '/initiate-multipart-upload',
  '/complete-multipart-upload',
  '/list-parts',
  '/head-object',
];

/** The relay has the API's, and those for bodies that S3 refuses. */
export const RELAY_RESOURCES = [...API_RESOURCES, '/put-object', '/upload-part'];

/** The custom header of the S3 origin. Only the distribution and the authorizer or the relay know its value. */
export const SECRET_HEADER = 'x-ossedge-origin-secret';

/** Seconds without an answer. API Gateway ends a request after 29; devices give up after 60 at most. */
const READ_TIMEOUTS = { api: 30, relay: 60 };

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {Uint8Array} options.seal the contents of `seal.bin`
 * @param {Endpoint} [options.api] undefined if no operation goes there
 * @param {Endpoint} [options.relay] undefined if nothing goes there
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: import('aws-lambda').CloudFrontRequestEvent) =>
 *   Promise<import('aws-lambda').CloudFrontRequestResult>}
 * @throws {Error} when the seal's bytes are damaged, or made by another build
 */
export function createOriginRequest({ wasm, seal: bytes, api, relay, now = Date.now, log = writeLogLine }) {
  const seal = createSeal({ wasm, bytes });
  return async (event) => {
    const time = now();
    try {
      const { request, requestId } = readEvent(event);
      const handOver = seal.openHandOver(request, requestId, time);
      if (handOver.fault !== undefined) throw new Error(handOver.fault);
      const { origin, remove } = handOver;
      for (const name of Object.keys(request.headers)) {
        if (remove.includes(name.toLowerCase())) delete request.headers[name];
      }
      if (isBucket(request, origin)) {
        if (!isFramedInChunks(request)) return request;
        const detail = 'S3 would get the body in chunks, or their framing as content: a `relay` takes such a body';
        return failClosed({ function: 'origin-request', detail, error: MISSING_CONTENT_LENGTH, event, now: time, log });
      }
      const { uri } = request;
      if (api && origin === api.domain && API_RESOURCES.includes(uri)) return to('api', api, request);
      if (relay && origin === relay.domain && RELAY_RESOURCES.includes(uri)) return to('relay', relay, request);
      throw new Error(`the origin is not ${origin}`);
    } catch (error) {
      const detail = error instanceof Error ? error.message : typeof error;
      return failClosed({ function: 'origin-request', detail, event, now: time, log });
    }
  };
}

/**
 * Whether the distribution's own origin is the bucket that was decided on. Another bucket, or a path before the key,
 * would store the object elsewhere.
 *
 * @param {CloudFrontRequest} request @param {string} domainName
 */
function isBucket({ origin }, domainName) {
  if (origin?.s3?.domainName !== domainName) return false;
  if (origin.s3.path) throw new Error('the S3 origin has an origin path: remove it');
  return true;
}

/**
 * S3 takes no body in chunks. Should CloudFront go by a Content-Length beside them, S3 would store their framing.
 *
 * @param {CloudFrontRequest} request
 */
function isFramedInChunks({ method, headers }) {
  return method === 'PUT' && 'transfer-encoding' in headers;
}

/** @param {keyof typeof READ_TIMEOUTS} kind @param {Endpoint} endpoint @param {CloudFrontRequest} request */
function to(kind, endpoint, request) {
  const secret = request.origin?.s3?.customHeaders?.[SECRET_HEADER];
  request.origin = {
    custom: {
      domainName: endpoint.domain,
      path: endpoint.path,
      port: 443,
      protocol: 'https',
      sslProtocols: ['TLSv1.2'],
      readTimeout: READ_TIMEOUTS[kind],
      keepaliveTimeout: 5,
      customHeaders: secret === undefined ? {} : { [SECRET_HEADER]: secret },
    },
  };
  // API Gateway and web functions answer 403 to the bucket's host.
  request.headers.host = [{ key: 'Host', value: endpoint.domain }];
  return request;
}
