/**
 * The viewer-request event of a request that came in over HTTP (lambda-event-structure).
 */
import { randomBytes } from 'node:crypto';
import { cloudFrontHeaders, textFromWire } from './header-lines.mjs';
import { isHidden } from './header-rules.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequestEvent} CloudFrontRequestEvent */

/**
 * The event CloudFront gives to a viewer-request function. `uri` and `querystring` stay percent-encoded as sent.
 *
 * @param {import('node:http').IncomingMessage} message
 * @param {{ requestId?: string, rawHeaders?: readonly string[] }} [shown] `rawHeaders` in place of the message's own
 * @returns {CloudFrontRequestEvent}
 */
export function viewerRequestEvent(message, { requestId = newRequestId(), rawHeaders = message.rawHeaders } = {}) {
  const [uri, querystring] = requestTarget(message.url ?? '/');
  const headers = Object.entries(cloudFrontHeaders(rawHeaders)).filter(([name]) => !isHidden(name));
  return edgeEvent('viewer-request', requestId, {
    clientIp: clientIp(message),
    headers: Object.fromEntries(headers),
    method: message.method ?? 'GET',
    querystring,
    uri,
  });
}

/**
 * The envelope of an edge function's event.
 *
 * @param {import('./cloudfront-rules.mjs').EventType} eventType
 * @param {string} requestId
 * @param {import('aws-lambda').CloudFrontRequest} request
 * @returns {CloudFrontRequestEvent}
 */
export function edgeEvent(eventType, requestId, request) {
  const config = {
    distributionDomainName: DISTRIBUTION_DOMAIN_NAME,
    distributionId: DISTRIBUTION_ID,
    eventType,
    requestId,
  };
  return { Records: [{ cf: { config, request } }] };
}

/** An identifier in the form of CloudFront's: 54 base64url characters and `==`. */
export function newRequestId() {
  return `${randomBytes(40).toString('base64url').slice(0, 53)}A==`;
}

/**
 * Path and query of a request target, raw. The absolute form is reduced to its path (RFC 9112, section 3.2.2).
 *
 * @param {string} target
 * @returns {[uri: string, querystring: string]}
 */
function requestTarget(target) {
  const originForm = textFromWire(target).replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = originForm.indexOf('?');
  if (mark < 0) return [originForm || '/', ''];
  return [originForm.slice(0, mark) || '/', originForm.slice(mark + 1)];
}

/** @param {import('node:http').IncomingMessage} message */
function clientIp(message) {
  return (message.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
}

export const DISTRIBUTION_DOMAIN_NAME = 'd111111abcdef8.cloudfront.net';
const DISTRIBUTION_ID = 'EDFDVBD6EXAMPLE';
