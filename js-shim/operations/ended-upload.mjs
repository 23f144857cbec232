// What became of an upload with staged parts that has ended, or whose end was disturbed: by an answer that was lost,
// another function that was faster, or an abort.

import { removeStaged } from './remove-staged.mjs';
import { UploadRecord } from './upload-record.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./client-parts.mjs').StagedUpload} StagedUpload
 * @typedef {import('./completed-parts.mjs').CompletedPart} CompletedPart
 * @typedef {{ ETag: string, VersionId?: string }} Completed
 */

/**
 * The object that an earlier attempt made of the same list.
 *
 * @param {S3} s3 @param {StagedUpload} upload @param {string} digest of the list
 * @param {CompletedPart[] | undefined} listed
 * @returns {Promise<Completed | undefined>} undefined when there is none, or when the upload goes on
 */
export async function madeEarlier(s3, upload, digest, listed) {
  const record = await new UploadRecord(s3, upload.object.Bucket, upload.folder).read();
  const { result, expected } = record.content ?? {};
  if (result !== undefined && result.digest !== digest) return undefined;
  if (result === undefined && !(await hasEnded(s3, upload))) return undefined;
  const made = result && { ETag: result.etag, VersionId: result.versionId };
  const found = made ?? (await repeated(s3, upload, expected?.[digest], listed));
  if (found === undefined) return undefined;
  const ended = { digest, etag: found.ETag, versionId: found.VersionId };
  await removeStaged(s3, upload, made ? undefined : record.finish(ended).catch(() => true));
  return found;
}

/**
 * The current ETag of a key, without reading it: only the objects of oss-edge may be read.
 *
 * @param {S3} s3 @param {{ Bucket: string, Key: string }} object
 * @returns {Promise<string | undefined>} undefined where there is no object
 */
export async function currentEtag(s3, { Bucket, Key }) {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  // Of all keys that begin with it, the key itself is the first. XML would change some characters.
  const asked = { Bucket, Prefix: Key, MaxKeys: 1, EncodingType: /** @type {const} */ ('url') };
  const { Contents: [first] = [] } = await s3.send(new ListObjectsV2Command(asked));
  return first && decodeURIComponent(String(first.Key).replaceAll('+', '%20')) === Key ? first.ETag : undefined;
}

/** @param {S3} s3 @param {StagedUpload} upload */
async function hasEnded(s3, { object, uploadId }) {
  const { ListPartsCommand } = await import('@aws-sdk/client-s3');
  try {
    await s3.send(new ListPartsCommand({ ...object, UploadId: uploadId, MaxParts: 1 }));
    return false;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchUpload') return true;
    throw error;
  }
}

/**
 * For a while S3 answers a repetition as it answered at first. After that, the key's ETag tells.
 *
 * @param {S3} s3 @param {StagedUpload} upload that has ended
 * @param {import('./upload-record.mjs').Expected | undefined} expected of the list; undefined where there is no record
 * @param {CompletedPart[] | undefined} listed
 * @returns {Promise<Completed | undefined>}
 */
async function repeated(s3, { object, uploadId }, expected, listed) {
  const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const Parts = expected?.parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) ?? listed;
  if (Parts === undefined) return undefined;
  const request = { ...object, UploadId: uploadId, MultipartUpload: { Parts } };
  try {
    const { ETag = '', VersionId } = await s3.send(new CompleteMultipartUploadCommand(request));
    return { ETag, VersionId };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
  }
  const etag = expected?.etag;
  return etag !== undefined && etag === (await currentEtag(s3, object)) ? { ETag: etag } : undefined;
}
