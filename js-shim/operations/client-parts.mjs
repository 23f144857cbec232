// The parts of an upload as the client sent them, wherever they are.

import { PART_BYTES } from './body.mjs';
import { numberOf, partKey, partsPrefix } from './staged-keys.mjs';
import { UploadRecord } from './upload-record.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./join-plan.mjs').ChosenPart & { lastModified: Date }} Part
 *
 * @typedef {object} StagedUpload
 * @property {{ Bucket: string, Key: string }} object
 * @property {string} uploadId S3's
 * @property {string} folder of its staged parts and its record
 *
 * @typedef {object} ClientParts
 * @property {Part[]} inS3 all parts that S3 has, those too that were made of staged ones
 * @property {Part[]} large of the client, in S3
 * @property {Part[]} staged
 * @property {UploadRecord} record
 */

const PAGE = 1000;

/**
 * Lists once what there is of an upload after a part number: all, or so much that the first `limit` parts are known.
 *
 * @param {S3} s3 @param {StagedUpload} upload @param {{ after?: number, limit?: number }} [range]
 * @returns {Promise<ClientParts>}
 * @throws {Error} named NoSuchUpload when the upload has ended
 */
export async function clientParts(s3, upload, { after = 0, limit = Infinity } = {}) {
  const record = new UploadRecord(s3, upload.object.Bucket, upload.folder);
  const [inS3, staged] = await Promise.all([
    partsInS3(s3, upload, record, after, limit),
    stagedParts(s3, upload, after, limit),
  ]);
  return { inS3, large: inS3.filter(isOfClient(record)), staged, record };
}

/**
 * The part of each number that the client sent last, by their numbers.
 *
 * @param {ClientParts} parts
 * @returns {{ parts: Part[], doubtful: boolean }} whether S3's clock, which has whole seconds, leaves open which it was
 */
export function latestParts({ large, staged }) {
  const byNumber = new Map(large.map((part) => [part.number, part]));
  let doubtful = false;
  for (const part of staged) {
    const other = byNumber.get(part.number);
    if (other !== undefined && +other.lastModified === +part.lastModified) doubtful = true;
    if (other === undefined || other.lastModified <= part.lastModified) byNumber.set(part.number, part);
  }
  return { parts: [...byNumber.values()].sort((a, b) => a.number - b.number), doubtful };
}

/**
 * Whether a part of S3's wasn't made of staged parts, as every small one was. Of the others the record tells, because
 * the client may send a part of the same number and size.
 *
 * @param {UploadRecord} record
 * @returns {(part: Part) => boolean}
 */
function isOfClient({ content }) {
  const nameOf = (/** @type {(string | number)[]} */ ...fields) => fields.join(' ');
  const made = new Set(
    content?.made.map(({ number, size, md5, opaque }) => nameOf(number, size, opaque ? '' : `"${md5}"`)),
  );
  return ({ number, size, etag }) =>
    size >= PART_BYTES && !made.has(nameOf(number, size, etag)) && !made.has(nameOf(number, size, ''));
}

/**
 * @param {S3} s3 @param {StagedUpload} upload
 * @param {UploadRecord} record which is read after the parts: it has each that was made before S3 has
 * @param {number} after @param {number} limit
 * @returns {Promise<Part[]>}
 */
async function partsInS3(s3, { object, uploadId }, record, after, limit) {
  const { ListPartsCommand } = await import('@aws-sdk/client-s3');
  /** @type {Part[]} */
  const parts = [];
  for (let marker = String(after); ; ) {
    const asked = { ...object, UploadId: uploadId, PartNumberMarker: marker, MaxParts: PAGE };
    const { Parts = [], IsTruncated, NextPartNumberMarker } = await s3.send(new ListPartsCommand(asked));
    parts.push(...Parts.map((part) => partOf(Number(part.PartNumber), part, false)));
    // Where S3 has no part, none was made of staged ones, and the record can't say more.
    if (parts.length > 0 && (!IsTruncated || parts.length > limit)) await record.read();
    if (!IsTruncated || parts.filter(isOfClient(record)).length > limit) return parts;
    // Fail rather than complete an upload without some of its parts.
    if (NextPartNumberMarker === undefined || NextPartNumberMarker === marker) {
      throw new Error('S3 has more parts but named no marker');
    }
    marker = NextPartNumberMarker;
  }
}

/** @param {S3} s3 @param {StagedUpload} upload @param {number} after @param {number} limit */
async function stagedParts(s3, { object, folder }, after, limit) {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const asked = { Bucket: object.Bucket, Prefix: partsPrefix(folder), StartAfter: partKey(folder, after) };
  /** @type {Part[]} */
  const parts = [];
  /** @type {string | undefined} */
  let token;
  for (;;) {
    const page = await s3.send(new ListObjectsV2Command({ ...asked, ContinuationToken: token }));
    for (const listed of page.Contents ?? []) {
      const number = numberOf(folder, String(listed.Key));
      if (number !== undefined) parts.push(partOf(number, listed, true));
    }
    if (!page.IsTruncated || parts.length > limit) return parts;
    if (page.NextContinuationToken === undefined) throw new Error('S3 has more objects but named no token');
    token = page.NextContinuationToken;
  }
}

/**
 * @param {number} number @param {{ ETag?: string, Size?: number, LastModified?: Date }} listed @param {boolean} staged
 * @returns {Part}
 */
function partOf(number, { ETag = '', Size = 0, LastModified = new Date(0) }, staged) {
  return { number, etag: ETag, size: Size, lastModified: LastModified, staged };
}
