// ListParts. oss2 lists parts in every resumable upload, other SDKs when they resume one.

import { clientParts, latestParts } from './client-parts.mjs';
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
  const { query, uploadId } = request;
  if (uploadId === undefined) throw new AuthorizerOfAnotherRelease();
  const maxParts = Number(query.get('max-parts') ?? MAX_PARTS);
  const marker = query.get('part-number-marker') ?? '0';
  const { parts, isTruncated } = await listed(s3, request, maxParts, marker);
  return {
    document: ossDocument('ListPartsResult', [
      ...objectElements(request),
      ['UploadId', uploadId],
      ['PartNumberMarker', marker],
      // oss2 reads it on every page.
      ['NextPartNumberMarker', parts.at(-1)?.PartNumber ?? 0],
      ['MaxParts', maxParts],
      ['IsTruncated', isTruncated],
      ...parts.map(partElement),
    ]),
  };
}

/**
 * The client's parts after a number: S3's own, and those that wait to be joined.
 *
 * @param {import('./s3-clients.mjs').S3} s3
 * @param {import('./request.mjs').Request} request
 * @param {number} maxParts @param {string} marker
 * @returns {Promise<{ parts: import('@aws-sdk/client-s3').Part[], isTruncated: boolean }>}
 */
async function listed(s3, { object, query, staging }, maxParts, marker) {
  const uploadId = query.get('uploadId') ?? '';
  if (staging === undefined) {
    const { ListPartsCommand } = await import('@aws-sdk/client-s3');
    const asked = { ...object, UploadId: uploadId, MaxParts: maxParts, PartNumberMarker: marker };
    const { Parts = [], IsTruncated } = await s3.send(new ListPartsCommand(asked));
    return { parts: Parts, isTruncated: IsTruncated === true };
  }
  const range = { after: Number(marker), limit: maxParts };
  const { parts } = latestParts(await clientParts(s3, { object, uploadId, folder: staging.folder }, range));
  const page = parts.slice(0, maxParts).map(({ number, etag, size, lastModified }) => ({
    PartNumber: number,
    ETag: etag,
    Size: size,
    LastModified: lastModified,
  }));
  return { parts: page, isTruncated: parts.length > maxParts };
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
