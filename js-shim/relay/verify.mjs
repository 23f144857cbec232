// Whether a request may be performed: the origin secret, then the OSS signature again, over what the edge handed over.

import { SECRET_HEADER } from '../edge/endpoints.mjs';
import { ACCESS_DENIED, SERVICE_UNAVAILABLE, ossError } from '../edge/oss-error.mjs';
import { decideWithKeys } from '../keys/decide-with-keys.mjs';

/**
 * @typedef {import('../core/decision.mjs').ServiceForward} ServiceForward
 * @typedef {import('../core/decision.mjs').OssErrorAnswer} OssErrorAnswer
 * @typedef {import('../core/decision.mjs').Understood} Understood
 *
 * @typedef {{ forward: ServiceForward, handOver: string }} Verified
 * @typedef {{ refused: OssErrorAnswer, detail: string, understood?: Understood & { ossRequestId?: string, field?: string } }} Refused
 */

/**
 * @param {object} options
 * @param {import('../core/gate.mjs').Gate} options.gate
 * @param {import('../keys/key-source.mjs').KeySource} [options.keys]
 * @param {(presented: string | undefined) => boolean} options.isOriginSecret
 * @returns {(request: import('node:http').IncomingMessage, requestId: string, now: number) =>
 *   Promise<Verified | Refused>} throws when the core can't decide
 */
export function verification({ gate, keys, isOriginSecret }) {
  return async (request, requestId, now) => {
    if (!isOriginSecret(headerOf(request, SECRET_HEADER))) {
      const refused = ossError(ACCESS_DENIED, { requestId, method: request.method, now });
      return { refused, detail: 'the origin secret is wrong' };
    }
    const handOver = headerOf(request, 'x-ossedge-request') ?? '';
    const decision = await decideWithKeys(keys, now, () => gate.decideAtRelay(handOver, now));
    if (decision === undefined) {
      const refused = ossError(SERVICE_UNAVAILABLE, { requestId, method: request.method, now });
      refused.headers.push(['Retry-After', String(keys?.retryAfter(now) ?? 1)]);
      return { refused, detail: 'no access keys' };
    }
    if (decision.decision === 'forward') return { forward: decision, handOver };
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
