// Runs the operation of a verified request.

import { complete } from '../operations/complete.mjs';
import { getObjectMeta, headObject } from '../operations/head-object.mjs';
import { initiate } from '../operations/initiate.mjs';
import { listParts } from '../operations/list-parts.mjs';
import { putObject } from '../operations/put-object.mjs';
import { verifiedRequest } from '../operations/request.mjs';
import { S3Fault } from '../operations/s3-fault.mjs';
import { uploadPart } from '../operations/upload-part.mjs';
import { hasNoFraming, isOtherLength } from './framing.mjs';
import { IncomingBody } from './incoming-body.mjs';
import { BodiesByKey, Slots } from './slots.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('../operations/request.mjs').Request} Request
 * @typedef {import('../operations/request.mjs').Answer} Answer
 * @typedef {import('../operations/s3-clients.mjs').S3} S3
 */

/** Bytes of the document of CompleteMultipartUpload: 10,000 parts have less than half of it. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** Those whose body becomes an object or a part. @type {Record<string, typeof putObject>} */
const STORING = { PutObject: putObject, UploadPart: uploadPart };

/**
 * @param {import('./settings.mjs').Settings} settings
 * @param {Parameters<typeof initiate>[2]} sealing
 * @returns {(s3: S3, verified: import('./verify.mjs').Verified, message: IncomingMessage,
 *   received: (bytes: number) => void) => Promise<Answer>} throws an error named by S3's code
 */
export function performing(settings, sealing) {
  const slots = new Slots(settings);
  const bodies = new BodiesByKey(settings.bodiesPerKey);
  return async (s3, { forward, handOver }, message, received) => {
    const request = verifiedRequest(forward, Object.fromEntries(forward.headers), handOver);
    const store = Object.hasOwn(STORING, forward.operation) ? STORING[forward.operation] : undefined;
    switch (forward.operation) {
      case 'InitiateMultipartUpload':
        return initiate(s3, request, sealing);
      case 'CompleteMultipartUpload':
        return complete(s3, { ...request, body: await document(message) });
      case 'ListParts':
        return listParts(s3, request);
      case 'HeadObject':
        return headObject(s3, request);
      case 'GetObjectMeta':
        return getObjectMeta(s3, request);
    }
    if (store === undefined || forward.maxBodyBytes === undefined) throw new Error('the core decided on no body');
    if (isOtherLength(message, forward.bodyLength)) throw new S3Fault('IncompleteBody');
    // Without either header HTTP/1.1 has no body, so what the client sent was lost on the way.
    if (forward.bodyLength === undefined && hasNoFraming(message)) throw new S3Fault('IncompleteBody');
    const leave = bodies.enter(forward.accessKeyId);
    const body = new IncomingBody(message, {
      length: forward.bodyLength,
      maxBytes: forward.maxBodyBytes,
      contentMd5: request.headers['content-md5'],
      slots,
      rate: settings,
    });
    try {
      return await store(s3, request, body);
    } finally {
      received(body.bytes);
      body.close();
      leave();
    }
  };
}

/**
 * @param {IncomingMessage} message
 * @throws {S3Fault}
 */
async function document(message) {
  const chunks = [];
  let bytes = 0;
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > MAX_DOCUMENT_BYTES) throw new S3Fault('EntityTooLarge');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof S3Fault ? error : new S3Fault('IncompleteBody');
  }
  return Buffer.concat(chunks);
}
