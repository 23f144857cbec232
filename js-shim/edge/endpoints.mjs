// The API and the relay as origins, in place of the distribution's S3 origin.

import { WiringFault } from './fail-closed.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {{ domain: string, path: string }} Endpoint as `api` or `relay` of config.json
 * @typedef {{ api?: Endpoint, relay?: Endpoint }} Endpoints undefined if there is none
 */

/** The API's resources, one per operation (src/route.rs). */
export const API_RESOURCES = [
  '/initiate-multipart-upload',
  '/complete-multipart-upload',
  '/list-parts',
  '/head-object',
];

/** The relay's resources: those of the API, and those for bodies that S3 refuses. */
const RELAY_RESOURCES = [...API_RESOURCES, '/put-object', '/upload-part'];

/** The custom header of the S3 origin whose value only the distribution and the authorizer or the relay know. */
export const SECRET_HEADER = 'x-ossedge-origin-secret';

/** How many seconds CloudFront waits for an answer. API Gateway ends a request after 29; devices wait at most 60. */
const READ_TIMEOUTS = { api: 30, relay: 60 };

/**
 * Whether the distribution's own origin is the bucket that was decided on. With another bucket, or an origin path, the
 * object would be stored elsewhere.
 *
 * @param {CloudFrontRequest} request @param {string} domainName
 * @throws {WiringFault} when the origin has a path
 */
export function isBucket({ origin }, domainName) {
  if (origin?.s3?.domainName !== domainName) return false;
  if (origin.s3.path) throw new WiringFault('the S3 origin has an origin path: remove it');
  return true;
}

/**
 * Sets the API or the relay as the origin of a request.
 *
 * @param {CloudFrontRequest} request is changed
 * @param {string} domain of the origin that was decided on
 * @param {Endpoints} endpoints
 * @throws {WiringFault} when the domain is neither's, or the path isn't one of its resources
 */
export function toEndpoint(request, domain, { api, relay }) {
  const { uri, origin } = request;
  if (api && domain === api.domain && API_RESOURCES.includes(uri)) return to('api', api, request);
  if (relay && domain === relay.domain && RELAY_RESOURCES.includes(uri)) return to('relay', relay, request);
  const bundled = (api ?? relay)?.domain;
  if (domain === bundled) throw new WiringFault(OTHER_RELEASE);
  const found = origin?.s3?.domainName ?? 'no S3 origin';
  throw new WiringFault(
    `the origin is not ${domain}: the distribution has ${found}, and this bundle ${bundled ?? 'no API or relay'}`,
  );
}

const OTHER_RELEASE = 'no such resource at the API or the relay: viewer-request is of another release';

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
  // API Gateway and web functions answer 403 to any other Host.
  request.headers.host = [{ key: 'Host', value: endpoint.domain }];
  return request;
}
