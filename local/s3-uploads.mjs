/**
 * The multipart uploads of one bucket. Each is a file: how it began, then a line for each part that was stored.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import AsyncLock from 'async-lock';
import { readJson, writeJson } from './s3-data.mjs';
import { S3Error } from './s3-error.mjs';
import { S3MultipartUpload, multipartEtag } from './s3-multipart-upload.mjs';

/** @typedef {import('./s3-store.mjs').S3Store} S3Store */
/** @typedef {import('./s3-multipart-upload.mjs').Beginning} Beginning */
/** @typedef {import('./s3-multipart-upload.mjs').Part} Part */
/** @typedef {import('./s3-xml.mjs').CompletedPart} CompletedPart */
/** @typedef {{ etag: string, versionId: string, headers: Record<string, string> }} Completed */

export class S3Uploads {
  /** @type {Map<string, S3MultipartUpload>} */
  #open = new Map();
  #lock = new AsyncLock({ maxPending: Infinity });
  #store;
  #remembersCompleted;
  #directory;
  #completed;

  /**
   * @param {S3Store} store
   * @param {{ remembersCompleted: boolean }} options
   */
  constructor(store, { remembersCompleted }) {
    this.#store = store;
    this.#remembersCompleted = remembersCompleted;
    this.#directory = join(store.directory, 'uploads');
    this.#completed = join(store.directory, 'completed');
  }

  /** Reads what an earlier run left. */
  async create() {
    for (const folder of [this.#directory, this.#completed]) await mkdir(folder, { recursive: true });
    for (const name of await readdir(this.#directory)) {
      const lines = (await readFile(join(this.#directory, name), 'utf8')).trim().split('\n');
      const [beginning, ...parts] = lines.map((line) => JSON.parse(line));
      const upload = new S3MultipartUpload(beginning, 0);
      for (const part of parts) upload.put(part);
      this.#open.set(beginning.uploadId, upload);
    }
  }

  /**
   * @param {Omit<Beginning, 'uploadId' | 'initiated'>} wanted
   * @returns {Promise<string>} the upload's id
   */
  async begin(wanted) {
    // As long as the longest that was seen of S3: 172 characters.
    const uploadId = `${randomBytes(127).toString('base64url')}._`;
    const beginning = { ...wanted, uploadId, initiated: new Date().toISOString() };
    await appendFile(this.#path(uploadId), `${JSON.stringify(beginning)}\n`);
    this.#open.set(uploadId, new S3MultipartUpload(beginning, this.#store.deletions(wanted.key)));
    return uploadId;
  }

  /**
   * @param {string} key
   * @param {string} uploadId
   * @throws {S3Error} NoSuchUpload, for another key's upload as well
   */
  find(key, uploadId) {
    const upload = this.#open.get(uploadId);
    if (upload?.beginning.key !== key) throw new S3Error('NoSuchUpload', { UploadId: uploadId });
    return upload;
  }

  /** @returns {Beginning[]} of the uploads that aren't finished, in the order of their keys and their time */
  list() {
    return [...this.#open.values()]
      .map(({ beginning }) => beginning)
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || (a.initiated < b.initiated ? -1 : 1));
  }

  /**
   * Keeps a part. It replaces a part with the same number.
   *
   * @param {S3MultipartUpload} upload
   * @param {Part} part
   * @throws {S3Error} NoSuchUpload, where the upload has ended meanwhile
   */
  async putPart({ beginning: { key, uploadId } }, part) {
    try {
      await this.#lock.acquire(uploadId, async () => {
        const upload = this.find(key, uploadId);
        await appendFile(this.#path(uploadId), `${JSON.stringify(part)}\n`);
        const replaced = upload.put(part);
        if (replaced) this.#store.data.remove([replaced]);
      });
    } catch (error) {
      this.#store.data.remove([part]);
      throw error;
    }
  }

  /**
   * Makes the object of the listed parts. For a while S3 answers a repetition of this as it answered at first
   * (minio/minio#13318, adobe/S3Mock#2586).
   *
   * @param {string} key
   * @param {string} uploadId
   * @param {CompletedPart[]} listed
   * @param {(deletions: number | undefined) => import('./s3-store.mjs').Precondition} condition is given how often the
   *   key was deleted when the upload began, which isn't known of a finished one
   * @returns {Promise<Completed>}
   */
  async complete(key, uploadId, listed, condition) {
    return this.#lock.acquire(uploadId, async () => {
      const list = listed.map(({ partNumber, etag }) => `${partNumber} ${etag}`);
      const before = this.#remembersCompleted && !this.#open.has(uploadId) && this.#finished(uploadId);
      if (before && before.key === key && before.list.join() === list.join()) {
        condition(undefined);
        return before.completed;
      }
      const upload = this.find(key, uploadId);
      const { headers } = upload.beginning;
      const parts = upload.chosenParts(listed);
      const segments = parts.map(({ file, size }) => ({ file, size }));
      const content = { etag: multipartEtag(parts), headers, segments };
      const { etag, versionId } = await this.#store.put(key, content, condition(upload.deletions));
      const completed = { etag, versionId, headers };
      writeJson(this.#completedPath(uploadId), { key, list, completed });
      const kept = new Set(parts);
      await this.#forget(upload, upload.parts().filter((part) => !kept.has(part)));
      return completed;
    });
  }

  /**
   * @param {string} key
   * @param {string} uploadId
   */
  async abort(key, uploadId) {
    await this.#lock.acquire(uploadId, async () => {
      const upload = this.find(key, uploadId);
      await this.#forget(upload, upload.parts());
    });
  }

  /**
   * @param {S3MultipartUpload} upload
   * @param {Part[]} unused
   */
  async #forget({ beginning: { uploadId } }, unused) {
    this.#open.delete(uploadId);
    await rm(this.#path(uploadId), { force: true });
    this.#store.data.remove(unused);
  }

  /**
   * @param {string} uploadId
   * @returns {{ key: string, list: string[], completed: Completed } | null}
   */
  #finished(uploadId) {
    return /^[A-Za-z0-9._-]{1,200}$/.test(uploadId) ? readJson(this.#completedPath(uploadId)) : null;
  }

  /** @param {string} uploadId */
  #path(uploadId) {
    return join(this.#directory, `${uploadId}.jsonl`);
  }

  /** @param {string} uploadId */
  #completedPath(uploadId) {
    return join(this.#completed, `${uploadId}.json`);
  }
}
