/**
 * A multipart upload and its parts.
 */
import { createHash } from 'node:crypto';
import { S3Error } from './s3-error.mjs';

/** @typedef {import('./s3-data.mjs').Segment} Segment */
/** @typedef {import('./s3-xml.mjs').CompletedPart} CompletedPart */
/** @typedef {Segment & { partNumber: number, etag: string, lastModified: string }} Part */
/**
 * @typedef {object} Beginning what was known when the upload began
 * @property {string} key
 * @property {string} uploadId
 * @property {string} initiated ISO 8601
 * @property {Record<string, string>} headers of the object to be
 * @property {string | undefined} checksumAlgorithm that each part must have a checksum of, in lower case
 */

export class S3MultipartUpload {
  /** @type {Map<number, Part>} */
  #parts = new Map();

  /**
   * @param {Beginning} beginning
   * @param {number} deletions of the key when the upload began
   */
  constructor(beginning, deletions) {
    this.beginning = beginning;
    this.deletions = deletions;
  }

  /**
   * Keeps a part.
   *
   * @param {Part} part
   * @returns {Part | undefined} the part with the same number that it replaces
   */
  put(part) {
    const replaced = this.#parts.get(part.partNumber);
    this.#parts.set(part.partNumber, part);
    return replaced;
  }

  /** @returns {Part[]} by part number */
  parts() {
    return [...this.#parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  }

  /**
   * The listed parts, checked as S3 checks them.
   *
   * @param {CompletedPart[]} listed
   * @returns {Part[]}
   * @throws {S3Error} InvalidArgument, InvalidPartOrder, InvalidPart, InvalidRequest, EntityTooSmall
   */
  chosenParts(listed) {
    const { uploadId } = this.beginning;
    for (const { partNumber } of listed) requirePartNumber(partNumber);
    if (listed.some(({ partNumber }, at) => at > 0 && partNumber <= (listed[at - 1]?.partNumber ?? 0))) {
      throw new S3Error('InvalidPartOrder', { UploadId: uploadId });
    }
    const chosen = listed.map(({ partNumber, etag, fields }) => {
      const part = this.#parts.get(partNumber);
      if (part?.etag !== etag) {
        throw new S3Error('InvalidPart', { UploadId: uploadId, PartNumber: partNumber, ETag: etag });
      }
      this.#requireListedChecksum(partNumber, fields);
      return part;
    });
    const small = chosen.slice(0, -1).find(({ size }) => size < MINIMUM_PART_BYTES);
    if (small) {
      throw new S3Error('EntityTooSmall', {
        ProposedSize: small.size,
        MinSizeAllowed: MINIMUM_PART_BYTES,
        PartNumber: small.partNumber,
        ETag: small.etag,
      });
    }
    return chosen;
  }

  /**
   * An upload that began with a checksum needs that of every part, and of every part in the list.
   *
   * @param {string | undefined} header the part's own, `x-amz-checksum-…`
   * @throws {S3Error} InvalidRequest
   */
  requireChecksum(header) {
    const { checksumAlgorithm: expected } = this.beginning;
    const actual = header?.slice('x-amz-checksum-'.length) ?? 'null';
    if (expected === undefined || expected === actual) return;
    const Message =
      `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${actual}`;
    throw new S3Error('InvalidRequest', { Message });
  }

  /**
   * @param {number} partNumber
   * @param {CompletedPart['fields']} fields
   */
  #requireListedChecksum(partNumber, fields) {
    const { checksumAlgorithm: algorithm } = this.beginning;
    if (algorithm === undefined || fields[`Checksum${algorithm.toUpperCase()}`] !== undefined) return;
    const Message =
      `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each ` +
      `part. It was missing for part ${partNumber} in the request.`;
    throw new S3Error('InvalidRequest', { Message });
  }
}

/**
 * @param {number} partNumber
 * @throws {S3Error} InvalidArgument
 */
export function requirePartNumber(partNumber) {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= MAXIMUM_PARTS) return;
  const Message = `Part number must be an integer between 1 and ${MAXIMUM_PARTS}, inclusive`;
  throw new S3Error('InvalidArgument', { Message, ArgumentName: 'partNumber', ArgumentValue: String(partNumber) });
}

/**
 * The ETag of an object made of parts: the MD5 of their MD5s, and their number.
 *
 * @param {{ etag: string }[]} parts
 */
export function multipartEtag(parts) {
  const digest = createHash('md5');
  for (const { etag } of parts) digest.update(etag, 'hex');
  return `${digest.digest('hex')}-${parts.length}`;
}

/** S3 user guide, "Amazon S3 multipart upload limits". */
const MINIMUM_PART_BYTES = 5 * 1024 * 1024;
export const MAXIMUM_PARTS = 10_000;
