/**
 * The objects of one bucket on disk.
 *
 * File names are digests of keys, because a key may have 1,024 bytes, `..` or empty segments. An object is a small JSON
 * file that names its data files. It is written last and atomically, so a reader never sees half an object, and
 * completing a multipart upload copies nothing.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** @typedef {{ file: string, size: number, md5: string, sha256: string | null }} Segment digests in lower-case hex */
/**
 * @typedef {object} StoredObject
 * @property {string} key
 * @property {string} etag without quotes
 * @property {number} size bytes
 * @property {string} lastModified ISO 8601
 * @property {Record<string, string>} headers to answer with, lower-case
 * @property {string[]} files of the content, in order
 */

export class S3Store {
  /** @param {string} directory the bucket's own */
  constructor(directory) {
    this.directory = directory;
  }

  /** @param {string[]} folder below the bucket's directory */
  async createFolder(...folder) {
    await mkdir(join(this.directory, ...folder), { recursive: true });
  }

  async create() {
    for (const folder of ['objects', 'data', 'uploads']) await this.createFolder(folder);
  }

  /**
   * Writes content to a new data file. If the stream fails, the file is deleted.
   *
   * @param {Readable} body
   * @param {{ withSha256: boolean }} options
   * @returns {Promise<Segment>}
   */
  async writeSegment(body, { withSha256 }) {
    const file = randomUUID();
    const md5 = createHash('md5');
    const sha256 = withSha256 ? createHash('sha256') : null;
    let size = 0;
    /** @param {AsyncIterable<Buffer>} source */
    const digested = async function* (source) {
      for await (const chunk of source) {
        md5.update(chunk);
        sha256?.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    };
    try {
      await pipeline(body, digested, createWriteStream(this.#dataPath(file), { flags: 'wx' }));
    } catch (error) {
      await this.deleteFiles([file]);
      throw error;
    }
    return { file, size, md5: md5.digest('hex'), sha256: sha256?.digest('hex') ?? null };
  }

  /**
   * Puts an object in its place atomically.
   *
   * @param {StoredObject} object
   * @param {{ onlyIfAbsent: boolean }} options
   * @returns {Promise<boolean>} whether it was put; false only if the key exists and may not be overwritten
   */
  async put(object, { onlyIfAbsent }) {
    const path = this.#objectPath(object.key);
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(object));
    const replaced = await this.get(object.key);
    try {
      // link fails if the name exists, atomically. A check before it would leave a gap.
      await (onlyIfAbsent ? link(draft, path) : rename(draft, path));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
    await this.deleteFiles(replaced?.files ?? []);
    return true;
  }

  /**
   * @param {string} key
   * @returns {Promise<StoredObject | null>}
   */
  async get(key) {
    return readJson(this.#objectPath(key));
  }

  /** @param {StoredObject} object */
  read({ files }) {
    const paths = files.map((file) => this.#dataPath(file));
    return Readable.from(concatenated(paths), { objectMode: false });
  }

  /** @param {string} key */
  async delete(key) {
    const object = await this.get(key);
    await rm(this.#objectPath(key), { force: true });
    await this.deleteFiles(object?.files ?? []);
  }

  /** @param {string[]} files */
  async deleteFiles(files) {
    await Promise.all(files.map((file) => rm(this.#dataPath(file), { force: true })));
  }

  /**
   * Every object, in the order of the keys' UTF-8 bytes.
   *
   * @returns {Promise<StoredObject[]>}
   */
  async list() {
    const folder = join(this.directory, 'objects');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const objects = await Promise.all(
      names.map((name) => /** @type {Promise<StoredObject | null>} */ (readJson(join(folder, name)))),
    );
    return objects
      .filter((object) => object !== null)
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  /** @param {string} file */
  #dataPath(file) {
    return join(this.directory, 'data', file);
  }

  /** @param {string} key */
  #objectPath(key) {
    return join(this.directory, 'objects', `${createHash('sha256').update(key).digest('hex')}.json`);
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>} null where there is no such file
 */
export async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** @param {string[]} paths */
async function* concatenated(paths) {
  for (const path of paths) yield* createReadStream(path);
}

/** @param {unknown} error */
function errorCode(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
