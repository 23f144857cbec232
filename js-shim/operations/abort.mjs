// AbortMultipartUpload. Behind the edge, S3 itself is asked.

import { removeStaged } from './remove-staged.mjs';

/**
 * @param {import('./s3-clients.mjs').S3} s3
 * @param {import('./request.mjs').Request} request
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function abort(s3, { object, query, staging }) {
  const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const uploadId = query.get('uploadId') ?? '';
  await s3.send(new AbortMultipartUploadCommand({ ...object, UploadId: uploadId }));
  if (staging !== undefined) await removeStaged(s3, { object, uploadId, folder: staging.folder });
  return { status: 204 };
}
