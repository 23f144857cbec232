/**
 * The bytes of one bucket on disk: a file for each body that was received.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** @typedef {{ file: string, size: number }} Segment the name of a data file, and its bytes */
/** @typedef {{ start: number, end: number }} ByteRange both inclusive */

export class S3Data {
  /** How often a file is being read. @type {Map<string, number>} */
  #readers = new Map();
  /** Files to delete when nobody reads them any more. @type {Set<string>} */
  #removed = new Set();
  #directory;

  /** @param {string} directory */
  constructor(directory) {
    this.#directory = directory;
  }

  async create() {
    await mkdir(this.#directory, { recursive: true });
  }

  /**
   * Writes a body to a new file. If the body fails, the file is deleted.
   *
   * @param {Readable} body
   * @param {(chunk: Buffer) => void} seen is told every chunk, in order
   * @returns {Promise<Segment>}
   */
  async write(body, seen) {
    const file = randomUUID();
    let size = 0;
    /** @param {AsyncIterable<Buffer>} source */
    const observed = async function* (source) {
      for await (const chunk of source) {
        seen(chunk);
        size += chunk.length;
        yield chunk;
      }
    };
    try {
      await pipeline(body, observed, createWriteStream(this.#path(file), { flags: 'wx' }));
    } catch (error) {
      await this.remove([{ file }]);
      throw error;
    }
    return { file, size };
  }

  /**
   * The bytes as they are now, whatever is removed while they are read.
   *
   * @param {readonly Segment[]} segments in their order
   * @param {ByteRange} range of all of them together
   */
  read(segments, range) {
    for (const { file } of segments) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    const bytes = Readable.from(this.#chunks(segments, range), { objectMode: false });
    return bytes.once('close', () => void this.#release(segments));
  }

  /** @param {readonly { file: string }[]} segments */
  async remove(segments) {
    for (const { file } of segments) {
      if (this.#readers.has(file)) this.#removed.add(file);
      else await rm(this.#path(file), { force: true });
    }
  }

  /** @param {readonly Segment[]} segments that were read */
  async #release(segments) {
    for (const { file } of segments) {
      const others = (this.#readers.get(file) ?? 1) - 1;
      if (others > 0) this.#readers.set(file, others);
      else this.#readers.delete(file);
      if (others === 0 && this.#removed.delete(file)) await rm(this.#path(file), { force: true });
    }
  }

  /**
   * @param {readonly Segment[]} segments
   * @param {ByteRange} range
   */
  async *#chunks(segments, { start, end }) {
    let at = 0;
    for (const { file, size } of segments) {
      const [first, last] = [Math.max(start - at, 0), Math.min(end - at, size - 1)];
      if (first <= last) yield* createReadStream(this.#path(file), { start: first, end: last, highWaterMark: 1024 * 1024 });
      at += size;
      if (at > end) return;
    }
  }

  /** @param {string} file */
  #path(file) {
    return join(this.#directory, file);
  }
}

/**
 * Replaces a file atomically.
 *
 * @param {string} path
 * @param {unknown} value
 */
export async function writeJson(path, value) {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(value));
  await rename(draft, path);
}

/**
 * @param {string} path
 * @returns {Promise<any>} null where there is no such file
 */
export async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
