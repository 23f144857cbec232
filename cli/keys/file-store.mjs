// Access keys in a file. It is replaced atomically under a lock, and the previous file is kept.

import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseDocument, unreadable } from '../document.mjs';
import { Conflict, Refusal } from './store.mjs';

/** How long to wait for a lock, and how often to try, in milliseconds. */
const [LOCK_MILLISECONDS, LOCK_POLL_MILLISECONDS] = [5000, 50];

/**
 * @param {string} file
 * @param {{ lockMilliseconds?: number }} [options]
 * @returns {import('./store.mjs').KeyStore}
 */
export function fileStore(file, { lockMilliseconds = LOCK_MILLISECONDS } = {}) {
  return {
    maxBytes: Infinity,
    source: 'bundled',
    read: async () => [await readStored(file)],
    replace: async (stored, document) => {
      const target = await realpath(file).catch(() => file);
      const unlock = await lock(`${target}.lock`, lockMilliseconds);
      try {
        const before = await readFile(target).catch(absent(target));
        if (versionOf(before) !== stored.version) throw new Conflict(`${file} was changed meanwhile`);
        if (before !== undefined) await writeAtomically(`${target}.bak`, before);
        await writeAtomically(target, `${JSON.stringify(document, null, 2)}\n`);
      } finally {
        await unlock();
      }
    },
  };
}

/** @param {string} file @returns {Promise<import('./store.mjs').Stored>} */
async function readStored(file) {
  const bytes = await readFile(file).catch(absent(file));
  const document = bytes === undefined ? {} : parseDocument(bytes.toString('utf8'), file);
  return { name: file, document, version: versionOf(bytes) };
}

/** @param {string} file */
function absent(file) {
  return (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'ENOENT') throw new Error(`${file}: ${unreadable(error)}`);
    return undefined;
  };
}

/** @param {Buffer | undefined} bytes */
function versionOf(bytes) {
  return bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex');
}

/**
 * Writes a file that only its owner may read. After a crash, the file is either the old or the new one.
 *
 * @param {string} file @param {Buffer | string} content
 */
async function writeAtomically(file, content) {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeThrough(temporary, content, 'wx');
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(file));
}

/**
 * Writes a new file that only its owner may read.
 *
 * @param {string} file @param {Buffer | string} content
 * @throws {Refusal} when it is
 */
export async function writeNew(file, content) {
  try {
    await writeThrough(file, content, 'wx');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    throw new Refusal(`${file} exists: expected a new file`);
  }
}

/** @param {string} file @param {Buffer | string} content @param {string} flags */
async function writeThrough(file, content, flags) {
  const handle = await open(file, flags, 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a rename durable.
 *
 * @param {string} directory
 */
async function syncDirectory(directory) {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Takes a lock: a file that exists while the lock is held.
 *
 * @param {string} file @param {number} milliseconds to wait for it
 * @returns {Promise<() => Promise<void>>} releases it
 * @throws {Refusal} that says who holds it
 */
async function lock(file, milliseconds) {
  for (let waited = 0; ; waited += LOCK_POLL_MILLISECONDS) {
    try {
      await writeThrough(file, `process ${process.pid} on ${hostname()}\n`, 'wx');
      return () => rm(file, { force: true });
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'ENOENT') throw new Error(`${dirname(file)}: no such directory`);
      if (code !== 'EEXIST') throw error;
      if (waited >= milliseconds) throw await held(file);
    }
    await sleep(LOCK_POLL_MILLISECONDS);
  }
}

/** @param {string} file */
async function held(file) {
  const holder = await readFile(file, 'utf8').catch(() => '');
  return new Refusal(`${file} is held by ${holder.trim() || 'another'}; remove it if that has ended`);
}
