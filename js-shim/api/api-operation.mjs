// What the functions behind the API have in common: the request that the authorizer verified, S3, and
// how an error of either is answered.

import { createTranslator } from '../core/translator.mjs';
import { LOG_VERSION, loggedKey, writeLogLine } from '../log.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, ossError } from '../edge/oss-error.mjs';
import { proxyResult } from './api-gateway-event.mjs';
import { regionalClients } from './s3-clients.mjs';
import { readContext, requestOf } from './verified-request.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent
 * @typedef {import('aws-lambda').APIGatewayProxyResult} ProxyResult
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./verified-request.mjs').Request} Request
 *
 * @typedef {{ document: string, headers?: import('../core/decision.mjs').HeaderList }} Answer in OSS's XML
 *
 * @typedef {object} Options
 * @property {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @property {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] in addition to the Region
 * @property {(region: string) => Promise<S3>} [s3Client]
 * @property {() => number} [now] milliseconds since the epoch
 * @property {(line: import('../log.mjs').LogLine) => void} [log]
 */

/**
 * The Lambda proxy integration of one operation.
 *
 * @param {string} operation its name in OSS's API reference
 * @param {(s3: S3, request: Request) => Promise<Answer>} perform throws an error named by S3's code
 * @returns {(options: Options) => (event: ProxyEvent) => Promise<ProxyResult>}
 */
export function apiOperation(operation, perform) {
  return ({ wasm, s3Options, s3Client = regionalClients(s3Options), now = Date.now, log = writeLogLine }) => {
    const translate = errorTranslation(wasm);
    return async (event) => {
      const verified = readContext(event, operation);
      const requestId = verified?.requestId || event?.requestContext?.requestId || 'unknown';
      try {
        if (verified === undefined) throw new NotAuthorized();
        const { document, headers = [] } = await perform(await s3Client(verified.region), requestOf(verified, event));
        return proxyResult({ status: 200, headers: [...resultHeaders(requestId), ...headers], body: document });
      } catch (error) {
        const time = now();
        const answer = translate(error, requestId, time);
        const { code, status } = answer;
        const detail = error instanceof Error ? error.name : typeof error;
        const where = { bucket: verified?.bucket, key: verified && loggedKey(verified.key), ossRequestId: requestId };
        log({ log: LOG_VERSION, time: new Date(time).toISOString(), function: operation, code, status, detail, ...where });
        return proxyResult(answer);
      }
    };
  };
}

/** An error by S3's code, for what is found out before S3 is asked. */
export class S3Fault extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = code;
  }
}

class NotAuthorized extends Error {
  /** @override */
  name = 'NotAuthorized';
}

/**
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @returns {(error: unknown, requestId: string, now: number) => import('../core/decision.mjs').OssErrorAnswer}
 */
function errorTranslation(wasm) {
  /** @type {import('../core/translator.mjs').Translator | undefined} */
  let translator;
  return (error, requestId, now) => {
    if (error instanceof NotAuthorized) return ossError(ACCESS_DENIED, { requestId, now });
    try {
      // A success doesn't need the core, so it is instantiated at the first error.
      translator ??= createTranslator(wasm);
      return translator.s3Error(error instanceof Error ? error.name : '', requestId, now);
    } catch {
      return ossError(INTERNAL_ERROR, { requestId, now });
    }
  };
}

/** @param {string} requestId @returns {import('../core/decision.mjs').HeaderList} */
function resultHeaders(requestId) {
  return [
    ['Content-Type', 'application/xml'],
    ['x-oss-request-id', requestId],
  ];
}
