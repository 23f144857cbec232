// The API's Lambda authorizer: checks the origin secret, then verifies the OSS signature again.

import { LOG_VERSION, loggedKey, writeLogLine } from '../log.mjs';
import { SECRET_HEADER } from '../edge/endpoints.mjs';
import { readOriginSecrets } from '../edge/origin-secret.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, SERVICE_UNAVAILABLE, ossError } from '../edge/oss-error.mjs';
import { decideWithKeys } from '../keys/decide-with-keys.mjs';
import { digestOf, headerOf, packHeaders, policy } from './api-gateway-event.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayRequestAuthorizerEvent} AuthorizerEvent
 * @typedef {import('aws-lambda').APIGatewayAuthorizerResult} AuthorizerResult
 */

const FUNCTION = 'authorizer';

/**
 * @param {object} options
 * @param {import('../core/gate.mjs').Gate} options.gate
 * @param {import('../keys/key-source.mjs').KeySource} [options.keys] where the gate's access keys are fetched from
 * @param {string | undefined} options.originSecret one value, or several separated by spaces during a rotation
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: AuthorizerEvent) => Promise<AuthorizerResult>} throws while there are no access keys: API
 *   Gateway then answers AUTHORIZER_FAILURE, which the deployment turns into 503
 * @throws {Error} when the origin secret is missing or too short
 */
export function createAuthorizer({ gate, keys, originSecret, now = Date.now, log = writeLogLine }) {
  const isOriginSecret = readOriginSecrets(originSecret);
  return async (event) => {
    const time = now();
    const handOver = () => headerOf(event, 'x-ossedge-request') ?? '';
    try {
      if (!isOriginSecret(headerOf(event, SECRET_HEADER))) {
        return denied(event, time, ACCESS_DENIED, 'the origin secret is missing or wrong');
      }
      const decision = await decideWithKeys(keys, time, () => gate.decideAtApi(handOver(), time));
      if (decision === undefined) {
        log(undecidedLine(event, time, SERVICE_UNAVAILABLE, NO_ACCESS_KEYS));
        throw new NoAccessKeys();
      }
      log(decisionLine(decision, time));
      if (decision.decision === 'refuse') return deny(event, decision.accessKeyId, decision.body);
      return policy('Allow', event.methodArn, decision.accessKeyId, contextOf(decision, handOver()));
    } catch (error) {
      if (error instanceof NoAccessKeys) throw error;
      return denied(event, time, INTERNAL_ERROR, `no decision: ${error instanceof Error ? error.name : typeof error}`);
    }
  };

  /**
   * Denies a request without a decision of the core.
   *
   * @param {AuthorizerEvent} event @param {number} time
   * @param {Readonly<import('../edge/oss-error.mjs').OssError>} error @param {string} detail
   */
  function denied(event, time, error, detail) {
    log(undecidedLine(event, time, error, detail));
    return deny(event, undefined, ossError(error, { requestId: requestIdOf(event), now: time }).body);
  }
}

const NO_ACCESS_KEYS = 'no access keys';

/** Thrown in place of an answer: without access keys the request can be neither allowed nor denied. */
class NoAccessKeys extends Error {
  constructor() {
    super(NO_ACCESS_KEYS);
    this.name = 'NoAccessKeys';
  }
}

/**
 * @param {AuthorizerEvent} event
 * @param {string | undefined} accessKeyId
 * @param {string} body OSS's error, for the API's ACCESS_DENIED response
 */
function deny(event, accessKeyId, body) {
  return policy('Deny', event.methodArn, accessKeyId ?? '', { body: withoutStringToSign(body) });
}

/**
 * Removes the signed texts from an error document, so that it fits into an authorizer's result of 8 KB. The edge
 * verified the same signature first, and has shown them to the client.
 *
 * @param {string} body
 */
function withoutStringToSign(body) {
  return body.replaceAll(/ *<(StringToSign(?:Bytes)?|CanonicalRequest)>[^<]*<\/\1>\n/gu, '');
}

/**
 * What the operation's function needs, all of it verified. The digest binds the result to this request, so that a
 * result that API Gateway cached for another request is refused.
 *
 * @param {import('../core/decision.mjs').ServiceForward} forward @param {string} handOver
 * @returns {import('./verified-request.mjs').Verified}
 */
function contextOf({ options, headers, ...forward }, handOver) {
  const { operation, bucket, key, requestId, s3Bucket, region, query } = forward;
  const { uploadOptions, uploadId, staging, maxJoinBytes } = forward;
  return {
    digest: digestOf(handOver),
    ...{ operation, bucket, key, requestId, s3Bucket, region, query },
    options: options.join(' '),
    headers: packHeaders(headers),
    ...(uploadOptions === undefined ? {} : { uploadOptions }),
    ...(uploadId === undefined ? {} : { uploadId }),
    ...(staging === undefined ? {} : { staging, maxJoinBytes: String(maxJoinBytes) }),
  };
}

/** API Gateway's id: the client gets it where the core made no decision. @param {AuthorizerEvent} event */
function requestIdOf(event) {
  return event.requestContext?.requestId ?? 'unknown';
}

/**
 * The line of a request without a decision of the core.
 *
 * @param {AuthorizerEvent} event @param {number} time
 * @param {Readonly<import('../edge/oss-error.mjs').OssError>} error @param {string} detail
 * @returns {import('../log.mjs').LogLine}
 */
function undecidedLine(event, time, { code }, detail) {
  const line = { decision: 'deny', code, detail, ossRequestId: requestIdOf(event) };
  return { log: LOG_VERSION, time: new Date(time).toISOString(), function: FUNCTION, ...line };
}

/**
 * @param {import('../core/decision.mjs').ServiceDecision} decision
 * @param {number} time
 * @returns {import('../log.mjs').LogLine}
 */
function decisionLine(decision, time) {
  const { operation = '', bucket = '', key = '', accessKeyId = '', scheme = '', generation = '' } = decision;
  const understood = { operation, bucket, key: loggedKey(key), accessKeyId, scheme, generation };
  const refused = decision.decision === 'refuse';
  const reason = refused ? { code: decision.code, detail: decision.detail } : {};
  const ossRequestId = refused ? decision.ossRequestId : decision.requestId;
  return {
    log: LOG_VERSION,
    time: new Date(time).toISOString(),
    function: FUNCTION,
    decision: refused ? 'deny' : 'forward',
    ...understood,
    ...reason,
    ossRequestId,
  };
}
