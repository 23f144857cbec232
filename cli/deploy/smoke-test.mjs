// Requests of a device, to see that a deployment works: uploads that must succeed, and others that must be refused.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

import { onePart } from '../doctor/device.mjs';
import { errorText } from '../error-text.mjs';

/**
 * @typedef {object} Target
 * @property {string} host of the requests, which the configuration knows
 * @property {string} bucket that the host stands for
 * @property {{ protocol: 'http:' | 'https:', hostname: string, port?: number }} connectTo the distribution itself, as
 *   the
 *   host's DNS record may not be there yet
 * @property {{ accessKeyId: string, accessKeySecret: string }} key
 * @property {string} prefix that the key may write to
 * @property {boolean} hasParts whether uploads in parts are served
 * @property {boolean} takesChunks whether a body without a length is taken
 *
 * @typedef {{ what: string, ok: boolean, found: string }} Outcome
 */

/**
 * @param {Target} target
 * @returns {Promise<{ outcomes: Outcome[], objects: string[] }>} keys of the objects that were stored
 */
export async function smokeTest(target) {
  const name = `${target.prefix}oss-edge-smoke-test/${randomBytes(6).toString('hex')}`;
  const wrong = { ...target, key: { ...target.key, accessKeySecret: randomBytes(15).toString('hex') } };
  /** @type {Outcome[]} */
  const outcomes = [];
  const expect = async (
    /** @type {string} */ what,
    /** @type {RegExp} */ expected,
    /** @type {Promise<Answer>} */ asked,
  ) => {
    const answer = await asked.catch((error) => ({ status: 0, body: errorText(error), etag: '' }));
    const found = `${answer.status} ${/<Code>([^<]+)/u.exec(answer.body)?.[1] ?? ''}`.trim();
    outcomes.push({ what, ok: expected.test(found), found: answer.status === 0 ? answer.body : found });
    return answer;
  };
  await expect('a signed upload', /^200$/u, ask(target, 'PUT', name, '', 'hello'));
  const chunked = ask(target, 'PUT', `${name}-chunked`, '', 'hello', 'chunks');
  if (target.takesChunks) await expect('an upload without a length', /^200$/u, chunked);
  else await expect('an upload without a length, refused', /^411 MissingContentLength$/u, chunked);
  await expect('a wrong secret', /^403 SignatureDoesNotMatch$/u, ask(wrong, 'PUT', `${name}-refused`, '', 'hello'));
  await expect('reading an object', /^405 MethodNotAllowed$/u, ask(target, 'GET', name, ''));
  if (target.hasParts) {
    const begun = await expect('an upload in parts begins', /^200$/u, ask(target, 'POST', `${name}-parts`, 'uploads'));
    const id = /<UploadId>([^<]+)/u.exec(begun.body)?.[1] ?? 'none';
    const part = await expect(
      'a part',
      /^200$/u,
      ask(target, 'PUT', `${name}-parts`, `partNumber=1&uploadId=${id}`, 'hello'),
    );
    const document = onePart(part.etag);
    await expect('an upload in parts ends', /^200$/u, ask(target, 'POST', `${name}-parts`, `uploadId=${id}`, document));
  }
  return { outcomes, objects: [name, `${name}-chunked`, `${name}-parts`] };
}

/** @typedef {{ status: number, body: string, etag: string }} Answer */

/**
 * @param {Target} target @param {string} method @param {string} key @param {string} query @param {string} [body]
 * @param {'length' | 'chunks'} [framing] of the body
 * @returns {Promise<Answer>}
 */
async function ask(
  { host, bucket, connectTo, key: { accessKeyId, accessKeySecret } },
  method,
  key,
  query,
  body,
  framing = 'length',
) {
  const date = new Date().toUTCString();
  const md5 = body === undefined ? '' : createHash('md5').update(body).digest('base64');
  const type = body === undefined ? '' : 'application/octet-stream';
  const signed = [method, md5, type, date, `/${bucket}/${key}${query && `?${query}`}`].join('\n');
  const signature = createHmac('sha1', accessKeySecret).update(signed).digest('base64');
  const headers = {
    host,
    date,
    authorization: `OSS ${accessKeyId}:${signature}`,
    ...(framing === 'length' ? { 'content-length': Buffer.byteLength(body ?? '') } : { 'transfer-encoding': 'chunked' }),
    ...(body === undefined ? {} : { 'content-md5': md5, 'content-type': type }),
  };
  const { request } = connectTo.protocol === 'https:' ? https : http;
  const path = `/${key}${query && `?${query}`}`;
  return new Promise((resolve, reject) => {
    const sent = request(
      { ...connectTo, method, path, headers, servername: host, agent: false, timeout: 30_000 },
      async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          body: await text(response),
          etag: String(response.headers.etag ?? ''),
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer in 30 s')));
    sent.on('error', reject);
    sent.end(body);
  });
}
