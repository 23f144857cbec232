/**
 * Verification of SigV4 header signatures, by signing again what the client says it signed.
 *
 * S3 API reference, "Authenticating Requests: Using the Authorization Header".
 */
import { timingSafeEqual } from 'node:crypto';
import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { decodedQuery, percentDecoded } from './query-string.mjs';
import { S3Error } from './s3-error.mjs';

/**
 * @typedef {object} SignedS3Request
 * @property {string} method
 * @property {string} path raw
 * @property {string} querystring raw
 * @property {Record<string, string>} headers lower-case name to its values joined by commas
 */

/**
 * Accepts a request only if its signature is valid. The Region in the scope isn't checked.
 *
 * @param {SignedS3Request} request
 * @param {{ accessKeyId: string, secretAccessKey: string }} credentials
 * @param {Date} now
 * @throws {S3Error} where the signature is missing, malformed, wrong, or too old
 */
export async function verifySignature(request, credentials, now) {
  const presented = presentedSignature(request.headers.authorization);
  if (presented.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', { AWSAccessKeyId: presented.accessKeyId });
  }
  if (!request.headers['x-amz-content-sha256']) throw new S3Error('InvalidRequest');
  refuseUnsignedHeaders(request.headers, presented.signedHeaders);
  const signed = await signAgain(request, presented, credentials, signingDate(request.headers['x-amz-date'], now));
  const expected = presentedSignature(signed.authorization);
  if (!timingSafeEqual(Buffer.from(expected.signature), Buffer.from(presented.signature))) {
    throw new S3Error('SignatureDoesNotMatch');
  }
}

/** @param {string | undefined} authorization */
function presentedSignature(authorization) {
  if (!authorization) throw new S3Error('AccessDenied');
  const [, accessKeyId, region, headers, signature] = AUTHORIZATION.exec(authorization) ?? [];
  if (!accessKeyId || !region || !headers || !signature) throw new S3Error('AuthorizationHeaderMalformed');
  return { accessKeyId, region, signedHeaders: headers.split(';'), signature };
}

/**
 * @param {Record<string, string>} headers
 * @param {string[]} signedHeaders
 */
function refuseUnsignedHeaders(headers, signedHeaders) {
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) throw new S3Error('AccessDenied', { HeadersNotSigned: unsigned.join(', ') });
}

/**
 * @param {string | undefined} amzDate
 * @param {Date} now
 */
function signingDate(amzDate, now) {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate ?? '') ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime())) throw new S3Error('AccessDenied');
  if (Math.abs(now.getTime() - date.getTime()) > CLOCK_SKEW_MILLISECONDS) {
    throw new S3Error('RequestTimeTooSkewed', { RequestTime: amzDate ?? '', ServerTime: now.toISOString() });
  }
  return date;
}

/**
 * @param {SignedS3Request} request
 * @param {ReturnType<typeof presentedSignature>} presented
 * @param {{ accessKeyId: string, secretAccessKey: string }} credentials
 * @param {Date} date
 */
async function signAgain({ method, path, querystring, headers }, { region, signedHeaders }, credentials, date) {
  const signer = new SignatureV4({ credentials, region, service: 's3', sha256: Hash.bind(null, 'sha256'), uriEscapePath: false });
  const signable = Object.fromEntries(signedHeaders.map((name) => [name, headers[name] ?? '']));
  const query = decodedQuery(querystring);
  const request = {
    method,
    protocol: 'http:',
    hostname: headers.host ?? '',
    path: canonicalUri(path),
    query,
    headers: signable,
  };
  const signed = await signer.sign(request, { signingDate: date, signableHeaders: new Set(signedHeaders) });
  return signed.headers;
}

/**
 * The path as S3 itself encodes it: decoded once, where `+` is a space, and encoded again, all but the unreserved
 * characters and `/`. A client that sends and signs another spelling is refused.
 *
 * @param {string} path
 */
function canonicalUri(path) {
  const decoded = percentDecoded(path.replaceAll('+', '%20'));
  return encodeURIComponent(decoded)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/\d{8}\/([^/,]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;!#$%&'*+.^_`|~-]+), ?Signature=([0-9a-f]{64})$/;

const CLOCK_SKEW_MILLISECONDS = 15 * 60 * 1000;
