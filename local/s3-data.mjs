/**
 * The bytes of one bucket on disk: a file for each body that was received.
 *
 * Files are read and written synchronously: they are small pieces in the page cache, and handing each to another thread
 * takes longer than copying it.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

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
    const descriptor = openSync(this.#path(file), 'wx');
    try {
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        seen(chunk);
        size += chunk.length;
        writeFileSync(descriptor, chunk);
      }
    } catch (error) {
      this.remove([{ file }]);
      throw error;
    } finally {
      closeSync(descriptor);
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
    return bytes.once('close', () => this.#release(segments));
  }

  /** @param {readonly { file: string }[]} segments */
  remove(segments) {
    for (const { file } of segments) {
      if (this.#readers.has(file)) this.#removed.add(file);
      else rmSync(this.#path(file), { force: true });
    }
  }

  /** @param {readonly Segment[]} segments that were read */
  #release(segments) {
    for (const { file } of segments) {
      const others = (this.#readers.get(file) ?? 1) - 1;
      if (others > 0) this.#readers.set(file, others);
      else this.#readers.delete(file);
      if (others === 0 && this.#removed.delete(file)) rmSync(this.#path(file), { force: true });
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
      if (first <= last) yield* chunksOf(this.#path(file), first, last);
      at += size;
      if (at > end) return;
    }
  }

  /** @param {string} file */
  #path(file) {
    return join(this.#directory, file);
  }
}

/** @param {string} path @param {number} first @param {number} last */
function* chunksOf(path, first, last) {
  const descriptor = openSync(path, 'r');
  try {
    for (let at = first; at <= last; ) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, last - at + 1));
      const read = readSync(descriptor, chunk, 0, chunk.length, at);
      if (read === 0) throw new Error(`${path} is shorter than it was`);
      yield chunk.subarray(0, read);
      at += read;
    }
  } finally {
    closeSync(descriptor);
  }
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Replaces a file atomically.
 *
 * @param {string} path
 * @param {unknown} value
 */
export function writeJson(path, value) {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, path);
}

/**
 * @param {string} path
 * @returns {any} null where there is no such file
 */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
