/**
 * The REST API behind the edge. The templates are made of it, and the local API Gateway of `serve` obeys it.
 *
 * Page names are pages of the API Gateway developer guide.
 */

/** @typedef {'initiate' | 'complete' | 'list-parts' | 'head-object'} Integration */
/** @typedef {{ method: string, resource: string, function: Integration }} ApiMethod */

/** @type {readonly ApiMethod[]} */
export const API_METHODS = [
  { method: 'POST', resource: '/initiate-multipart-upload', function: 'initiate' },
  { method: 'POST', resource: '/complete-multipart-upload', function: 'complete' },
  { method: 'GET', resource: '/list-parts', function: 'list-parts' },
  { method: 'HEAD', resource: '/head-object', function: 'head-object' },
  { method: 'GET', resource: '/head-object', function: 'head-object' },
];

/** An authorizer's result is for one signature, so it may not be cached. */
export const AUTHORIZER = { type: 'REQUEST', resultTtlSeconds: 0 };

/** An integration's longest time (api-gateway-execution-service-limits-table). */
export const INTEGRATION_TIMEOUT_SECONDS = 29;

/** The authorizer's own refusal is in OSS's words. A device tries again after a 503. */
export const GATEWAY_RESPONSES = {
  accessDenied: {
    type: 'ACCESS_DENIED',
    status: 403,
    contentType: 'application/xml',
    template: '$context.authorizer.body',
  },
  authorizerFailure: { type: 'AUTHORIZER_FAILURE', status: 503 },
};

/**
 * The methods that a configuration has. Complete is among them even where uploads are completed by S3 itself: those that
 * began with staged parts go on through the API.
 *
 * @param {{ listParts?: boolean, headObject?: string }} config
 */
export function apiMethods({ listParts, headObject }) {
  const left = new Set();
  if (listParts === false) left.add('list-parts');
  if (headObject !== 'served') left.add('head-object');
  return API_METHODS.filter((method) => !left.has(method.function));
}
