// PutObject, for a body that S3 refuses as it is framed.

import { canStream, sendStream, storedHeaders, wholePayload } from './body.mjs';
import { putInParts } from './put-in-parts.mjs';
import { UNSIGNED_PAYLOAD, withHeaders } from './s3-clients.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./request.mjs').Request} Request
 * @typedef {import('./body.mjs').Body} Body
 */

/** S3's own. The AWS SDK would send another. */
const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/**
 * @param {S3} s3
 * @param {Request} request
 * @param {Body} body
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function putObject(s3, request, body) {
  const { ETag, VersionId, ServerSideEncryption } = await stored(s3, request, body);
  const encryption = ServerSideEncryption?.startsWith('aws:kms') ? 'KMS' : ServerSideEncryption;
  return {
    headers: [
      ...storedHeaders(body, ETag),
      ...optional('x-oss-version-id', VersionId),
      ...optional('x-oss-server-side-encryption', encryption),
    ],
  };
}

/** @param {S3} s3 @param {Request} request @param {Body} body */
async function stored(s3, { object, headers }, body) {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const sent = { 'content-type': DEFAULT_CONTENT_TYPE, ...headers };
  if (canStream(body)) {
    return sendStream(body, (payload, options) =>
      s3.send(withHeaders(new PutObjectCommand({ ...object, ...payload }), sent), options),
    );
  }
  const first = await body.nextPart();
  if (first.last) {
    const command = new PutObjectCommand({ ...object, ...wholePayload(body, first) });
    return s3.send(withHeaders(command, { ...sent, ...UNSIGNED_PAYLOAD }));
  }
  const completed = await putInParts(s3, object, headers, body, first);
  // S3's ETag of an object of parts is no MD5. OSS's of a PutObject is one, whatever the size.
  return { ...completed, ETag: `"${body.digests().md5.toString('hex')}"` };
}

/**
 * @param {string} name @param {string | undefined} value
 * @returns {import('../core/decision.mjs').HeaderList}
 */
function optional(name, value) {
  return value ? [[name, value]] : [];
}
