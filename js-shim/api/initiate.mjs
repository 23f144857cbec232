// InitiateMultipartUpload behind the API: S3's CreateMultipartUpload.

import { apiOperation } from './api-operation.mjs';
import { objectElements, ossDocument } from './oss-document.mjs';
import { withHeaders } from './s3-clients.mjs';
import { markedUploadId } from './upload-id.mjs';

export const createInitiate = apiOperation('InitiateMultipartUpload', async (s3, request) => {
  const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const { UploadId } = await s3.send(withHeaders(new CreateMultipartUploadCommand(request.object), request.headers));
  if (!UploadId) throw new Error('S3 returned no upload id');
  return {
    document: ossDocument('InitiateMultipartUploadResult', [
      ...objectElements(request),
      ['UploadId', markedUploadId(UploadId, request.options)],
    ]),
  };
});
