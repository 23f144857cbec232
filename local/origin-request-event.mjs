/**
 * The origin-request event that follows a viewer-request function's result (lambda-event-structure).
 */
import { DISTRIBUTION_DOMAIN_NAME, edgeEvent } from './viewer-request-event.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */

/**
 * The event CloudFront gives to an origin-request function, under an origin request policy of all viewer headers except
 * Host, all query strings and no cookies, with an S3 origin under origin access control.
 *
 * @param {CloudFrontRequest} viewerRequest as the viewer-request function returned it
 * @param {{ requestId: string, domainName: string, customHeaders?: Record<string, string> }} origin
 *   `customHeaders` are the origin's configured custom headers, name to value
 * @returns {import('aws-lambda').CloudFrontRequestEvent}
 */
export function originRequestEvent(viewerRequest, { requestId, domainName, customHeaders = {} }) {
  const { clientIp, method, uri, querystring } = viewerRequest;
  const configured = customHeaderObject(customHeaders);
  const headers = forwardedHeaders(viewerRequest, domainName, Object.keys(configured));
  const origin = s3Origin(domainName, configured);
  return edgeEvent('origin-request', requestId, { clientIp, headers, method, origin, querystring, uri });
}

/**
 * @param {CloudFrontRequest} viewerRequest
 * @param {string} domainName
 * @param {string[]} overwritten names of custom headers, which take the place of what the viewer sent
 *   (add-origin-custom-headers)
 * @returns {CloudFrontHeaders}
 */
function forwardedHeaders({ headers, clientIp }, domainName, overwritten) {
  const { cookie, ...forwarded } = structuredClone(headers);
  for (const name of overwritten) delete forwarded[name];
  return {
    'user-agent': [{ key: 'User-Agent', value: 'Amazon CloudFront' }],
    ...forwarded,
    host: [{ key: 'Host', value: domainName }],
    via: [...(forwarded.via ?? []), { key: 'Via', value: VIA }],
    'x-forwarded-for': [{ key: 'X-Forwarded-For', value: forwardedFor(forwarded, clientIp) }],
  };
}

/**
 * @param {CloudFrontHeaders} headers
 * @param {string} clientIp is appended (RequestAndResponseBehaviorCustomOrigin, "Client IP addresses")
 */
function forwardedFor(headers, clientIp) {
  return [...(headers['x-forwarded-for'] ?? []).map(({ value }) => value), clientIp].join(', ');
}

/**
 * The S3 origin as functions see it: with origin access control, `authMethod` is `none`.
 *
 * @param {string} domainName
 * @param {CloudFrontHeaders} customHeaders
 * @returns {import('aws-lambda').CloudFrontOrigin}
 */
function s3Origin(domainName, customHeaders) {
  const timeouts = { readTimeout: 30, responseCompletionTimeout: 0 };
  const s3 = { authMethod: 'none', customHeaders, domainName, path: '', region: '', ...timeouts };
  // @types/aws-lambda has no region beside `none`; CloudFront gives an empty one.
  return { s3: /** @type {any} */ (s3) };
}

/**
 * @param {Record<string, string>} customHeaders
 * @returns {CloudFrontHeaders}
 */
function customHeaderObject(customHeaders) {
  return Object.fromEntries(Object.entries(customHeaders).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]));
}

export const VIA = `1.1 ${DISTRIBUTION_DOMAIN_NAME} (CloudFront)`;
