// What is compared: the viewer-request function as it is deployed, and the one in plain JavaScript,
// bundled alike.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { BUNDLING, writeFunctions } from '../js-shim/bundle.mjs';

/**
 * @typedef {{ create: (options: { now?: () => number, log?: (line: any) => void }) => (event: any) => Promise<any> }} Contestant
 */

/**
 * Writes both functions.
 *
 * @param {import('../js-shim/bundle.mjs').Documents} documents
 * @param {string} directory
 * @returns {Promise<{ ours: string, theirs: string }>} their `index.mjs`
 */
export async function writeContestants(documents, directory) {
  await writeFunctions(documents, directory);
  const theirs = join(directory, 'javascript', 'index.mjs');
  await mkdir(join(directory, 'javascript'), { recursive: true });
  await writeFile(theirs, await javascriptBundle(documents));
  return { ours: join(directory, 'viewer-request', 'index.mjs'), theirs };
}

/** @param {string} file @returns {Promise<Contestant>} */
export async function load(file) {
  return import(pathToFileURL(file).href);
}

/** @param {import('../js-shim/bundle.mjs').Documents} documents */
async function javascriptBundle({ config, accessKeys }) {
  const literal = (/** @type {unknown} */ value) => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
  const contents = `
    import { createHandler } from './handler.mjs';
    const documents = { config: ${literal(config)}, accessKeys: ${literal(accessKeys)} };
    export const create = (options) => createHandler({ ...documents, ...options });
    export const handler = create();`;
  const resolveDir = fileURLToPath(new URL('javascript/', import.meta.url));
  const { outputFiles } = await build({ ...BUNDLING, stdin: { contents, resolveDir }, write: false });
  return outputFiles[0].contents;
}
