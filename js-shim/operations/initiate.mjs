// InitiateMultipartUpload: S3's CreateMultipartUpload.

import { objectElements, ossDocument } from './oss-document.mjs';
import { withHeaders } from './s3-clients.mjs';
import { markedUploadId } from './upload-id.mjs';

/**
 * @param {import('./s3-clients.mjs').S3} s3
 * @param {import('./request.mjs').Request} request
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function initiate(s3, request) {
  const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const { UploadId } = await s3.send(withHeaders(new CreateMultipartUploadCommand(request.object), request.headers));
  if (!UploadId) throw new Error('S3 returned no upload id');
  return {
    document: ossDocument('InitiateMultipartUploadResult', [
      ...objectElements(request),
      ['UploadId', markedUploadId(UploadId, request.options)],
    ]),
  };
}
