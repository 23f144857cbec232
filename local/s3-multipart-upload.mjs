/**
 * A multipart upload on disk: a folder with the upload's headers and one small file per part.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Error } from './s3-error.mjs';
import { readJson } from './s3-store.mjs';

/** @typedef {import('./s3-store.mjs').S3Store} S3Store */
/** @typedef {import('./s3-store.mjs').Segment} Segment */
/** @typedef {Segment & { partNumber: number, lastModified: string }} Part */

export class S3MultipartUpload {
  /**
   * @param {S3Store} store
   * @param {string} uploadId
   * @param {Record<string, string>} headers of the object to be
   */
  constructor(store, uploadId, headers) {
    this.store = store;
    this.uploadId = uploadId;
    this.headers = headers;
    this.folder = join(store.directory, 'uploads', uploadId);
  }

  /**
   * @param {S3Store} store
   * @param {string} key
   * @param {Record<string, string>} headers
   */
  static async create(store, key, headers) {
    const upload = new S3MultipartUpload(store, randomBytes(66).toString('base64url'), headers);
    await store.createFolder('uploads', upload.uploadId);
    await writeFile(join(upload.folder, 'upload.json'), JSON.stringify({ key, headers }));
    return upload;
  }

  /**
   * @param {S3Store} store
   * @param {string} key
   * @param {string} uploadId
   * @throws {S3Error} NoSuchUpload, for another key's upload as well
   */
  static async open(store, key, uploadId) {
    const legal = /^[A-Za-z0-9_-]+$/.test(uploadId) && uploadId.length < 200;
    const created = legal ? await readJson(join(store.directory, 'uploads', uploadId, 'upload.json')) : null;
    if (created?.key !== key) throw new S3Error('NoSuchUpload', { UploadId: uploadId });
    return new S3MultipartUpload(store, uploadId, created.headers);
  }

  /**
   * Keeps a part. It replaces a part with the same number.
   *
   * @param {number} partNumber
   * @param {Segment} segment
   */
  async putPart(partNumber, segment) {
    const path = join(this.folder, `${partNumber}.json`);
    const replaced = /** @type {Part | null} */ (await readJson(path));
    const draft = `${path}.${segment.file}`;
    await writeFile(draft, JSON.stringify({ ...segment, partNumber, lastModified: new Date().toISOString() }));
    await rename(draft, path);
    if (replaced) await this.store.deleteFiles([replaced.file]);
  }

  /** @returns {Promise<Part[]>} by part number */
  async parts() {
    const names = (await readdir(this.folder)).filter((name) => /^\d+\.json$/.test(name));
    const parts = await Promise.all(
      names.map((name) => /** @type {Promise<Part>} */ (readJson(join(this.folder, name)))),
    );
    return parts.sort((a, b) => a.partNumber - b.partNumber);
  }

  /**
   * The listed parts, checked as S3 checks them.
   *
   * @param {{ partNumber: number, etag: string }[]} listed
   * @throws {S3Error} InvalidPartOrder, InvalidPart, EntityTooSmall
   */
  async chosenParts(listed) {
    if (listed.some(({ partNumber }, at) => at > 0 && partNumber <= (listed[at - 1]?.partNumber ?? 0))) {
      throw new S3Error('InvalidPartOrder', { UploadId: this.uploadId });
    }
    const stored = new Map((await this.parts()).map((part) => [part.partNumber, part]));
    const chosen = listed.map(({ partNumber, etag }) => {
      const part = stored.get(partNumber);
      if (part?.md5 !== etag) {
        throw new S3Error('InvalidPart', { UploadId: this.uploadId, PartNumber: partNumber, ETag: etag });
      }
      return part;
    });
    const small = chosen.slice(0, -1).find(({ size }) => size < MINIMUM_PART_BYTES);
    if (small) {
      throw new S3Error('EntityTooSmall', {
        ProposedSize: small.size,
        MinSizeAllowed: MINIMUM_PART_BYTES,
        PartNumber: small.partNumber,
        ETag: small.md5,
      });
    }
    return chosen;
  }

  /**
   * Deletes the upload and the parts that are not in `kept`.
   *
   * @param {Part[]} [kept]
   */
  async remove(kept = []) {
    const files = new Set((await this.parts()).map(({ file }) => file));
    for (const { file } of kept) files.delete(file);
    await rm(this.folder, { recursive: true, force: true });
    await this.store.deleteFiles([...files]);
  }
}

/**
 * The ETag of an object made of parts: the MD5 of their MD5s, and their number.
 *
 * @param {Part[]} parts
 */
export function multipartEtag(parts) {
  const digest = createHash('md5');
  for (const { md5 } of parts) digest.update(md5, 'hex');
  return `${digest.digest('hex')}-${parts.length}`;
}

/** S3 user guide, "Amazon S3 multipart upload limits". */
const MINIMUM_PART_BYTES = 5 * 1024 * 1024;
