// What the tests of the shim share: documents, signed events, the bundled functions.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

import Ajv from 'ajv';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { readDocumentsWasm, readWasm } from '../../cli/wasm-file.mjs';
import { sealFile } from '../../js-shim/core/gate.mjs';
import { createSeal } from '../../js-shim/core/seal.mjs';
import { logText } from '../../js-shim/log.mjs';

const LOG_SCHEMA = new URL('../../cli/schema/log-line.schema.json', import.meta.url);
const ajv = new /** @type {any} */ (Ajv).default({ allowUnionTypes: true });
const isLogLine = ajv.compile(JSON.parse(readFileSync(LOG_SCHEMA, 'utf8')));

export const ACCESS_KEY = { accessKeyId: 'LTAI5tTestDevice0001', accessKeySecret: 'testSecret0001abcdefghijklmno' };
export const SECOND_KEY = { accessKeyId: 'LTAI5tTestDevice0002', accessKeySecret: 'testSecret0002abcdefghijklmno' };

export const DOCUMENTS = {
  config: {
    maxClockSkewSeconds: 300,
    hosts: [
      { host: '*.d111111abcdef8.cloudfront.net', style: 'virtual-hosted' },
      { host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' },
      { host: '127.0.0.1', style: 'path' },
    ],
    buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
    api: { domain: 'abc123.execute-api.us-east-1.amazonaws.com', path: '/prod' },
  },
  accessKeys: { accessKeys: [ACCESS_KEY, SECOND_KEY] },
  // Those of tests/vectors/seals.json.
  secrets: {
    secrets: [
      { number: 2, secret: 'dGhlIHNlY29uZCBzZWNyZXQsIG9mIDMyIGJ5dGVzLi4' },
      { number: 1, secret: 'dGhlIGZpcnN0IHNlY3JldCwgYWxzbyAzMiBieXRlcy4' },
    ],
  },
};

export const NOW = Date.parse('2026-11-24T01:52:57Z');
export const DATE = 'Tue, 24 Nov 2026 01:52:57 GMT';
export const S3_DOMAIN = 'fleet-uploads-prod.s3.us-east-1.amazonaws.com';

/** The functions, bundled once for all tests of a file. */
export const functions = await loadFunctions(DOCUMENTS);

/** The keys of both seals. */
export const seal = createSeal({
  wasm: await readWasm(),
  bytes: sealFile(await readDocumentsWasm(), DOCUMENTS.secrets, { uploadIds: true, handOver: true }),
});

/**
 * The client's id of an upload.
 *
 * @param {string} key @param {string} [s3UploadId] @param {string} [options]
 */
export function sealedUploadId(key, s3UploadId = 'U', options = '-') {
  return String(seal.sealUploadId({ s3Bucket: 'fleet-uploads-prod', key, s3UploadId, options }, NOW));
}

/** S3's id in a sealed one. @param {string | undefined} sealed */
export function s3UploadIdOf(sealed) {
  return String(sealed).split('.').slice(5).join('.');
}

/**
 * A viewer-request event, signed with signature version 1 in its Authorization header.
 *
 * @param {object} [request]
 * @param {string} [request.method]
 * @param {string} [request.uri]
 * @param {string} [request.querystring]
 * @param {Record<string, string | string[]>} [request.headers] in addition to host, date, authorization
 * @param {string} [request.resource] CanonicalizedResource
 * @param {{ accessKeyId: string, accessKeySecret: string }} [request.accessKey]
 */
export function signedEvent({
  method = 'PUT',
  uri = '/logs/boot.txt',
  querystring = '',
  headers = {},
  resource = `/fleet-uploads${uri}${querystring && `?${querystring}`}`,
  accessKey = ACCESS_KEY,
} = {}) {
  const all = { host: 'uploads.example.com', date: DATE, ...headers };
  const ossHeaders = Object.entries(all)
    .filter(([name]) => name.startsWith('x-oss-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const lines = [method, all['content-md5'] ?? '', all['content-type'] ?? '', all['x-oss-date'] ?? all.date];
  const stringToSign = `${lines.join('\n')}\n${ossHeaders.join('')}${resource}`;
  const signature = createHmac('sha1', accessKey.accessKeySecret).update(stringToSign).digest('base64');
  const authorization = `OSS ${accessKey.accessKeyId}:${signature}`;
  return viewerEvent({ method, uri, querystring, headers: { authorization, ...all } });
}

/**
 * A viewer-request event.
 *
 * @param {{ method: string, uri: string, querystring?: string, headers: Record<string, string | string[]> }} request
 */
export function viewerEvent({ method, uri, querystring = '', headers }) {
  const lines = Object.entries(headers).map(([name, value]) => [name, [value].flat().map((one) => ({ key: name, value: one }))]);
  return {
    Records: [
      {
        cf: {
          config: {
            distributionDomainName: 'd111111abcdef8.cloudfront.net',
            distributionId: 'EDFDVBD6EXAMPLE',
            eventType: 'viewer-request',
            requestId: '4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==',
          },
          request: { clientIp: '203.0.113.178', method, uri, querystring, headers: Object.fromEntries(lines) },
        },
      },
    ],
  };
}

/**
 * What CloudFront makes of a forwarded request for the origin-request function.
 *
 * @param {any} request
 * @param {Record<string, string>} [customHeaders]
 * @param {string} [domainName]
 */
export function originEvent(request, customHeaders = {}, domainName = S3_DOMAIN) {
  const custom = Object.entries(customHeaders).map(([name, value]) => [name, [{ key: name, value }]]);
  return {
    Records: [
      {
        cf: {
          config: { ...signedEvent().Records[0].cf.config, eventType: 'origin-request' },
          request: {
            ...request,
            headers: { ...request.headers, host: [{ key: 'Host', value: domainName }] },
            origin: {
              s3: {
                authMethod: 'none',
                customHeaders: Object.fromEntries(custom),
                domainName,
                path: '',
                region: '',
              },
            },
          },
        },
      },
    ],
  };
}

/** A log that keeps its lines. */
/** A log in memory, which takes only lines that follow the schema. */
export function memoryLog() {
  /** @type {any[]} */
  const lines = [];
  const log = (/** @type {any} */ line) => {
    const written = JSON.parse(logText(line));
    if (!isLogLine(written)) throw new Error(`${JSON.stringify(written)}: ${JSON.stringify(isLogLine.errors)}`);
    lines.push(line);
  };
  return { lines, log };
}

/** @param {string} body an error document @param {string} name */
export function element(body, name) {
  return new RegExp(`<${name}>([^<]*)</${name}>`, 'u').exec(body)?.[1];
}
