// Loads the bundled functions into this process.

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { FUNCTIONS, writeFunctions } from './bundle.mjs';

/** Inside the package, so that the functions find its AWS SDK, which Lambda's runtime provides otherwise. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/oss-edge/', import.meta.url));

/**
 * The modules of the functions, from the same files that are zipped for deployment. The files contain
 * access keys, so they are deleted once they are loaded. Those of a process that was killed before are
 * deleted by the next one.
 *
 * @param {import('./documents.mjs').Documents} documents checked
 * @returns {Promise<Record<typeof FUNCTIONS[number], { create: (options: any) => (event: any) => Promise<any> }>>}
 */
export async function loadFunctions(documents) {
  await mkdir(CACHE, { recursive: true, mode: 0o700 });
  await deleteAbandoned();
  const directory = await mkdtemp(join(CACHE, `${process.pid}-`));
  try {
    await writeFunctions(documents, directory);
    const modules = FUNCTIONS.map(async (name) => [
      name,
      await import(pathToFileURL(join(directory, name, 'index.mjs')).href),
    ]);
    return Object.fromEntries(await Promise.all(modules));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Deletes the directories of processes that have ended. */
async function deleteAbandoned() {
  for (const name of await readdir(CACHE)) {
    if (!isRunning(Number.parseInt(name, 10))) await rm(join(CACHE, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
