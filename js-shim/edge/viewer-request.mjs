// The viewer-request function: verifies a request's signature, and forwards or refuses it.

import { applyForward } from './cloudfront-event.mjs';
import { deciding } from './deciding.mjs';
import { WiringFault } from './fail-closed.mjs';

/**
 * @param {import('./deciding.mjs').Deciding} options
 * @returns {(event: import('aws-lambda').CloudFrontRequestEvent) =>
 *   Promise<import('aws-lambda').CloudFrontRequestResult>}
 */
export function createViewerRequest(options) {
  return deciding(options, { name: 'viewer-request', check: () => {}, apply });
}

/** @type {import('./deciding.mjs').Place['apply']} */
function apply(request, decision) {
  if (decision.domain !== undefined) throw new WiringFault(OTHER_TRIGGERS);
  return applyForward(request, decision);
}

const OTHER_TRIGGERS = 'with `triggers` "origin-request" no function may be associated with viewer request';
