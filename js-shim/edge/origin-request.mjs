// The origin-request function: keeps the S3 origin, or replaces it with API Gateway or the relay.

import { readEvent, takeHeader } from './cloudfront-event.mjs';
import { failClosed } from './fail-closed.mjs';
import { writeLogLine } from '../log.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {{ domain: string, path: string }} Endpoint as `api` or `relay` of config.json
 */

/** The API's resources, one per operation (src/route.rs). */
export const API_RESOURCES = ['/initiate-multipart-upload', '/complete-multipart-upload', '/list-parts'];

/** The relay has the API's, and those for bodies that S3 refuses. */
export const RELAY_RESOURCES = [...API_RESOURCES, '/put-object', '/upload-part'];

/** The custom header of the S3 origin. Only the distribution and the authorizer or the relay know its value. */
export const SECRET_HEADER = 'x-ossedge-origin-secret';

/** Seconds without an answer. API Gateway ends a request after 29; devices give up after 60 at most. */
const READ_TIMEOUTS = { api: 30, relay: 60 };

/**
 * @param {object} [options]
 * @param {Endpoint} [options.api] undefined if no operation goes there
 * @param {Endpoint} [options.relay] undefined if nothing goes there
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: import('aws-lambda').CloudFrontRequestEvent) =>
 *   Promise<import('aws-lambda').CloudFrontRequestResult>}
 */
export function createOriginRequest({ api, relay, now = Date.now, log = writeLogLine } = {}) {
  return async (event) => {
    try {
      const { request } = readEvent(event);
      const origin = takeHeader(request, 'x-ossedge-origin');
      const handOver = takeHeader(request, 'x-ossedge-request');
      // The distribution of another bucket would store the object in the wrong bucket.
      if (origin !== undefined && origin === request.origin?.s3?.domainName) return request;
      if (handOver !== undefined) {
        const { uri } = request;
        if (api && origin === api.domain && API_RESOURCES.includes(uri)) return to('api', api, request, handOver);
        if (relay && origin === relay.domain && RELAY_RESOURCES.includes(uri)) return to('relay', relay, request, handOver);
      }
      throw new Error(origin === undefined ? 'no viewer-request function' : `the origin is not ${origin}`);
    } catch (error) {
      const detail = error instanceof Error ? error.message : typeof error;
      return failClosed({ function: 'origin-request', detail, event, now: now(), log });
    }
  };
}

/**
 * @param {keyof typeof READ_TIMEOUTS} kind @param {Endpoint} endpoint
 * @param {CloudFrontRequest} request @param {string} handOver
 */
function to(kind, endpoint, request, handOver) {
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
  request.headers['x-ossedge-request'] = [{ key: 'x-ossedge-request', value: handOver }];
  return request;
}
