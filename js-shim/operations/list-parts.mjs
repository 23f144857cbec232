// ListParts. oss2 lists parts in every resumable upload, other SDKs when they resume one.

import { objectElements, ossDocument } from './oss-document.mjs';
import { AuthorizerOfAnotherRelease } from './request.mjs';

/** The default of OSS, and the limit of both OSS and S3. */
const MAX_PARTS = 1000;

/**
 * @param {import('./s3-clients.mjs').S3} s3
 * @param {import('./request.mjs').Request} request
 * @returns {Promise<import('./request.mjs').Answer>}
 */
export async function listParts(s3, request) {
  const { object, query, uploadId } = request;
  if (uploadId === undefined) throw new AuthorizerOfAnotherRelease();
  const { ListPartsCommand } = await import('@aws-sdk/client-s3');
  const s3UploadId = query.get('uploadId') ?? '';
  const maxParts = Number(query.get('max-parts') ?? MAX_PARTS);
  const marker = query.get('part-number-marker') ?? '0';
  const listed = await s3.send(
    new ListPartsCommand({ ...object, UploadId: s3UploadId, MaxParts: maxParts, PartNumberMarker: marker }),
  );
  const parts = listed.Parts ?? [];
  return {
    document: ossDocument('ListPartsResult', [
      ...objectElements(request),
      ['UploadId', uploadId],
      ['PartNumberMarker', marker],
      // oss2 reads it on every page.
      ['NextPartNumberMarker', parts.at(-1)?.PartNumber ?? 0],
      ['MaxParts', maxParts],
      ['IsTruncated', listed.IsTruncated === true],
      ...parts.map(partElement),
    ]),
  };
}

/**
 * @param {import('@aws-sdk/client-s3').Part} part
 * @returns {import('./oss-document.mjs').Element}
 */
function partElement({ PartNumber = 0, LastModified, ETag = '', Size = 0 }) {
  return [
    'Part',
    [
      ['PartNumber', PartNumber],
      ['LastModified', wholeSeconds(LastModified ?? new Date(0))],
      ['ETag', ETag],
      ['Size', Size],
    ],
  ];
}

/**
 * A time as OSS writes it. oss2 parses no other milliseconds than `.000`.
 *
 * @param {Date} time
 */
function wholeSeconds(time) {
  return `${time.toISOString().slice(0, 19)}.000Z`;
}
