// The Lambda behind the API: S3's CreateMultipartUpload, answered in OSS's XML.

import { digestOf, headerOf, proxyResult, unpackHeaders } from './api-gateway-event.mjs';
import { writeLogLine } from './log.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, escapeXml, ossError } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent
 * @typedef {import('aws-lambda').APIGatewayProxyResult} ProxyResult
 * @typedef {import('./oss-error.mjs').OssError} OssError
 *
 * @typedef {object} VerifiedUpload the authorizer's context
 * @property {string} digest
 * @property {string} bucket the OSS bucket
 * @property {string} key
 * @property {string} requestId in OSS's form
 * @property {string} s3Bucket
 * @property {string} region
 * @property {string} encoding `url` or nothing
 * @property {string} headers for S3, packed
 */

/**
 * @param {object} parts
 * @param {import('@aws-sdk/client-s3').S3ClientConfig} [parts.s3Options] in addition to the Region
 * @param {(region: string) => Promise<Pick<import('@aws-sdk/client-s3').S3Client, 'send'>>} [parts.s3Client]
 * @param {() => number} [parts.now] milliseconds since the epoch
 * @param {(line: import('./log.mjs').LogLine) => void} [parts.log]
 * @returns {(event: ProxyEvent) => Promise<ProxyResult>}
 */
export function createInitiate({ s3Options, s3Client = regionalClients(s3Options), now = Date.now, log = writeLogLine } = {}) {
  return async (event) => {
    const upload = readContext(event);
    const requestId = upload?.requestId || event?.requestContext?.requestId || 'unknown';
    try {
      if (upload === undefined) throw new NotAuthorized();
      const uploadId = await createMultipartUpload(await s3Client(upload.region), upload);
      return proxyResult({ status: '200', headers: resultHeaders(requestId), body: resultDocument(upload, uploadId) });
    } catch (error) {
      const answer = inOssDialect(error);
      const { code, status } = answer;
      const detail = error instanceof Error ? error.name : typeof error;
      const where = { bucket: upload?.bucket, key: upload?.key, ossRequestId: requestId };
      log({ time: new Date(now()).toISOString(), function: 'initiate', code, status: Number(status), detail, ...where });
      return proxyResult(ossError(answer, { requestId, now: now() }));
    }
  };
}

class NotAuthorized extends Error {
  /** @override */
  name = 'NotAuthorized';
}

/**
 * The authorizer's context, if it is this request's: a cached result of another one is not.
 *
 * @param {ProxyEvent} event
 * @returns {VerifiedUpload | undefined}
 */
function readContext(event) {
  const context = event?.requestContext?.authorizer;
  const handOver = event && headerOf(event, 'x-ossedge-request');
  if (!context?.digest || handOver === undefined || context.digest !== digestOf(handOver)) return undefined;
  return /** @type {VerifiedUpload} */ (/** @type {unknown} */ (context));
}

/**
 * @param {Pick<import('@aws-sdk/client-s3').S3Client, 'send'>} client @param {VerifiedUpload} upload
 * @returns {Promise<string>} the upload id
 */
async function createMultipartUpload(client, upload) {
  const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const command = new CreateMultipartUploadCommand({ Bucket: upload.s3Bucket, Key: upload.key });
  const headers = unpackHeaders(upload.headers);
  // The verified headers as they are: the command's own parameters would parse and format some again.
  command.middlewareStack.add(
    (next) => (args) => {
      Object.assign(/** @type {{ headers: Record<string, string> }} */ (args.request).headers, headers);
      return next(args);
    },
    { step: 'build', name: 'verifiedHeaders' },
  );
  const { UploadId } = await client.send(command);
  if (!UploadId) throw new Error('S3 gave no upload id');
  return UploadId;
}

/** @param {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] */
function regionalClients(s3Options) {
  /** @type {Map<string, import('@aws-sdk/client-s3').S3Client>} */
  const clients = new Map();
  return async (/** @type {string} */ region) => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    // By default the SDK would begin the upload with a CRC32 that every part must then carry.
    const options = { requestChecksumCalculation: /** @type {const} */ ('WHEN_REQUIRED'), ...s3Options, region };
    const client = clients.get(region) ?? new S3Client(options);
    clients.set(region, client);
    return client;
  };
}

/** @param {string} requestId @returns {import('./decision.mjs').HeaderList} */
function resultHeaders(requestId) {
  return [
    ['Content-Type', 'application/xml'],
    ['x-oss-request-id', requestId],
  ];
}

/**
 * Without a namespace: the SDKs for Java, .NET and Python don't find their elements in one. Go v1
 * builds the requests that follow from `Key`, so it is the client's own.
 *
 * @param {VerifiedUpload} upload @param {string} uploadId
 */
function resultDocument({ bucket, key, encoding }, uploadId) {
  const inUrl = encoding === 'url';
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<InitiateMultipartUploadResult>',
    ...(inUrl ? ['  <EncodingType>url</EncodingType>'] : []),
    `  <Bucket>${escapeXml(bucket)}</Bucket>`,
    `  <Key>${inUrl ? encodeURIComponent(key) : escapeXml(key)}</Key>`,
    `  <UploadId>${escapeXml(uploadId)}</UploadId>`,
    '</InitiateMultipartUploadResult>',
    '',
  ].join('\n');
}

/** S3's codes that say something to an OSS client; the others are this gateway's fault. */
const S3_ERRORS = /** @type {Record<string, OssError | undefined>} */ ({
  AccessDenied: {
    ...ACCESS_DENIED,
    ec: '0003-00000001',
    message: 'You have no right to access this object because of bucket acl.',
  },
  NotAuthorized: ACCESS_DENIED,
  NoSuchBucket: {
    status: '404',
    statusDescription: 'Not Found',
    code: 'NoSuchBucket',
    ec: '0015-00000101',
    message: 'The specified bucket does not exist.',
  },
  SlowDown: unavailable(),
  ServiceUnavailable: unavailable(),
  MetadataTooLarge: {
    status: '400',
    statusDescription: 'Bad Request',
    code: 'MetadataTooLarge',
    ec: '0011-00000002',
    message: 'Your metadata headers exceed the maximum allowed metadata size.',
  },
});

/** @returns {OssError} */
function unavailable() {
  return {
    status: '503',
    statusDescription: 'Service Unavailable',
    code: 'ServiceUnavailable',
    ec: '0001-00000000',
    message: 'Please reduce your request rate.',
  };
}

/** @param {unknown} error */
function inOssDialect(error) {
  const name = error instanceof Error && Object.hasOwn(S3_ERRORS, error.name) ? error.name : undefined;
  return (name && S3_ERRORS[name]) || INTERNAL_ERROR;
}
