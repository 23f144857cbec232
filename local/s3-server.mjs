/**
 * An Amazon S3 on disk for the local distribution. It is path-style, verifies each request's SigV4 signature, and
 * answers as S3 does, errors included.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pairs, textFromWire, textToWire } from './header-lines.mjs';
import { decodedQuery } from './query-string.mjs';
import { S3Error } from './s3-error.mjs';
import { operationOf } from './s3-operations.mjs';
import { verifySignature } from './s3-signature.mjs';
import { S3Store } from './s3-store.mjs';

/** @typedef {import('./s3-request.mjs').S3Response} S3Response */
/** @typedef {{ accessKeyId: string, secretAccessKey: string }} Credentials */
/** @typedef {{ stores: Map<string, S3Store>, credentials: Credentials }} S3 */

/**
 * Serves buckets on 127.0.0.1, at a port that the system chooses, with the objects that are in the directory.
 *
 * @param {{ directory: string, buckets: string[], credentials?: Credentials }} options
 *   without `credentials`, new random ones
 * @returns {Promise<{ endpoint: string, credentials: Credentials, close(): Promise<void> }>}
 */
export async function startS3Server({ directory, buckets, credentials = randomCredentials() }) {
  const stores = new Map(buckets.map((bucket) => [bucket, new S3Store(join(directory, bucket))]));
  await Promise.all([...stores.values()].map((store) => store.create()));
  const server = http.createServer(
    { requestTimeout: 0 },
    (request, response) => void answer({ stores, credentials }, request, response),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { endpoint: `http://127.0.0.1:${port}`, credentials, close: () => closed(server) };
}

/**
 * @param {S3} s3
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 */
async function answer(s3, request, response) {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  try {
    await send(await result(s3, request), requestId, request, response);
  } catch (error) {
    if (response.headersSent || request.socket.destroyed) return void response.destroy();
    await send(errorResponse(error, requestId), requestId, request, response).catch(() => response.destroy());
  }
}

/**
 * @param {S3} s3
 * @param {http.IncomingMessage} request
 * @returns {Promise<S3Response>}
 */
async function result({ stores, credentials }, request) {
  const [path = '', querystring = ''] = splitOnce(textFromWire(request.url ?? '/'), '?');
  const headers = joinedHeaders(request.rawHeaders);
  const method = request.method ?? 'GET';
  await verifySignature({ method, path, querystring, headers }, credentials, new Date());
  const { bucket, key } = addressed(path);
  const store = stores.get(bucket);
  if (!store) throw new S3Error('NoSuchBucket', { BucketName: bucket });
  const query = Object.fromEntries(
    Object.entries(decodedQuery(querystring)).map(([name, value]) => [name, String(value)]),
  );
  const s3Request = { method, bucket, key, query, headers, body: request, store };
  return operationOf(s3Request)(s3Request);
}

/**
 * Bucket and key of a path-style path. The key is decoded once and not changed otherwise. The path is in S3's own
 * spelling, because its signature was valid.
 *
 * @param {string} path
 */
function addressed(path) {
  const [bucket = '', key = ''] = splitOnce(path.slice(1), '/');
  try {
    const decoded = decodeURIComponent(key);
    if (Buffer.byteLength(decoded) > KEY_BYTES) {
      throw new S3Error('KeyTooLongError', { Size: Buffer.byteLength(decoded), MaxSizeAllowed: KEY_BYTES });
    }
    return { bucket, key: decoded };
  } catch (error) {
    throw error instanceof S3Error ? error : new S3Error('InvalidURI', { URI: path });
  }
}

/**
 * @param {S3Response} result
 * @param {string} requestId
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 */
async function send({ status, headers = {}, body = '' }, requestId, request, response) {
  // Bytes, not text: node writes headers in the encoding of a text that follows them, and theirs is ISO-8859-1.
  const bytes = body instanceof Readable || status === 204 ? null : Buffer.from(body);
  const length = bytes ? { 'Content-Length': String(bytes.length) } : {};
  const all = { 'x-amz-id-2': requestId, 'x-amz-request-id': requestId, ...length, ...headers, Server: 'AmazonS3' };
  response.writeHead(status, Object.fromEntries(Object.entries(all).map(([name, value]) => [name, textToWire(value)])));
  if (request.method === 'HEAD' && body instanceof Readable) body.destroy();
  else if (body instanceof Readable) await pipeline(body, response, { end: false });
  else if (request.method !== 'HEAD' && bytes) response.write(bytes);
  await drained(request);
  response.end();
}

/**
 * Reads the rest of a body. If the connection were closed before, it would be reset and the answer lost.
 *
 * @param {http.IncomingMessage} request
 * @returns {Promise<void>}
 */
function drained(request) {
  request.resume();
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) resolve();
    request.once('end', resolve);
    request.once('close', resolve);
  });
}

/**
 * @param {unknown} error
 * @param {string} requestId
 * @returns {S3Response}
 */
function errorResponse(error, requestId) {
  const s3Error = error instanceof S3Error ? error : new S3Error('InternalError');
  return { status: s3Error.status, headers: { 'Content-Type': 'application/xml' }, body: s3Error.toXml(requestId) };
}

/**
 * @param {readonly string[]} rawHeaders
 * @returns {Record<string, string>}
 */
function joinedHeaders(rawHeaders) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  for (const [key, value] of pairs(rawHeaders)) {
    const name = key.toLowerCase();
    values.set(name, [...(values.get(name) ?? []), textFromWire(value)]);
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, list.join(',')]));
}

/**
 * @param {string} text
 * @param {string} separator
 */
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** @returns {Credentials} */
function randomCredentials() {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}

/** @param {http.Server} server */
async function closed(server) {
  const ended = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await ended;
}

/** S3 user guide, "Object key naming guidelines". */
const KEY_BYTES = 1024;
