// CompleteMultipartUpload. S3 may answer 200 and then end the body with an error, which
// no OSS SDK looks for. Here such an error becomes a status.

import { createHash } from 'node:crypto';

import { completeStaged } from './complete-staged.mjs';
import { readCompletedParts } from './completed-parts.mjs';
import { objectElements, ossDocument } from './oss-document.mjs';
import { withHeaders } from './s3-clients.mjs';
import { S3Fault } from './s3-fault.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./completed-parts.mjs').CompletedPart} CompletedPart
 */

/**
 * @param {S3} s3
 * @param {import('./request.mjs').RequestWithBody} request
 * @param {import('./join.mjs').MakeParts} [make] parts of staged ones
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function complete(s3, request, make) {
  const { 'content-md5': contentMd5, ...headers } = request.headers;
  checkContentMd5(request.body, contentMd5);
  const { ETag, VersionId, joinedBytes } = await completed(s3, request, headers, make).catch((error) => {
    // S3 wants the whole upload anew: nothing comes of a repetition.
    throw error?.name === 'ConditionalRequestConflict' ? new S3Fault('PreconditionFailed', 'the object was written or deleted meanwhile') : error;
  });
  if (!ETag) throw new Error('S3 returned no ETag');
  return {
    document: ossDocument('CompleteMultipartUploadResult', [
      ['Location', request.url],
      ...objectElements(request),
      ['ETag', ETag],
    ]),
    headers: VersionId ? [['x-oss-version-id', VersionId]] : [],
    joinedBytes: joinedBytes || undefined,
  };
}

/**
 * @param {S3} s3 @param {import('./request.mjs').RequestWithBody} request @param {Record<string, string>} headers
 * @param {import('./join.mjs').MakeParts} [make]
 * @returns {Promise<{ ETag?: string, VersionId?: string, joinedBytes?: number }>}
 */
async function completed(s3, request, headers, make) {
  const { object, options, query, staging } = request;
  const takesAll = options.has('complete-all');
  const listed = takesAll ? undefined : readCompletedParts(request.body.toString('utf8'));
  if (!takesAll && listed === undefined) throw new S3Fault('MalformedXML', 'the body is no list of parts');
  const uploadId = query.get('uploadId') ?? '';
  if (staging !== undefined) {
    const { folder, maxJoinBytes } = staging;
    return completeStaged(s3, { upload: { object, uploadId, folder }, listed, headers, maxJoinBytes, make });
  }
  const upload = { ...object, UploadId: uploadId };
  const Parts = listed ?? (await everyPart(s3, upload));
  if (Parts === undefined) throw new S3Fault('MalformedXML', 'the upload has no part');
  const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  return s3.send(withHeaders(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), headers));
}

/**
 * Checks the digest here, because S3 receives another document than the client sent.
 *
 * @param {Buffer} body @param {string | undefined} contentMd5
 */
function checkContentMd5(body, contentMd5) {
  const matches = contentMd5 === undefined || contentMd5 === createHash('md5').update(body).digest('base64');
  if (!matches) throw new S3Fault('BadDigest', 'the body has another Content-MD5');
}

/**
 * All parts that S3 has, in order, for `x-oss-complete-all: yes`.
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
    for (const { PartNumber, ETag } of page.Parts ?? []) {
      parts.push({ PartNumber: Number(PartNumber), ETag: String(ETag) });
    }
    const next = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    // Fail rather than complete an upload without some of its parts.
    if (page.IsTruncated && (next === undefined || next === marker)) {
      throw new Error('S3 has more parts but named no marker');
    }
    marker = next;
  } while (marker !== undefined);
  return parts.length > 0 ? parts : undefined;
}
