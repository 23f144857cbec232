// What is known of the ends of an upload with staged parts: an object in S3, which outlives the function that writes
// it.

import { setTimeout as sleep } from 'node:timers/promises';

import { recordKey } from './staged-keys.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 *
 * @typedef {Pick<Content, 'version' | 'started' | 'digest' | 'numbers'>} Attempt
 *
 * @typedef {object} MadePart a part of S3's that was or is about to be made of staged ones
 * @property {number} number
 * @property {number} size in bytes
 * @property {string} md5 in hex, which is S3's ETag unless KMS encrypts it
 * @property {boolean} opaque whether KMS does, so that nobody knows the ETag before S3 answers
 * @property {string} content digest of what it is made of
 *
 * @typedef {{ etag?: string, parts: [number: number, etag: string][] }} Expected the ETag that the object will have,
 *   and the parts that S3 makes it of; no ETag where S3's aren't MD5s
 * @typedef {{ digest: string, etag: string, versionId?: string }} Result
 *
 * @typedef {object} Content
 * @property {1} version
 * @property {string} started ISO 8601, of the last attempt
 * @property {string} digest of the list of the last attempt
 * @property {number[]} numbers of the parts that it makes
 * @property {MadePart[]} made of any attempt, each before S3 gets it
 * @property {Record<string, Expected>} expected by the list's digest, before S3 is asked to end the upload
 * @property {Result} [result] once the upload has ended
 */

/** Functions that write at once give way to each other. */
const MAX_WRITES = 20;

/** They come again after a random part of this for each attempt so far. */
const BACKOFF_MILLISECONDS = 20;

/** Of other writers, or of an answer that was lost. */
const CONFLICTS = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

export class UploadRecord {
  #s3;
  #object;
  /** @type {Content | undefined} */
  #content;
  /** @type {string | undefined} */
  #etag;
  /** Whether the bucket kept versions at the last write. */
  #isVersioned = false;
  /** What the next write has to say of this attempt. @type {Attempt | undefined} */
  #attempt;
  /** The last write. @type {Promise<unknown>} */
  #writing = Promise.resolve();
  /** Parts for the next write. @type {MadePart[]} */
  #noted = [];
  /** @type {Promise<void> | undefined} */
  #noting;

  /** @param {S3} s3 @param {string} bucket @param {string} folder */
  constructor(s3, bucket, folder) {
    this.#s3 = s3;
    this.#object = { Bucket: bucket, Key: recordKey(folder) };
  }

  /** What was read or written last; undefined where there is no record. */
  get content() {
    return this.#content;
  }

  async read() {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      const { Body, ETag } = await this.#s3.send(new GetObjectCommand(this.#object));
      this.#content = JSON.parse((await Body?.transformToString()) ?? '');
      this.#etag = ETag;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'NoSuchKey') throw error;
      this.#content = undefined;
      this.#etag = undefined;
    }
    return this;
  }

  /** Begins an attempt, which the next write says. @param {string} digest @param {number[]} numbers @param {Date} now */
  begin(digest, numbers, now) {
    this.#attempt = { version: 1, started: now.toISOString(), digest, numbers };
  }

  /** Writes that the attempt has begun, unless another write has said so. */
  async ensureBegun() {
    await this.#writing.catch(() => {});
    if (this.#attempt !== undefined) await this.#write((content) => content);
  }

  /**
   * Notes a part before S3 gets it. One write has all that were noted while the last one was under way.
   *
   * @param {MadePart} part
   */
  note(part) {
    this.#noted.push(part);
    this.#noting ??= this.#writing
      .catch(() => {})
      .then(() => {
        const noted = this.#noted.splice(0);
        this.#noting = undefined;
        return this.#write((content) => ({ ...content, made: [...without(content.made, noted), ...noted] }));
      });
    return this.#noting;
  }

  /** @param {string} digest @param {Expected} expected */
  expect(digest, expected) {
    return this.#write((content) => ({ ...content, expected: { ...content.expected, [digest]: expected } }));
  }

  /** @param {Result} result @returns {Promise<boolean>} whether S3 keeps former versions of the record */
  async finish(result) {
    await this.#write((content) => ({ ...content, result }));
    return this.#isVersioned;
  }

  /** One write after another. @param {(content: Content) => Content} change @returns {Promise<void>} */
  #write(change) {
    const written = this.#writing.catch(() => {}).then(() => this.#put(change));
    this.#writing = written;
    return written;
  }

  /** @param {(content: Content) => Content} change */
  async #put(change) {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    for (let attempt = 1; ; attempt += 1) {
      const content = change(this.#current());
      const condition = this.#etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: this.#etag };
      const put = { ...this.#object, ...condition, Body: JSON.stringify(content), ContentType: 'application/json' };
      try {
        const { ETag, VersionId } = await this.#s3.send(new PutObjectCommand(put));
        this.#content = content;
        this.#etag = ETag;
        this.#isVersioned = VersionId !== undefined;
        this.#attempt = undefined;
        return;
      } catch (error) {
        const isConflict = error instanceof Error && CONFLICTS.includes(error.name);
        if (!isConflict || attempt === MAX_WRITES) throw error;
        await sleep(Math.random() * attempt * BACKOFF_MILLISECONDS);
        await this.read();
      }
    }
  }

  /** @returns {Content} */
  #current() {
    if (this.#attempt !== undefined) return { made: [], expected: {}, ...this.#content, ...this.#attempt };
    if (this.#content === undefined) throw new Error('the record is gone');
    return this.#content;
  }
}

/** @param {MadePart[]} made @param {MadePart[]} again */
function without(made, again) {
  const names = new Set(again.map(nameOf));
  return made.filter((one) => !names.has(nameOf(one)));
}

/** @param {MadePart} part */
function nameOf({ number, size, md5 }) {
  return `${number} ${size} ${md5}`;
}
