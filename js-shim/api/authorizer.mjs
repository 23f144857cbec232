// The API's Lambda authorizer: the origin secret, then the OSS signature again with the same core.

import { createHash, timingSafeEqual } from 'node:crypto';

import { digestOf, headerOf, packHeaders, policy } from './api-gateway-event.mjs';
import { readUpload } from '../core/decision.mjs';
import { writeLogLine } from '../edge/log.mjs';
import { SECRET_HEADER } from '../edge/origin-request.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, ossError } from '../edge/oss-error.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayRequestAuthorizerEvent} AuthorizerEvent
 * @typedef {import('aws-lambda').APIGatewayAuthorizerResult} AuthorizerResult
 */

/** Shorter secrets can be guessed. */
const MIN_SECRET = 16;

/**
 * @param {object} parts
 * @param {import('../core/gate.mjs').Gate} parts.gate
 * @param {import('../keys/key-source.mjs').KeySource} [parts.keys] of access keys that aren't baked in
 * @param {string | undefined} parts.originSecret one value, or several separated by spaces during rotation
 * @param {() => number} [parts.now] milliseconds since the epoch
 * @param {(line: import('../edge/log.mjs').LogLine) => void} [parts.log]
 * @returns {(event: AuthorizerEvent) => Promise<AuthorizerResult>} it throws
 *   while there are no access keys: API Gateway's AUTHORIZER_FAILURE, which the deployment answers with 503
 * @throws {Error} when the origin secret is missing or too short
 */
export function createAuthorizer({ gate, keys, originSecret, now = Date.now, log = writeLogLine }) {
  const secrets = readSecrets(originSecret);
  return async (event) => {
    const time = now();
    try {
      if (!isOneOf(secrets, headerOf(event, SECRET_HEADER))) {
        return denied(event, ossError(ACCESS_DENIED, errorContext(event, time)).body, 'the origin secret is wrong');
      }
      if (keys !== undefined && !keys.ready(time) && !(await keys.arrival(time))) throw new NoAccessKeys();
      const handOver = headerOf(event, 'x-ossedge-request') ?? '';
      let upload = readUpload(gate.decideAtApi(handOver, time));
      if (keys !== undefined && upload.decision === 'refuse' && (await keys.renewal(upload.renewal, time))) {
        upload = readUpload(gate.decideAtApi(handOver, time));
      }
      if (upload.decision === 'refuse') return denied(event, upload.body, upload.detail, upload);
      const { operation, bucket, key, accessKeyId, scheme, generation } = upload;
      const line = { operation, bucket, key, accessKeyId, scheme, generation };
      log({ time: new Date(time).toISOString(), function: 'authorizer', decision: 'forward', ...line });
      return policy('Allow', event.methodArn, upload.accessKeyId, uploadContext(upload, handOver));
    } catch (error) {
      if (error instanceof NoAccessKeys) throw error;
      const detail = `no decision: ${error instanceof Error ? error.name : typeof error}`;
      return denied(event, ossError(INTERNAL_ERROR, errorContext(event, time)).body, detail);
    }

    /**
     * @param {AuthorizerEvent} event @param {string} body OSS's error, for the API's ACCESS_DENIED response
     * @param {string} detail @param {Partial<import('../core/decision.mjs').Refuse>} [refusal]
     */
    function denied(event, body, detail, refusal = {}) {
      const { operation, bucket, key, accessKeyId, scheme, generation, code } = refusal;
      const line = { operation, bucket, key, accessKeyId, scheme, generation, code, detail };
      log({ time: new Date(time).toISOString(), function: 'authorizer', decision: 'deny', ...line });
      return policy('Deny', event.methodArn, accessKeyId ?? '', { body: withoutStringToSign(body) });
    }
  };
}

/** Neither an allow nor a deny: whether the request is right can't be known. */
class NoAccessKeys extends Error {
  constructor() {
    super('no access keys');
    this.name = 'NoAccessKeys';
  }
}

/**
 * What the integration needs. Its values are the verified ones; the digest ties them to the request,
 * so that a result that was cached for another key opens nothing.
 *
 * @param {import('../core/decision.mjs').Upload} upload @param {string} handOver
 */
function uploadContext(upload, handOver) {
  const { operation, bucket, key, requestId, s3Bucket, region, query, options } = upload;
  return {
    digest: digestOf(handOver),
    operation,
    bucket,
    key,
    requestId,
    s3Bucket,
    region,
    query,
    options,
    headers: packHeaders(upload.headers),
  };
}

/**
 * A refusal that fits an authorizer's result. The edge has shown the client its StringToSign already.
 *
 * @param {string} body
 */
function withoutStringToSign(body) {
  return body.replaceAll(/ *<(StringToSign(?:Bytes)?|CanonicalRequest)>[^<]*<\/\1>\n/gu, '');
}

/** @param {AuthorizerEvent} event @param {number} now */
function errorContext(event, now) {
  return { requestId: event.requestContext?.requestId ?? 'unknown', now };
}

/** @param {string | undefined} originSecret */
function readSecrets(originSecret) {
  const secrets = (originSecret ?? '').split(/\s+/u).filter(Boolean);
  if (secrets.length === 0 || secrets.some((secret) => secret.length < MIN_SECRET)) {
    throw new Error(
      `ORIGIN_SECRET: expected the value of the S3 origin's custom header ${SECRET_HEADER}, ` +
        `at least ${MIN_SECRET} characters; two values separated by a space during rotation`,
    );
  }
  return secrets.map(digest);
}

/** @param {Buffer[]} secrets @param {string | undefined} presented */
function isOneOf(secrets, presented) {
  if (presented === undefined) return false;
  const actual = digest(presented);
  // Every secret is compared, each in constant time.
  return secrets.filter((secret) => timingSafeEqual(secret, actual)).length > 0;
}

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest();
}
