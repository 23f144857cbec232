/**
 * The objects of one bucket.
 *
 * A key's versions are one small JSON file that names their data files. It is written last and atomically, so a reader
 * never sees half an object, and completing a multipart upload copies nothing. File names are digests of keys, because
 * a key may have 1,024 bytes, `..` or empty segments.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import AsyncLock from 'async-lock';
import { S3Data, readJson, writeJson } from './s3-data.mjs';

/** @typedef {import('./s3-data.mjs').Segment} Segment */
/**
 * @typedef {object} ObjectVersion
 * @property {string} versionId `null` in a bucket without versioning
 * @property {string} lastModified ISO 8601
 * @property {boolean} deleteMarker
 * @property {string} etag without quotes; of a delete marker empty, as are the next three
 * @property {Record<string, string>} headers to keep, lower-case
 * @property {Segment[]} segments of the content, in order: the parts of a multipart upload
 * @property {number} size bytes
 */
/** @typedef {{ key: string, version: ObjectVersion, isLatest: boolean }} ListedVersion */
/** @typedef {(current: ObjectVersion | undefined) => void} Precondition throws what refuses the change */

export class S3Store {
  /** @type {Map<string, ObjectVersion[]>} the newest first */
  #versions = new Map();
  /** How often an object was deleted, by its key. @type {Map<string, number>} */
  #deletions = new Map();
  /** Versions of an archive class that were restored. They are forgotten at its end. @type {WeakSet<ObjectVersion>} */
  restored = new WeakSet();
  #lock = new AsyncLock({ maxPending: Infinity });
  #objects;

  /**
   * @param {string} directory the bucket's own
   * @param {{ versioned: boolean }} options
   */
  constructor(directory, { versioned }) {
    this.directory = directory;
    this.versioned = versioned;
    this.data = new S3Data(join(directory, 'data'));
    this.#objects = join(directory, 'objects');
  }

  /** Reads what an earlier run left. */
  async create() {
    await this.data.create();
    await mkdir(this.#objects, { recursive: true });
    for (const name of (await readdir(this.#objects)).filter((one) => one.endsWith('.json'))) {
      const { key, versions } = readJson(join(this.#objects, name));
      if (!versions) throw new Error(`${this.directory} is of an earlier release: use an empty folder`);
      this.#versions.set(key, versions);
    }
  }

  /**
   * The current object, which may be deleted.
   *
   * @param {string} key
   * @returns {ObjectVersion | undefined} undefined or a delete marker where there is none
   */
  latest(key) {
    return this.#versions.get(key)?.[0];
  }

  /**
   * The current object.
   *
   * @param {string} key
   */
  current(key) {
    const latest = this.latest(key);
    return latest?.deleteMarker ? undefined : latest;
  }

  /**
   * @param {string} key
   * @param {string} versionId
   */
  version(key, versionId) {
    return this.#versions.get(key)?.find((version) => version.versionId === versionId);
  }

  /** @param {string} key */
  deletions(key) {
    return this.#deletions.get(key) ?? 0;
  }

  /**
   * Puts an object in its place, if `precondition` lets it.
   *
   * @param {string} key
   * @param {Pick<ObjectVersion, 'etag' | 'headers' | 'segments'>} content
   * @param {Precondition} precondition
   * @returns {Promise<ObjectVersion>}
   */
  async put(key, { etag, headers, segments }, precondition) {
    return this.#lock.acquire(key, async () => {
      precondition(this.current(key));
      const size = segments.reduce((total, segment) => total + segment.size, 0);
      const version = { ...this.#newVersion(), deleteMarker: false, etag, headers, segments, size };
      await this.#add(key, version);
      return version;
    });
  }

  /**
   * Deletes the current object. With versioning it stays, below a delete marker.
   *
   * @param {string} key
   * @returns {Promise<ObjectVersion | undefined>} the delete marker
   */
  async delete(key) {
    return this.#lock.acquire(key, async () => {
      if (this.current(key)) this.#deletions.set(key, this.deletions(key) + 1);
      if (!this.versioned) return void (await this.#replace(key, []));
      const content = { etag: '', headers: {}, segments: [], size: 0 };
      const marker = { ...this.#newVersion(), deleteMarker: true, ...content };
      await this.#add(key, marker);
      return marker;
    });
  }

  /**
   * Deletes a version for good.
   *
   * @param {string} key
   * @param {string} versionId
   * @returns {Promise<ObjectVersion | undefined>} what was deleted
   */
  async deleteVersion(key, versionId) {
    return this.#lock.acquire(key, async () => {
      const version = this.version(key, versionId);
      if (!version) return undefined;
      if (version === this.current(key)) this.#deletions.set(key, this.deletions(key) + 1);
      await this.#replace(key, (this.#versions.get(key) ?? []).filter((one) => one !== version));
      return version;
    });
  }

  /**
   * Every version, in the order of the keys' UTF-8 bytes, of one key the newest first.
   *
   * @param {string} prefix
   * @returns {ListedVersion[]}
   */
  list(prefix) {
    return [...this.#versions]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap(([key, versions]) => versions.map((version, at) => ({ key, version, isLatest: at === 0 })));
  }

  #newVersion() {
    const versionId = this.versioned ? randomBytes(24).toString('base64url') : 'null';
    return { versionId, lastModified: new Date().toISOString() };
  }

  /**
   * @param {string} key
   * @param {ObjectVersion} version
   */
  async #add(key, version) {
    const others = (this.#versions.get(key) ?? []).filter(({ versionId }) => versionId !== version.versionId);
    await this.#replace(key, [version, ...others]);
  }

  /**
   * @param {string} key
   * @param {ObjectVersion[]} versions
   */
  async #replace(key, versions) {
    const before = this.#versions.get(key) ?? [];
    const path = join(this.#objects, `${createHash('sha256').update(key).digest('hex')}.json`);
    if (versions.length > 0) writeJson(path, { key, versions });
    else await rm(path, { force: true });
    if (versions.length > 0) this.#versions.set(key, versions);
    else this.#versions.delete(key);
    const gone = before.filter((version) => !versions.includes(version));
    this.data.remove(gone.flatMap(({ segments }) => segments));
  }
}
