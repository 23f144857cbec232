// The origin-request function: keeps the S3 origin, or replaces it with API Gateway.

import { readEvent, takeHeader } from './cloudfront-event.mjs';
import { failClosed } from './fail-closed.mjs';
import { writeLogLine } from '../log.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {{ domain: string, path: string }} Api as `api` of config.json
 */

/** The API's resources, one per operation (src/route.rs). */
export const API_RESOURCES = ['/initiate-multipart-upload', '/complete-multipart-upload', '/list-parts'];

/** The custom header of the S3 origin. Only the distribution and the authorizer know its value. */
export const SECRET_HEADER = 'x-ossedge-origin-secret';

/** Seconds. API Gateway ends a request after 29. */
const API_TIMEOUT = 30;

/**
 * @param {object} [options]
 * @param {Api} [options.api] undefined if no operation goes there
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: import('aws-lambda').CloudFrontRequestEvent) =>
 *   Promise<import('aws-lambda').CloudFrontRequestResult>}
 */
export function createOriginRequest({ api, now = Date.now, log = writeLogLine } = {}) {
  return async (event) => {
    try {
      const { request } = readEvent(event);
      const origin = takeHeader(request, 'x-ossedge-origin');
      const handOver = takeHeader(request, 'x-ossedge-request');
      // The distribution of another bucket would store the object in the wrong bucket.
      if (origin !== undefined && origin === request.origin?.s3?.domainName) return request;
      const forApi = handOver !== undefined && API_RESOURCES.includes(request.uri);
      if (api !== undefined && origin === api.domain && forApi) return toApi(request, api, handOver);
      throw new Error(origin === undefined ? 'no viewer-request function' : `the origin is not ${origin}`);
    } catch (error) {
      const detail = error instanceof Error ? error.message : typeof error;
      return failClosed({ function: 'origin-request', detail, event, now: now(), log });
    }
  };
}

/** @param {CloudFrontRequest} request @param {Api} api @param {string} handOver */
function toApi(request, api, handOver) {
  const secret = request.origin?.s3?.customHeaders?.[SECRET_HEADER];
  request.origin = {
    custom: {
      domainName: api.domain,
      path: api.path,
      port: 443,
      protocol: 'https',
      sslProtocols: ['TLSv1.2'],
      readTimeout: API_TIMEOUT,
      keepaliveTimeout: 5,
      customHeaders: secret === undefined ? {} : { [SECRET_HEADER]: secret },
    },
  };
  // API Gateway answers 403 to the bucket's host.
  request.headers.host = [{ key: 'Host', value: api.domain }];
  request.headers['x-ossedge-request'] = [{ key: 'x-ossedge-request', value: handOver }];
  return request;
}
