// UploadPart, for a body that S3 refuses as it is framed.

import { randomBytes } from 'node:crypto';

import { PART_BYTES, canStream, sendStream, storedHeaders, wholePayload } from './body.mjs';
import { putInParts } from './put-in-parts.mjs';
import { UNSIGNED_PAYLOAD, withHeaders } from './s3-clients.mjs';
import { RELAY_PREFIX, partKey } from './staged-keys.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./request.mjs').Request} Request
 * @typedef {import('./body.mjs').Body} Body
 * @typedef {{ Bucket: string, Key: string, UploadId: string, PartNumber: number }} Part
 */

/**
 * @param {S3} s3
 * @param {Request} request
 * @param {Body} body
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function uploadPart(s3, request, body) {
  const { query, object } = request;
  const part = { ...object, UploadId: query.get('uploadId') ?? '', PartNumber: Number(query.get('partNumber')) };
  return { headers: storedHeaders(body, await stored(s3, part, request, body)) };
}

/**
 * @param {S3} s3 @param {Part} part @param {Request} request @param {Body} body
 * @returns {Promise<string | undefined>} the part's ETag
 */
async function stored(s3, part, { headers, staging }, body) {
  const { UploadPartCommand } = await import('@aws-sdk/client-s3');
  if (canStream(body)) {
    const send = (/** @type {import('./body.mjs').Payload} */ payload, /** @type {object} */ options) =>
      s3.send(withHeaders(new UploadPartCommand({ ...part, ...payload }), headers), options);
    return (await sendStream(body, send)).ETag;
  }
  const first = await body.nextPart();
  if (!first.last) return copied(s3, part, body, first);
  const payload = wholePayload(body, first);
  if (staging !== undefined && payload.ContentLength < PART_BYTES) return staged(s3, part, staging, payload);
  // A part under S3's least size fails at the end of the upload, unless it is the last.
  const command = new UploadPartCommand({ ...part, ...payload });
  return (await s3.send(withHeaders(command, { ...headers, ...UNSIGNED_PAYLOAD }))).ETag;
}

/**
 * Stores a part that is too small for S3 where the edge stores those whose length it knows.
 *
 * @param {S3} s3 @param {Part} part @param {import('./request.mjs').Staging} staging
 * @param {import('./body.mjs').Payload} payload
 */
async function staged(s3, { Bucket, PartNumber }, { folder, headers }, payload) {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const object = { Bucket, Key: partKey(folder, PartNumber), ...payload };
  return (await s3.send(withHeaders(new PutObjectCommand(object), { ...headers, ...UNSIGNED_PAYLOAD }))).ETag;
}

/**
 * S3 takes a part of unknown length in no other way: as an object of its own, which becomes the part.
 *
 * @param {S3} s3 @param {Part} part @param {Body} body @param {import('./body.mjs').Part} first
 */
async function copied(s3, part, body, first) {
  const { DeleteObjectCommand, UploadPartCopyCommand } = await import('@aws-sdk/client-s3');
  // Nobody can know the name.
  const object = { Bucket: part.Bucket, Key: `${RELAY_PREFIX}${randomBytes(16).toString('hex')}` };
  const { ETag, VersionId } = await putInParts(s3, object, {}, body, first);
  try {
    const version = VersionId === undefined ? '' : `?versionId=${VersionId}`;
    const CopySource = `${object.Bucket}/${object.Key}${version}`;
    const copy = await s3.send(new UploadPartCopyCommand({ ...part, CopySource, CopySourceIfMatch: ETag }));
    return copy.CopyPartResult?.ETag;
  } finally {
    await s3.send(new DeleteObjectCommand({ ...object, VersionId })).catch(() => {});
  }
}
