// An object that S3 gets in parts, in constant memory: for a body whose length isn't known until it ends.

import { withHeaders } from './s3-clients.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./body.mjs').Body} Body
 * @typedef {import('./body.mjs').Part} Part
 * @typedef {{ Bucket: string, Key: string, UploadId: string }} Upload
 */

/** Headers that S3 takes when an upload ends, and not when it begins. */
const AT_THE_END = ['if-none-match'];

/** That of the whole body, which was checked here: no request to S3 has that body. */
const NOT_SENT = ['content-md5'];

/**
 * Nothing is stored unless all of it is.
 *
 * @param {S3} s3
 * @param {{ Bucket: string, Key: string }} object
 * @param {Record<string, string>} headers
 * @param {Body} body
 * @param {Part} first already read
 * @returns {Promise<import('@aws-sdk/client-s3').CompleteMultipartUploadCommandOutput>}
 */
export async function putInParts(s3, object, headers, body, first) {
  const sdk = await import('@aws-sdk/client-s3');
  const [atTheEnd, atTheStart] = divided(headers);
  const begun = await s3.send(withHeaders(new sdk.CreateMultipartUploadCommand(object), atTheStart));
  if (!begun.UploadId) throw new Error('S3 returned no upload id');
  const upload = { ...object, UploadId: begun.UploadId };
  try {
    const Parts = await sendParts(s3, upload, body, first);
    const command = new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
    return await s3.send(withHeaders(command, atTheEnd));
  } catch (error) {
    // What remains if this fails too, the bucket's lifecycle rule for incomplete uploads removes.
    await s3.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  }
}

/**
 * Sends a part while the next is read into other memory.
 *
 * @param {S3} s3 @param {Upload} upload @param {Body} body @param {Part} first
 */
async function sendParts(s3, upload, body, first) {
  const { UploadPartCommand } = await import('@aws-sdk/client-s3');
  const aborted = new AbortController();
  /** @type {{ PartNumber: number, ETag: string }[]} */
  const parts = [];
  for (let part = first; ; ) {
    const { bytes, last } = part;
    const PartNumber = parts.length + 1;
    const command = new UploadPartCommand({ ...upload, PartNumber, Body: bytes, ContentLength: bytes.length });
    const sending = s3.send(command, { abortSignal: aborted.signal });
    try {
      const [{ ETag }, next] = await Promise.all([sending, last ? undefined : body.nextPart()]);
      if (!ETag) throw new Error('S3 returned no ETag');
      parts.push({ PartNumber, ETag });
      if (next === undefined) return parts;
      part = next;
    } catch (error) {
      // A part must not arrive after the upload was aborted, and its memory is used again.
      aborted.abort();
      await sending.catch(() => {});
      throw error;
    }
  }
}

/** @param {Record<string, string>} headers */
function divided(headers) {
  const sent = Object.entries(headers).filter(([name]) => !NOT_SENT.includes(name));
  return [true, false].map((wanted) =>
    Object.fromEntries(sent.filter(([name]) => AT_THE_END.includes(name) === wanted)),
  );
}
