// The relay as the entrance: requests are the clients' own, and nothing that one says of itself is believed.

import { randomBytes } from 'node:crypto';

import { requestFields } from '../edge/log-fields.mjs';
import { SERVICE_UNAVAILABLE, ossError, ossRequestId } from '../edge/oss-error.mjs';
import { decideWithKeys } from '../keys/decide-with-keys.mjs';
import { S3Fault } from '../operations/s3-fault.mjs';
import { rawRequest, targetFault } from './raw-request.mjs';
import { HEALTH_PATH, headerOf } from './verify.mjs';

/**
 * @param {object} options
 * @param {import('../core/gate.mjs').Gate} options.gate
 * @param {import('../keys/key-source.mjs').KeySource} [options.keys]
 * @param {(message: import('node:http').IncomingMessage) => import('./listener.mjs').Client} options.clientOf
 * @returns {import('./verify.mjs').WayIn}
 */
export function entranceWayIn({ gate, keys, clientOf }) {
  return {
    healthPaths: [HEALTH_PATH],
    receive(message) {
      const id = randomBytes(20).toString('base64url');
      const requestId = ossRequestId(id);
      const client = clientOf(message);
      const request = rawRequest(message, client.address);
      const line = { ...requestFields(request), vpcEndpointId: client.vpcEndpointId };
      return { requestId, line, verify: (now) => verify(message, { client, request, id, requestId }, now) };
    },
    pageHeaders(message) {
      const origin = headerOf(message, 'origin');
      try {
        return origin === undefined ? [] : (gate.corsHeaders?.(origin) ?? []);
      } catch {
        // The answer stays what it is.
        return [];
      }
    },
  };

  /**
   * @param {import('node:http').IncomingMessage} message
   * @param {{ client: import('./listener.mjs').Client, request: import('aws-lambda').CloudFrontRequest, id: string,
   *   requestId: string }} received
   * @param {number} now
   * @returns {ReturnType<import('./verify.mjs').Received['verify']>}
   */
  async function verify(message, { client, request, id, requestId }, now) {
    if (client.fault !== undefined) throw new S3Fault('AccessDenied', client.fault);
    const fault = targetFault(message);
    if (fault !== undefined) throw new S3Fault('InvalidArgument', fault);
    if (gate.decideAtEntrance === undefined) throw new Error('the gate has no decideAtEntrance');
    const decide = gate.decideAtEntrance;
    const decision = await decideWithKeys(keys, now, () => decide(request, id, now));
    if (decision === undefined) {
      const refused = ossError(SERVICE_UNAVAILABLE, { requestId, method: request.method, now });
      refused.headers.push(['Retry-After', String(keys?.retryAfter(now) ?? 1)]);
      return { refused, detail: 'no access keys' };
    }
    switch (decision.decision) {
      case 'answer':
        return { answered: decision };
      case 'forward':
        return { forward: decision, url: `http://${headerOf(message, 'host') ?? ''}${request.uri}` };
      default:
        return { refused: decision, detail: decision.detail, understood: decision };
    }
  }
}
