// A device with an access key, which signs its requests with OSS's signature version 1.

import { createHash, createHmac } from 'node:crypto';

import { sendHttp2 } from './http2-request.mjs';
import { inChunks, sendRaw } from './raw-request.mjs';

/** @typedef {import('./raw-request.mjs').Answer} Answer */
/**
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} key decoded
 * @property {string} [path] as sent; by default the key, percent-encoded
 * @property {string} [query] as sent; all of it is signed
 * @property {[name: string, value: string][]} [headers] those that begin with `x-oss-` are signed
 * @property {Buffer} [content]
 * @property {'length' | 'chunks' | 'both' | 'stream'} [framing] `stream` is over HTTP/2, and has neither header
 * @property {string} [secret] in place of the key's own
 * @property {number} [declared] length in bytes, in place of the content's
 * @property {number} [cut] how many of the body's last bytes, its framing included, are never sent: the connection ends
 */

/** The content of small objects. */
export const HELLO = Buffer.from('hello, doctor');

/**
 * @param {object} options
 * @param {import('./raw-request.mjs').Address} options.address
 * @param {string} options.host
 * @param {string} options.bucket
 * @param {{ accessKeyId: string, accessKeySecret: string }} options.key
 * @param {string} options.prefix of all keys
 * @returns {{ ask: (asked: Asked) => Promise<Answer>, keyOf: (name: string) => string, hasTls: boolean,
 *   accessKeyId: string }}
 */
export function createDevice({ address, host, bucket, key: { accessKeyId, accessKeySecret }, prefix }) {
  return { keyOf: (name) => prefix + name, ask, hasTls: address.protocol === 'https:', accessKeyId };

  /** @param {Asked} asked */
  function ask({
    method,
    key: name,
    path,
    query = '',
    headers = [],
    content,
    framing = 'length',
    secret = accessKeySecret,
    declared = content?.length,
    cut,
  }) {
    const key = prefix + name;
    const date = new Date().toUTCString();
    const header = (/** @type {string} */ wanted) => headers.find(([one]) => one.toLowerCase() === wanted)?.[1] ?? '';
    const signed = headers
      .filter(([one]) => one.startsWith('x-oss-'))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([one, value]) => `${one}:${value}\n`)
      .join('');
    const text = [
      method,
      header('content-md5'),
      header('content-type'),
      date,
      `${signed}/${bucket}/${key}${query && `?${query}`}`,
    ].join('\n');
    const signature = createHmac('sha1', secret).update(text).digest('base64');
    const target = `/${path === undefined ? encoded(key) : encoded(prefix) + path}${query && `?${query}`}`;
    const own = /** @type {[string, string][]} */ ([
      ['Date', date],
      ['Authorization', `OSS ${accessKeyId}:${signature}`],
      ...headers,
    ]);
    if (framing === 'stream') {
      return sendHttp2(address, { method, target, host, headers: own, body: content ?? Buffer.alloc(0), cut });
    }
    return sendRaw(address, {
      method,
      target,
      headers: [['Host', host], ...own, ...framed(declared, framing)],
      body: content && (framing === 'length' ? content : inChunks(content)),
      cut,
    });
  }
}

/** @param {number | undefined} bytes @param {Asked['framing']} framing @returns {[string, string][]} */
function framed(bytes, framing) {
  if (bytes === undefined) return [];
  const length = /** @type {[string, string]} */ (['Content-Length', String(bytes)]);
  const chunked = /** @type {[string, string]} */ (['Transfer-Encoding', 'chunked']);
  return framing === 'length' ? [length] : framing === 'chunks' ? [chunked] : [length, chunked];
}

/** @param {string} key */
function encoded(key) {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** The document that completes an upload of one part. @param {string} etag */
export function onePart(etag) {
  return listOfParts([etag]);
}

/** The document that completes an upload. @param {string[]} etags of parts 1, 2, … */
export function listOfParts(etags) {
  const parts = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
}

/** @param {Buffer | string} content */
export function md5(content) {
  return createHash('md5').update(content).digest('base64');
}
