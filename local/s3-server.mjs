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
import { refuseChunks, withOneFraming } from './s3-body.mjs';
import { S3Error } from './s3-error.mjs';
import { errorResponse, withFault } from './s3-fault.mjs';
import { operationOf } from './s3-operations.mjs';
import { KEY_BYTES } from './s3-request.mjs';
import { verifySignature } from './s3-signature.mjs';
import { S3Store } from './s3-store.mjs';
import { S3Uploads } from './s3-uploads.mjs';

/** @typedef {import('./s3-request.mjs').S3Response} S3Response */
/** @typedef {import('./s3-request.mjs').Bucket} Bucket */
/** @typedef {{ accessKeyId: string, secretAccessKey: string }} Credentials */
/**
 * @typedef {object} S3
 * @property {ReadonlyMap<string, Bucket>} buckets
 * @property {Credentials} credentials
 * @property {import('./s3-fault.mjs').FaultOf} [fault]
 * @property {number} calls so far
 */
/**
 * @typedef {object} Options
 * @property {string} directory where the buckets' objects are and will be
 * @property {string[]} buckets their names
 * @property {Credentials} [credentials] by default new random ones
 * @property {boolean} [versioned] whether the buckets keep what is overwritten and deleted
 * @property {boolean} [remembersCompleted] whether a repeated CompleteMultipartUpload gets the first one's answer, as
 *   in S3 for some time; else NoSuchUpload
 * @property {import('./s3-fault.mjs').FaultOf} [fault] for tests: decides for each call whether and how it fails
 */

/**
 * Serves buckets on 127.0.0.1, at a port that the system chooses.
 *
 * @param {Options} options
 * @returns {Promise<{ endpoint: string, credentials: Credentials, close(): Promise<void> }>}
 */
export async function startS3Server({ credentials = randomCredentials(), fault, ...options }) {
  const s3 = { buckets: await openBuckets(options), credentials, fault, calls: 0 };
  const server = http.createServer(SERVER_OPTIONS, (request, response) => void answer(s3, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { endpoint: `http://127.0.0.1:${port}`, credentials, close: () => closed(server) };
}

/**
 * @param {Omit<Options, 'credentials' | 'fault'>} options
 * @returns {Promise<ReadonlyMap<string, Bucket>>}
 */
async function openBuckets({ directory, buckets, versioned = false, remembersCompleted = true }) {
  /** @type {Map<string, Bucket>} */
  const opened = new Map();
  for (const name of buckets) {
    const store = new S3Store(join(directory, name), { versioned });
    const uploads = new S3Uploads(store, { remembersCompleted });
    await store.create();
    await uploads.create();
    opened.set(name, { store, uploads });
  }
  return opened;
}

/**
 * @param {S3} s3
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 */
async function answer(s3, request, response) {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  try {
    const { response: answered, ending } = await result(s3, request, requestId);
    if (ending === 'cut') request.socket.destroy();
    // The client's own time-out ends it.
    else if (ending === 'silence') request.resume();
    else await send(answered, requestId, request, response, ending);
  } catch {
    response.destroy();
  }
}

/**
 * @param {S3} s3
 * @param {http.IncomingMessage} request
 * @param {string} requestId
 * @returns {Promise<{ response: S3Response, ending: import('./s3-fault.mjs').Ending }>}
 */
async function result(s3, request, requestId) {
  try {
    const s3Request = await verifiedRequest(s3, request);
    const { name, run } = operationOf(s3Request);
    const { bucket, key, query, headers } = s3Request;
    const fault = s3.fault?.({ number: (s3.calls += 1), operation: name, bucket, key, query, headers });
    const work = () => run(s3Request).catch((error) => errorResponse(error, requestId));
    return await withFault(await fault, work, requestId);
  } catch (error) {
    return { response: errorResponse(error, requestId), ending: 'whole' };
  }
}

/**
 * @param {S3} s3
 * @param {http.IncomingMessage} message
 * @returns {Promise<import('./s3-request.mjs').S3Request>}
 */
async function verifiedRequest({ buckets, credentials }, message) {
  const [path = '', querystring = ''] = splitOnce(textFromWire(message.url ?? '/'), '?');
  const headers = withOneFraming(joinedHeaders(message.rawHeaders));
  const method = message.method ?? 'GET';
  await verifySignature({ method, path, querystring, headers }, credentials, new Date());
  refuseChunks(headers);
  const { bucket, key } = addressed(path);
  const opened = buckets.get(bucket);
  if (!opened) throw new S3Error('NoSuchBucket', { BucketName: bucket });
  const query = Object.fromEntries(
    Object.entries(decodedQuery(querystring)).map(([name, value]) => [name, String(value)]),
  );
  return { method, bucket, key, query, headers, body: message, ...opened, buckets };
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
 * @param {'whole' | 'half'} ending
 */
async function send({ status, headers = {}, body = '' }, requestId, request, response, ending) {
  // Bytes, not text: node writes headers in the encoding of a text that follows them, and theirs is ISO-8859-1.
  const bytes = body instanceof Readable || status === 204 || status === 304 ? null : Buffer.from(body);
  const length = bytes ? { 'Content-Length': String(bytes.length) } : {};
  const all = { 'x-amz-id-2': requestId, 'x-amz-request-id': requestId, ...length, ...headers, Server: 'AmazonS3' };
  response.writeHead(status, Object.fromEntries(Object.entries(all).map(([name, value]) => [name, textToWire(value)])));
  const sent = body instanceof Readable ? body : Readable.from(bytes ? [bytes] : []);
  if (request.method === 'HEAD') sent.destroy();
  else if (ending === 'half') return sendHalf(sent, Number(response.getHeader('Content-Length')), response);
  else await pipeline(sent, response, { end: false });
  await drained(request);
  response.end();
}

/**
 * @param {Readable} body
 * @param {number} length of all of it
 * @param {http.ServerResponse} response
 */
async function sendHalf(body, length, response) {
  let left = Math.floor(length / 2);
  for await (const chunk of body) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    await new Promise((resolve) => response.write(part, resolve));
    if (left === 0) break;
  }
  response.destroy();
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

const SERVER_OPTIONS = {
  // A request with both Content-Length and Transfer-Encoding gets S3's answer, not that of node's parser.
  insecureHTTPParser: true,
  // An upload may take hours.
  requestTimeout: 0,
  // The clients of a busy machine would find connections that were closed just then.
  keepAliveTimeout: 60_000,
};
