// Runs the operation of a verified request.

import { createHash } from 'node:crypto';

import { abort } from '../operations/abort.mjs';
import { complete } from '../operations/complete.mjs';
import { Crc64 } from '../operations/crc64.mjs';
import { getObjectMeta, headObject } from '../operations/head-object.mjs';
import { initiate } from '../operations/initiate.mjs';
import { listParts } from '../operations/list-parts.mjs';
import { putObject } from '../operations/put-object.mjs';
import { verifiedRequest } from '../operations/request.mjs';
import { S3Fault } from '../operations/s3-fault.mjs';
import { uploadPart } from '../operations/upload-part.mjs';
import { hasNoFraming, isOtherLength } from './framing.mjs';
import { IncomingBody } from './incoming-body.mjs';
import { Joins } from './joins.mjs';
import { BodiesByKey, Slots } from './slots.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('../operations/request.mjs').Request} Request
 * @typedef {import('../operations/request.mjs').Answer} Answer
 * @typedef {import('../operations/s3-clients.mjs').S3} S3
 */

/** Bytes of the document of CompleteMultipartUpload: 10,000 parts have less than half of it. It is read as one part. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** Those whose body becomes an object or a part. @type {Record<string, typeof putObject>} */
const STORING = { PutObject: putObject, UploadPart: uploadPart };

/**
 * @param {import('./settings.mjs').Settings} settings
 * @param {Parameters<typeof initiate>[2]} sealing
 * @param {import('../operations/head-object.mjs').StorageClasses} [storageClasses] configured
 * @param {boolean} [isEntrance] whether the requests are the clients' own
 * @returns {(s3: S3, verified: import('./verify.mjs').Verified, message: IncomingMessage,
 *   received: (bytes: number) => void) => Promise<Answer>} throws an error named by S3's code
 */
export function performing(settings, sealing, storageClasses, isEntrance = false) {
  const slots = new Slots(settings, 'RELAY_SLOTS');
  const bodies = new BodiesByKey(settings.bodiesPerKey, 'RELAY_BODIES_PER_KEY');
  const joins = new Joins(settings);
  return async (s3, { forward, url }, message, received) => {
    const request = verifiedRequest(forward, Object.fromEntries(forward.headers), url);
    const store = Object.hasOwn(STORING, forward.operation) ? STORING[forward.operation] : undefined;
    switch (forward.operation) {
      case 'InitiateMultipartUpload':
        return initiate(s3, request, sealing);
      case 'CompleteMultipartUpload':
        return completed(s3, request, forward, await document(message, forward.accessKeyId));
      case 'AbortMultipartUpload':
        return abort(s3, request);
      case 'ListParts':
        return listParts(s3, request);
      case 'HeadObject':
        return headObject(s3, request, storageClasses);
      case 'GetObjectMeta':
        return getObjectMeta(s3, request);
    }
    if (store === undefined || forward.maxBodyBytes === undefined) throw new Error('the core decided on no body');
    if (isOtherLength(message, forward.bodyLength)) throw new S3Fault('IncompleteBody', 'the length at the edge was another');
    // Without either header HTTP/1.1 has no body, so what the client sent was lost on the way.
    if (forward.bodyLength === undefined && hasNoFraming(message)) throw new S3Fault('IncompleteBody', 'a hop before the relay dropped the body');
    const options = {
      length: forward.bodyLength,
      maxBytes: forward.maxBodyBytes,
      contentMd5: request.headers['content-md5'],
      // Behind an edge their framing may be left in the body.
      mayHaveLostChunks: !isEntrance && forward.bodyIsChunked === true,
    };
    return reading(message, forward.accessKeyId, options, received, (body) => store(s3, request, body));
  };

  /**
   * @template R
   * @param {IncomingMessage} message @param {string} accessKeyId
   * @param {{ length?: number, maxBytes: number, contentMd5?: string, mayHaveLostChunks?: boolean }} options
   * @param {(bytes: number) => void} received
   * @param {(body: IncomingBody) => Promise<R>} read
   */
  async function reading(message, accessKeyId, options, received, read) {
    const crc64 = await Crc64.create();
    const leave = bodies.enter(accessKeyId);
    const body = new IncomingBody(message, { ...options, crc64, slots, rate: settings });
    try {
      return await read(body);
    } finally {
      received(body.bytes);
      body.close();
      leave();
    }
  }

  /** @param {IncomingMessage} message @param {string} accessKeyId */
  function document(message, accessKeyId) {
    const options = { maxBytes: MAX_DOCUMENT_BYTES };
    // Its memory is another body's afterwards.
    return reading(message, accessKeyId, options, () => {}, async (body) => Buffer.from((await body.nextPart()).bytes));
  }

  /**
   * @param {S3} s3 @param {Request} request @param {import('../core/decision.mjs').ServiceForward} forward
   * @param {Buffer} body
   */
  async function completed(s3, request, { accessKeyId, query, options }, body) {
    if (request.staging === undefined) return complete(s3, { ...request, body });
    const list = createHash('sha256').update(body).digest('hex');
    const what = [request.object.Bucket, request.key, query, ...options, list].join('\n');
    return joins.run(accessKeyId, what, () => complete(s3, { ...request, body }));
  }
}
