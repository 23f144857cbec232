// Runs an operation as a Lambda proxy integration: takes the request that the authorizer verified, and answers errors.

import { LOG_VERSION, loggedKey, writeLogLine } from '../log.mjs';
import { regionalClients } from '../operations/s3-clients.mjs';
import { NotAuthorized, errorTranslation, failedRequest, faultDetail } from '../operations/s3-fault.mjs';
import { proxyResult } from './api-gateway-event.mjs';
import { readContext, requestOf } from './verified-request.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent
 * @typedef {import('aws-lambda').APIGatewayProxyResult} ProxyResult
 * @typedef {import('../operations/s3-clients.mjs').S3} S3
 *
 * @typedef {object} Options
 * @property {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @property {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] in addition to the Region
 * @property {(region: string) => Promise<S3>} [s3Client]
 * @property {() => number} [now] milliseconds since the epoch
 * @property {(line: import('../log.mjs').LogLine) => void} [log]
 */

/** A join sends up to 128 requests at once. The SDK's default is 50 connections. */
const S3_OPTIONS = { requestHandler: { httpsAgent: { keepAlive: true, maxSockets: 128 } } };

/**
 * @param {string} operation its name in OSS's API reference
 * @param {(s3: S3, request: import('../operations/request.mjs').RequestWithBody, region: string) =>
 *   Promise<import('../operations/request.mjs').Answer>} perform throws an error named by S3's code
 * @returns {(options: Options) => (event: ProxyEvent) => Promise<ProxyResult>}
 */
export function apiOperation(operation, perform) {
  return ({ wasm, s3Options, now = Date.now, log = writeLogLine, s3Client = apiClients(s3Options) }) => {
    const translate = errorTranslation(wasm);
    return async (event) => {
      const verified = readContext(event, operation);
      const requestId = verified?.requestId || event?.requestContext?.requestId || 'unknown';
      try {
        if (verified === undefined) throw new NotAuthorized();
        const answer = await perform(await s3Client(verified.region), requestOf(verified, event), verified.region);
        const { joinedBytes } = answer;
        if (joinedBytes !== undefined) log(lineOf(now(), verified, requestId, { event: 'joined', joinedBytes }));
        return proxyResult({ status: 200, headers: resultHeaders(requestId, answer), body: answer.document ?? '' });
      } catch (error) {
        const time = now();
        const answer = translate(error, event?.httpMethod, requestId, time);
        const { code, status } = answer;
        const detail = faultDetail(error);
        log(lineOf(time, verified, requestId, { code, status, detail, ...failedRequest(error) }));
        return proxyResult(answer);
      }
    };
  };

  /**
   * @param {number} time @param {import('./verified-request.mjs').Verified | undefined} verified
   * @param {string} requestId
   * @param {import('../log.mjs').LogLine} fields
   */
  function lineOf(time, verified, requestId, fields) {
    const where = { bucket: verified?.bucket, key: verified && loggedKey(verified.key), ossRequestId: requestId };
    return { log: LOG_VERSION, time: new Date(time).toISOString(), function: operation, ...fields, ...where };
  }
}

/** @param {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] */
export function apiClients(s3Options) {
  return regionalClients({ ...S3_OPTIONS, ...s3Options });
}

/**
 * @param {string} requestId @param {import('../operations/request.mjs').Answer} answer
 * @returns {import('../core/decision.mjs').HeaderList}
 */
function resultHeaders(requestId, { headers = [], objectBytes }) {
  /** @type {import('../core/decision.mjs').HeaderList} */
  const own = [
    ['Content-Type', 'application/xml'],
    ['x-oss-request-id', requestId],
  ];
  // API Gateway sets Content-Length itself, so origin-response corrects it (src/origin_response.rs).
  if (objectBytes !== undefined) own.push(['x-ossedge-object-bytes', String(objectBytes)]);
  return [...own, ...headers];
}
