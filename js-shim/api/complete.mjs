// CompleteMultipartUpload behind the API: S3's answers 200 before it knows whether it can, and may end
// in an error that no OSS SDK looks for; here it ends in a status.

import { createHash } from 'node:crypto';

import { S3Fault, apiOperation, withHeaders } from './api-operation.mjs';
import { readCompletedParts } from './completed-parts.mjs';
import { urlOf } from './hand-over.mjs';
import { objectElements, ossDocument } from './oss-document.mjs';

/**
 * @typedef {import('./api-operation.mjs').Request} Request
 * @typedef {import('./api-operation.mjs').S3} S3
 * @typedef {import('./completed-parts.mjs').CompletedPart} CompletedPart
 */

export const createComplete = apiOperation('CompleteMultipartUpload', async (s3, request) => {
  const { 'content-md5': contentMd5, ...headers } = request.headers;
  checkContentMd5(request.body, contentMd5);
  const upload = { ...request.object, UploadId: request.query.get('uploadId') ?? '' };
  const Parts = request.options.has('complete-all') ? await everyPart(s3, upload) : readCompletedParts(request.body.toString('utf8'));
  if (Parts === undefined) throw new S3Fault('MalformedXML');
  const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
  const { ETag, VersionId } = await s3.send(withHeaders(command, headers));
  if (!ETag) throw new Error('S3 gave no ETag');
  return {
    document: ossDocument('CompleteMultipartUploadResult', [
      ['Location', urlOf(request.handOver)],
      ...objectElements(request),
      ['ETag', ETag],
    ]),
    headers: VersionId ? [['x-oss-version-id', VersionId]] : [],
  };
});

/**
 * The signature covers Content-MD5, and S3 gets another document than the client sent.
 *
 * @param {Buffer} body @param {string | undefined} contentMd5
 */
function checkContentMd5(body, contentMd5) {
  const matches = contentMd5 === undefined || contentMd5 === createHash('md5').update(body).digest('base64');
  if (!matches) throw new S3Fault('BadDigest');
}

/**
 * What `x-oss-complete-all: yes` stands for: all parts that S3 has, in order.
 *
 * @param {S3} s3 @param {{ Bucket: string, Key: string, UploadId: string }} upload
 */
async function everyPart(s3, upload) {
  const { ListPartsCommand } = await import('@aws-sdk/client-s3');
  /** @type {CompletedPart[]} */
  const parts = [];
  /** @type {string | undefined} */
  let marker;
  do {
    const page = await s3.send(new ListPartsCommand({ ...upload, PartNumberMarker: marker }));
    for (const { PartNumber, ETag } of page.Parts ?? []) parts.push({ PartNumber: Number(PartNumber), ETag: String(ETag) });
    const next = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    // An upload must not be completed with some of its parts.
    if (page.IsTruncated && (next === undefined || next === marker)) throw new Error('S3 has more parts and does not say where');
    marker = next;
  } while (marker !== undefined);
  return parts.length > 0 ? parts : undefined;
}
