// Loads the bundled functions into this process.

import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

import { functionsOf, writeFunctions } from './bundle.mjs';
import { newSecrets } from './secrets.mjs';

/** The beginning of a directory's name. The process's id follows. */
const PREFIX = 'oss-edge-functions-';

/** The package that Lambda's runtime provides. */
const SDK = '@aws-sdk/client-s3';

/** The directory of this process. @type {Promise<string> | undefined} */
let home;

/**
 * Loads the functions from the same files that are zipped for deployment. The files contain access keys, so they are
 * deleted once they are loaded.
 *
 * @param {import('./documents.mjs').Documents} documents checked; without secrets, new ones are made for this process
 * @returns {Promise<Record<import('./bundle.mjs').FunctionName, { create: (options: any) => any }>>} those that the
 *   configuration has
 */
export async function loadFunctions(documents) {
  const directory = await mkdtemp(join(await (home ??= makeHome()), 'functions-'));
  try {
    await writeFunctions({ ...documents, secrets: documents.secrets ?? newSecrets() }, directory);
    const modules = functionsOf(documents).map(async (name) => {
      return [name, await import(pathToFileURL(join(directory, name, 'index.mjs')).href)];
    });
    return Object.fromEntries(await Promise.all(modules));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Makes a directory with the AWS SDK. It stays until the process ends, because the functions load the SDK late. */
async function makeHome() {
  await deleteAbandoned();
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const link = join(directory, 'node_modules', SDK);
  await mkdir(dirname(link), { recursive: true });
  const entry = createRequire(import.meta.url).resolve(SDK);
  const name = SDK.replaceAll('/', sep);
  await symlink(entry.slice(0, entry.lastIndexOf(`${name}${sep}`) + name.length), link, 'junction');
  return directory;
}

/** Deletes the directories of processes that were killed. */
async function deleteAbandoned() {
  for (const name of (await readdir(tmpdir())).filter((one) => one.startsWith(PREFIX))) {
    const pid = Number.parseInt(name.slice(PREFIX.length), 10);
    // Directories of other users can't be deleted.
    if (!isRunning(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
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
