// The one function of `"triggers": "origin-request"`: verifies a request's signature, refuses it, or sends it to the
// bucket, to API Gateway or to the relay.

import { applyAtOriginRequest } from './cloudfront-event.mjs';
import { deciding } from './deciding.mjs';
import { isBucket, toEndpoint } from './endpoints.mjs';
import { WiringFault } from './fail-closed.mjs';

/**
 * @param {import('./deciding.mjs').Deciding & import('./endpoints.mjs').Endpoints} options
 * @returns {(event: import('aws-lambda').CloudFrontRequestEvent) =>
 *   Promise<import('aws-lambda').CloudFrontRequestResult>}
 */
export function createOneFunction({ api, relay, ...options }) {
  return deciding(options, { name: 'origin-request', check, apply });

  /** @type {import('./deciding.mjs').Place['apply']} */
  function apply(request, decision) {
    const { domain } = decision;
    if (domain === undefined) throw new WiringFault(OTHER_TRIGGERS);
    const forwarded = applyAtOriginRequest(request, { ...decision, domain });
    return isBucket(request, domain) ? forwarded : toEndpoint(forwarded, domain, { api, relay });
  }
}

/**
 * Checks the event and the Host. Otherwise every request would be refused with a cause that blames the device.
 *
 * @type {import('./deciding.mjs').Place['check']}
 */
function check({ headers, origin }, eventType) {
  if (eventType !== 'origin-request') throw new WiringFault(OTHER_EVENT);
  if (origin?.s3 !== undefined && headers.host?.[0]?.value === origin.s3.domainName) throw new WiringFault(NO_HOST);
}

const OTHER_EVENT = 'with `triggers` "origin-request" this function must be associated with origin request alone';
const NO_HOST = "the Host is the bucket's: the origin request policy must pass all headers of the viewer, Host included";
const OTHER_TRIGGERS = 'the configuration of the gate must have `triggers` "origin-request"';
