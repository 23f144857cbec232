// InitiateMultipartUpload: S3's CreateMultipartUpload, and the seal of its upload id.

import { objectElements, ossDocument } from './oss-document.mjs';
import { AuthorizerOfAnotherRelease } from './request.mjs';
import { withHeaders } from './s3-clients.mjs';

/**
 * @param {import('./s3-clients.mjs').S3} s3
 * @param {import('./request.mjs').Request} request
 * @param {{ seal: import('../core/seal.mjs').Seal, now: () => number }} sealing
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function initiate(s3, request, { seal, now }) {
  const { object, headers, uploadOptions } = request;
  // Without them a forbidden overwrite would be lost.
  if (uploadOptions === undefined) throw new AuthorizerOfAnotherRelease();
  const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const { UploadId } = await s3.send(withHeaders(new CreateMultipartUploadCommand(object), headers));
  if (!UploadId) throw new Error('S3 returned no upload id');
  const upload = { s3Bucket: object.Bucket, key: object.Key, s3UploadId: UploadId, options: uploadOptions };
  const uploadId = seal.sealUploadId(upload, now());
  if (uploadId === undefined) throw new UnsealableUploadId();
  return {
    document: ossDocument('InitiateMultipartUploadResult', [...objectElements(request), ['UploadId', uploadId]]),
  };
}

/** S3's id is too long to be sealed. */
class UnsealableUploadId extends Error {
  /** @override */
  name = 'UnsealableUploadId';
}
