// The deployable functions, bundled and loaded into this process.

import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { FUNCTIONS, writeFunctions } from './bundle.mjs';

/** Inside the package, so that the functions find the AWS SDK that Lambda's runtime would give them. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/oss-edge/', import.meta.url));

/**
 * The modules of the four functions, from the same files that are zipped for deployment. The files
 * hold access keys, so they are readable by their owner only, and gone once loaded.
 *
 * @param {import('./bundle.mjs').Documents} documents checked
 * @returns {Promise<Record<typeof FUNCTIONS[number], { create: (options: any) => (event: any) => Promise<any> }>>}
 */
export async function loadFunctions(documents) {
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(CACHE);
  try {
    await chmod(directory, 0o700);
    await writeFunctions(documents, directory);
    const modules = FUNCTIONS.map(async (name) => [name, await import(pathToFileURL(join(directory, name, 'index.mjs')).href)]);
    return Object.fromEntries(await Promise.all(modules));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
