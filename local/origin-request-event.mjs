/**
 * The origin-request event that follows a viewer's request, or a viewer-request function's result
 * (lambda-event-structure).
 */
import { ORIGIN_REQUEST_POLICY, S3_ORIGIN } from '../deploy/distribution.mjs';
import { forwarded } from './origin-request-policy.mjs';
import { DISTRIBUTION_DOMAIN_NAME, edgeEvent } from './viewer-request-event.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('aws-lambda').CloudFrontHeaders} CloudFrontHeaders */

/**
 * The event CloudFront gives to an origin-request function, with an S3 origin under origin access control.
 *
 * @param {CloudFrontRequest} viewerRequest as the viewer-request function returned it, or as it came without one
 * @param {object} origin
 * @param {string} origin.requestId
 * @param {string} origin.domainName
 * @param {Record<string, string>} [origin.customHeaders] the origin's configured custom headers, name to value
 * @param {import('../deploy/distribution.mjs').OriginRequestPolicy} [policy]
 * @returns {import('aws-lambda').CloudFrontRequestEvent}
 */
export function originRequestEvent(
  viewerRequest,
  { requestId, domainName, customHeaders = {} },
  policy = ORIGIN_REQUEST_POLICY,
) {
  const { clientIp, method, uri } = viewerRequest;
  const configured = customHeaderObject(customHeaders);
  const { headers: passed, querystring } = forwarded(viewerRequest, policy);
  const headers = originHeaders(passed, { clientIp, domainName, overwritten: Object.keys(configured) });
  const origin = s3Origin(domainName, configured);
  return edgeEvent('origin-request', requestId, { clientIp, headers, method, origin, querystring, uri });
}

/**
 * @param {CloudFrontHeaders} passed by the policy
 * @param {object} origin
 * @param {string} origin.clientIp
 * @param {string} origin.domainName is the Host, unless the policy passes the viewer's
 * @param {string[]} origin.overwritten names of custom headers, which take the place of what the viewer sent
 *   (add-origin-custom-headers)
 * @returns {CloudFrontHeaders}
 */
function originHeaders(passed, { clientIp, domainName, overwritten }) {
  const headers = Object.fromEntries(Object.entries(passed).filter(([name]) => !overwritten.includes(name)));
  return {
    'user-agent': [{ key: 'User-Agent', value: 'Amazon CloudFront' }],
    host: [{ key: 'Host', value: domainName }],
    ...headers,
    via: [...(headers.via ?? []), { key: 'Via', value: VIA }],
    'x-forwarded-for': [{ key: 'X-Forwarded-For', value: forwardedFor(headers, clientIp) }],
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
  const timeouts = { readTimeout: S3_ORIGIN.readTimeoutSeconds, responseCompletionTimeout: 0 };
  const s3 = { authMethod: 'none', customHeaders, domainName, path: S3_ORIGIN.path, region: '', ...timeouts };
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
