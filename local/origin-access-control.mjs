/**
 * Origin access control: signs a request for S3 as CloudFront does with the signing behaviour "always", and sends it.
 *
 * Paths stay strings: a URL object would normalise dots and slashes, which are legal in object keys.
 */
import http from 'node:http';
import https from 'node:https';
import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { textToWire } from './header-lines.mjs';
import { decodedQuery } from './query-string.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {{ accessKeyId: string, secretAccessKey: string, sessionToken?: string }} Credentials */
/**
 * @typedef {object} S3Target
 * @property {string} [endpoint] replaces the origin's own address; the bucket is then the first path segment
 * @property {Credentials} credentials
 */
/** @typedef {{ base: URL, method: string, path: string, headers: Record<string, string | string[]> }} SignedRequest */

/**
 * The request that goes to S3, signed: `host` and every `x-amz-*` header, and the path exactly as it is sent.
 *
 * @param {CloudFrontRequest} request as the origin-request function returned it, with its S3 origin
 * @param {S3Target} s3
 * @returns {Promise<SignedRequest>}
 */
export async function signedRequest(request, s3) {
  const origin = request.origin?.s3;
  if (!origin) throw new TypeError('the request has no S3 origin');
  const base = new URL(s3.endpoint ?? `https://${origin.domainName}`);
  const path = (s3.endpoint ? `/${bucketOf(origin.domainName)}` : '') + origin.path + request.uri;
  const headers = forwardedHeaders(request);
  const signed = await sign(request, path, { host: base.host, ...amzHeaders(headers) }, s3.credentials);
  const target = request.querystring ? `${path}?${request.querystring}` : path;
  // What is signed takes the place of the viewer's Host and Authorization.
  return { base, method: request.method, path: textToWire(target), headers: wireHeaders({ ...headers, ...signed }) };
}

/**
 * An open request to S3, to which the body is still to be written. A body without a length is sent in chunks.
 *
 * @param {SignedRequest} signed
 * @param {{ hasBody: boolean }} [options]
 * @returns {import('node:http').ClientRequest}
 */
export function openRequest({ base, method, path, headers }, { hasBody } = { hasBody: true }) {
  // Node reads a Content-Disposition that follows Content-Length as ISO-8859-1 once more.
  const { 'content-length': length, ...others } = headers;
  const inOrder = length === undefined ? others : { ...others, 'content-length': length };
  const { request } = base.protocol === 'https:' ? https : http;
  // No kept-alive connection: one that S3 has just closed would fail an upload whose body cannot be sent again.
  const opened = request({
    agent: false,
    hostname: base.hostname,
    port: base.port,
    method,
    path,
    headers: inOrder,
    setHost: false,
  });
  // Else node would frame the body that isn't there.
  if (!hasBody) for (const name of ['content-length', 'transfer-encoding']) opened.removeHeader(name);
  return opened;
}

/**
 * Bucket of an S3 origin's domain name, `<bucket>.s3.<region>.amazonaws.com`; a bucket's name may have dots.
 *
 * @param {string} domainName
 */
export function bucketOf(domainName) {
  return bucketAndRegion(domainName)[0];
}

/**
 * @param {string} domainName
 * @returns {[bucket: string, region: string]} us-east-1 where the name tells no Region
 */
function bucketAndRegion(domainName) {
  const [, bucket, region = 'us-east-1'] =
    /^(.+)\.s3[.-](?:([a-z0-9-]+)\.)?amazonaws\.com(?:\.cn)?$/.exec(domainName) ?? [];
  if (!bucket) throw new TypeError(`\`${domainName}\` is not the domain name of an S3 bucket`);
  return [bucket, region];
}

/**
 * @param {CloudFrontRequest} request
 * @param {string} path
 * @param {Record<string, string>} headers those to sign
 * @param {Credentials} credentials
 * @returns {Promise<Record<string, string>>} the signed headers, with `authorization` and `x-amz-date`
 */
async function sign({ method, querystring, origin }, path, headers, credentials) {
  const [, region] = bucketAndRegion(origin?.s3?.domainName ?? '');
  const signer = new SignatureV4({ credentials, region, service: 's3', sha256: Hash.bind(null, 'sha256'), uriEscapePath: false });
  const request = {
    method,
    protocol: 'https:',
    hostname: headers.host ?? '',
    path,
    query: decodedQuery(querystring),
    headers,
  };
  return (await signer.sign(request)).headers;
}

/**
 * Every header that is sent to S3, by lower-case name.
 *
 * @param {CloudFrontRequest} request
 * @returns {Record<string, string | string[]>}
 */
function forwardedHeaders({ headers, origin }) {
  const lines = Object.entries({ ...headers, ...origin?.s3?.customHeaders }).map(([name, values]) => {
    const sent = values.map(({ value }) => value);
    // SigV4 signs the values of a repeated header joined by commas, so they are sent so.
    return [name, name.startsWith('x-amz-') || sent.length === 1 ? sent.join(',') : sent];
  });
  return { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...Object.fromEntries(lines) };
}

/**
 * @param {Record<string, string | string[]>} headers
 * @returns {Record<string, string>}
 */
function amzHeaders(headers) {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-amz-') ? [[name, String(value)]] : [])),
  );
}

/** @param {Record<string, string | string[]>} headers */
function wireHeaders(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(textToWire) : textToWire(value),
    ]),
  );
}
