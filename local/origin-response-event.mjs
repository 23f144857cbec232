/**
 * The origin-response event of what an origin answered (lambda-event-structure, "Response event").
 */
import { headerObject } from './header-lines.mjs';
import { isHidden } from './header-rules.mjs';
import { edgeEvent } from './viewer-request-event.mjs';

/** @typedef {import('./viewer-response.mjs').ViewerResponse} ViewerResponse */

/**
 * @param {import('aws-lambda').CloudFrontRequest} request as the origin got it
 * @param {ViewerResponse} answer
 * @param {string} requestId
 * @returns {import('aws-lambda').CloudFrontResponseEvent}
 */
export function originResponseEvent(request, { status, statusText = '', headers }, requestId) {
  const visible = headerObject(headers.filter(([name]) => !isHidden(name.toLowerCase())));
  const response = { status: String(status), statusDescription: statusText, headers: visible };
  const [{ cf }] = edgeEvent('origin-response', requestId, request).Records;
  return { Records: [{ cf: { ...cf, response } }] };
}
