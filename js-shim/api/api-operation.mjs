// What the functions behind the API share: the request that the authorizer verified, S3, and how an
// error of either is answered.

import { digestOf, headerOf, proxyResult, unpackHeaders } from './api-gateway-event.mjs';
import { writeLogLine } from '../edge/log.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, ossError } from '../edge/oss-error.mjs';
import { createTranslator } from '../core/translator.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent
 * @typedef {import('aws-lambda').APIGatewayProxyResult} ProxyResult
 * @typedef {Pick<import('@aws-sdk/client-s3').S3Client, 'send'>} S3
 *
 * @typedef {object} Verified the authorizer's context, which holds nothing but what was verified
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
 * @typedef {object} Parts
 * @property {Uint8Array<ArrayBuffer>} wasm
 * @property {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] in addition to the Region
 * @property {(region: string) => Promise<S3>} [s3Client]
 * @property {() => number} [now] milliseconds since the epoch
 * @property {(line: import('../edge/log.mjs').LogLine) => void} [log]
 */

/**
 * The Lambda proxy integration of one operation.
 *
 * @param {string} operation its name in OSS's API reference
 * @param {(s3: S3, request: Request) => Promise<Answer>} perform fails with an error named by S3's code
 * @returns {(parts: Parts) => (event: ProxyEvent) => Promise<ProxyResult>}
 */
export function apiOperation(operation, perform) {
  return ({ wasm, s3Options, s3Client = regionalClients(s3Options), now = Date.now, log = writeLogLine }) => {
    /** @type {import('../core/translator.mjs').Translator | undefined} */
    let translator;
    return async (event) => {
      const verified = readContext(event, operation);
      const requestId = verified?.requestId || event?.requestContext?.requestId || 'unknown';
      try {
        if (verified === undefined) throw new NotAuthorized();
        const { document, headers = [] } = await perform(await s3Client(verified.region), requestOf(verified, event));
        return proxyResult({ status: '200', headers: [...resultHeaders(requestId), ...headers], body: document });
      } catch (error) {
        const answer = answerOf(error, requestId, now());
        const detail = error instanceof Error ? error.name : typeof error;
        const where = { bucket: verified?.bucket, key: verified?.key, ossRequestId: requestId };
        log({ time: new Date(now()).toISOString(), function: operation, code: answer.code, status: Number(answer.status), detail, ...where });
        return proxyResult(answer);
      }
    };

    /** @param {unknown} error @param {string} requestId @param {number} time */
    function answerOf(error, requestId, time) {
      if (error instanceof NotAuthorized) return { code: ACCESS_DENIED.code, ...ossError(ACCESS_DENIED, { requestId, now: time }) };
      try {
        // Only errors need the core here.
        translator ??= createTranslator(wasm);
        return translator.s3Error(error instanceof Error ? error.name : '', requestId, time);
      } catch {
        return { code: INTERNAL_ERROR.code, ...ossError(INTERNAL_ERROR, { requestId, now: time }) };
      }
    }
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

/**
 * Gives a command the verified headers as they are: its own parameters would parse and format some
 * again. Text beyond ASCII, which clients send in UTF-8, joins them behind the signature: the AWS SDK
 * would sign other bytes than Node sends, and S3 wants no more signed than Host and `x-amz-*`, which
 * is ASCII here.
 *
 * @template {{ middlewareStack: { add: Function } }} C
 * @param {C} command @param {Record<string, string>} headers
 * @returns {C}
 */
export function withHeaders(command, headers) {
  const [ascii, text] = [true, false].map((wanted) => Object.entries(headers).filter(([, value]) => isAscii(value) === wanted));
  const bytes = text.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
  addHeaders(command, 'build', Object.fromEntries(ascii));
  // The last step before the request is sent.
  addHeaders(command, 'deserialize', Object.fromEntries(bytes));
  return command;
}

/**
 * @param {{ middlewareStack: { add: Function } }} command @param {string} step
 * @param {Record<string, string>} headers
 */
function addHeaders(command, step, headers) {
  command.middlewareStack.add(
    (/** @type {(args: any) => any} */ next) => (/** @type {any} */ args) => {
      // Before Content-Length: Node reads a Content-Disposition behind it as ISO-8859-1 once more.
      args.request.headers = { ...headers, ...args.request.headers, ...headers };
      return next(args);
    },
    { step, name: `verifiedHeaders-${step}` },
  );
}

/** @param {string} text */
function isAscii(text) {
  return /^[\0-\x7f]*$/u.test(text);
}

class NotAuthorized extends Error {
  /** @override */
  name = 'NotAuthorized';
}

/**
 * The authorizer's context, if it is this request's and this operation's: a cached result of another
 * one is not.
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
    // S3's spelling of a query has no `+` for a space.
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

/** @param {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] */
function regionalClients(s3Options) {
  /** @type {Map<string, import('@aws-sdk/client-s3').S3Client>} */
  const clients = new Map();
  return async (/** @type {string} */ region) => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    // By default the SDK would begin an upload with a CRC32 that every part must then carry.
    const options = { requestChecksumCalculation: /** @type {const} */ ('WHEN_REQUIRED'), ...s3Options, region };
    const client = clients.get(region) ?? new S3Client(options);
    clients.set(region, client);
    return client;
  };
}
