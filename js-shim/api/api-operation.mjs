// What the functions behind the API have in common: the request that the authorizer verified, S3, and
// how an error of either is answered.

import { createTranslator } from '../core/translator.mjs';
import { writeLogLine } from '../edge/log.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, ossError } from '../edge/oss-error.mjs';
import { digestOf, headerOf, proxyResult, unpackHeaders } from './api-gateway-event.mjs';
import { regionalClients } from './s3-clients.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent
 * @typedef {import('aws-lambda').APIGatewayProxyResult} ProxyResult
 * @typedef {import('./s3-clients.mjs').S3} S3
 *
 * @typedef {object} Verified the authorizer's context
 * @property {string} digest of the hand-over
 * @property {string} operation
 * @property {string} bucket the OSS bucket
 * @property {string} key
 * @property {string} requestId in OSS's form
 * @property {string} s3Bucket
 * @property {string} region
 * @property {string} query for S3
 * @property {string} options separated by spaces
 * @property {string} headers for S3, packed
 *
 * @typedef {object} Request what an operation works with
 * @property {string} bucket the OSS bucket
 * @property {string} key
 * @property {{ Bucket: string, Key: string }} object in S3
 * @property {URLSearchParams} query for S3
 * @property {Set<string>} options
 * @property {Record<string, string>} headers for S3
 * @property {string} handOver
 * @property {Buffer} body
 *
 * @typedef {{ document: string, headers?: import('../core/decision.mjs').HeaderList }} Answer in OSS's XML
 *
 * @typedef {object} Options
 * @property {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @property {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] in addition to the Region
 * @property {(region: string) => Promise<S3>} [s3Client]
 * @property {() => number} [now] milliseconds since the epoch
 * @property {(line: import('../edge/log.mjs').LogLine) => void} [log]
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
        const where = { bucket: verified?.bucket, key: verified?.key, ossRequestId: requestId };
        log({ time: new Date(time).toISOString(), function: operation, code, status, detail, ...where });
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

/**
 * The authorizer's context if it is for this request and this operation. A cached context of another
 * request isn't.
 *
 * @param {ProxyEvent} event @param {string} operation
 * @returns {Verified | undefined}
 */
function readContext(event, operation) {
  const context = event?.requestContext?.authorizer;
  const handOver = event && headerOf(event, 'x-ossedge-request');
  const isThis = context?.digest && handOver !== undefined && context.digest === digestOf(handOver);
  return isThis && context.operation === operation ? /** @type {Verified} */ (/** @type {unknown} */ (context)) : undefined;
}

/** @param {Verified} verified @param {ProxyEvent} event @returns {Request} */
function requestOf({ bucket, key, s3Bucket, query, options, headers }, event) {
  return {
    bucket,
    key,
    object: { Bucket: s3Bucket, Key: key },
    // The core writes a space as %20, never as `+`.
    query: new URLSearchParams(query),
    options: new Set(options.split(' ')),
    headers: unpackHeaders(headers),
    handOver: headerOf(event, 'x-ossedge-request') ?? '',
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** @param {string} requestId @returns {import('../core/decision.mjs').HeaderList} */
function resultHeaders(requestId) {
  return [
    ['Content-Type', 'application/xml'],
    ['x-oss-request-id', requestId],
  ];
}
