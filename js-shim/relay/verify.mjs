// Whether a request that came through the edge may be performed: the origin secret, then the OSS signature again, over what
// the edge handed over.

import { randomBytes } from 'node:crypto';

import { SECRET_HEADER } from '../edge/endpoints.mjs';
import { ACCESS_DENIED, SERVICE_UNAVAILABLE, ossError } from '../edge/oss-error.mjs';
import { decideWithKeys } from '../keys/decide-with-keys.mjs';
import { urlOf } from '../operations/requested-url.mjs';

/**
 * @typedef {import('../core/decision.mjs').ServiceForward} ServiceForward
 * @typedef {import('../core/decision.mjs').OssErrorAnswer} OssErrorAnswer
 * @typedef {import('../core/decision.mjs').Understood} Understood
 *
 * @typedef {{ forward: ServiceForward, url: string }} Verified `url` is the one that the client requested
 * @typedef {{ refused: OssErrorAnswer, detail: string, understood?: Understood & { ossRequestId?: string, field?: string } }} Refused
 * @typedef {{ answered: import('../core/decision.mjs').PreflightAnswer }} Answered
 *
 * @typedef {object} Received a request, before it is known what it is
 * @property {string} requestId in OSS's form
 * @property {import('../log.mjs').LogLine} line what the log tells of it, whatever is decided
 * @property {(now: number) => Promise<Verified | Answered | Refused>} verify throws when there is no decision
 *
 * @typedef {object} WayIn how requests come to the relay
 * @property {string[]} healthPaths
 * @property {(message: import('node:http').IncomingMessage) => Received} receive
 * @property {(message: import('node:http').IncomingMessage) => import('../core/decision.mjs').HeaderList} pageHeaders what
 *   lets the page that sent the request read an answer that isn't the core's
 */

/**
 * Whoever asks whether the relay lives needs no secret. No bucket has such a name, and no client such a key
 * (src/object_key.rs), so that nobody takes it for an object.
 */
export const HEALTH_PATH = '/.oss-edge/health';

/** Behind the edge, where paths name operations. */
const SHORT_HEALTH_PATH = '/health';

/**
 * @param {Parameters<typeof verification>[0]} options
 * @returns {WayIn}
 */
export function edgeWayIn(options) {
  const verify = verification(options);
  return {
    healthPaths: [SHORT_HEALTH_PATH, HEALTH_PATH],
    receive(message) {
      // Until the request's own is known.
      const requestId = randomBytes(12).toString('hex').toUpperCase();
      const line = { cloudFrontRequestId: headerOf(message, 'x-amz-cf-id') };
      return { requestId, line, verify: (now) => verify(message, requestId, now) };
    },
    // CloudFront adds them.
    pageHeaders: () => [],
  };
}

/**
 * @param {object} options
 * @param {import('../core/gate.mjs').Gate} options.gate
 * @param {import('../keys/key-source.mjs').KeySource} [options.keys]
 * @param {(presented: string | undefined) => boolean} options.isOriginSecret
 * @returns {(request: import('node:http').IncomingMessage, requestId: string, now: number) =>
 *   Promise<Verified | Refused>} throws when the core can't decide
 */
function verification({ gate, keys, isOriginSecret }) {
  return async (request, requestId, now) => {
    if (!isOriginSecret(headerOf(request, SECRET_HEADER))) {
      const refused = ossError(ACCESS_DENIED, { requestId, method: request.method, now });
      return { refused, detail: 'the origin secret is missing or wrong' };
    }
    const handOver = headerOf(request, 'x-ossedge-request') ?? '';
    const decision = await decideWithKeys(keys, now, () => gate.decideAtRelay(handOver, now));
    if (decision === undefined) {
      const refused = ossError(SERVICE_UNAVAILABLE, { requestId, method: request.method, now });
      refused.headers.push(['Retry-After', String(keys?.retryAfter(now) ?? 1)]);
      return { refused, detail: 'no access keys' };
    }
    if (decision.decision === 'forward') return { forward: decision, url: urlOf(handOver) };
    return { refused: decision, detail: decision.detail, understood: decision };
  };
}

/**
 * @param {import('node:http').IncomingMessage} request @param {string} name in lower case
 * @returns {string | undefined} undefined if the header is absent or repeated
 */
export function headerOf({ headersDistinct }, name) {
  const values = headersDistinct[name] ?? [];
  return values.length === 1 ? values[0] : undefined;
}
