// The two functions that are compared: viewer-request as it is deployed, and the same in plain JavaScript.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { BUNDLING, writeFunctions } from '../cli/bundle.mjs';
import { NOW } from './events.mjs';

/**
 * @typedef {{ handler: (event: any) => Promise<any> }} Contestant
 *
 * @typedef {object} Bundled
 * @property {string} ours `index.mjs` of viewer-request
 * @property {string} theirs `index.mjs` of the one in plain JavaScript
 * @property {Map<string, import('../cli/bundle.mjs').Files>} functions all that are deployed
 */

/** The end of a bundle: a function that makes handlers, and the handler that Lambda calls. */
const EXPORTS =
  /,(?<deployed>[\w$]+)=(?<create>[\w$]+)\(\);export\{\k<create> as create,\k<deployed> as handler\};\s*$/u;

/**
 * Writes both functions.
 *
 * @param {import('../cli/documents.mjs').Documents} documents
 * @param {string} directory
 * @returns {Promise<Bundled>}
 */
export async function writeContestants(documents, directory) {
  const functions = await writeFunctions(documents, directory);
  const theirs = join(directory, 'javascript', 'index.mjs');
  await mkdir(join(directory, 'javascript'), { recursive: true });
  await writeFile(theirs, await javascriptBundle(documents));
  return { ours: join(directory, 'viewer-request', 'index.mjs'), theirs, functions };
}

/**
 * Loads a function with one handler, which has the events' clock and drops the log. The deployed handler isn't made:
 * V8 optimizes less where two closures share their code.
 *
 * @param {string} file its `index.mjs`
 * @returns {Promise<Contestant>}
 */
export async function load(file) {
  const bundle = await readFile(file, 'utf8');
  const alone = join(dirname(file), 'alone.mjs');
  if (!EXPORTS.test(bundle)) throw new Error(`${file} has other exports than a function's`);
  await writeFile(alone, bundle.replace(EXPORTS, ';export{$<create> as create};'));
  const { create } = await import(pathToFileURL(alone).href);
  let lines = 0;
  return { handler: create({ now: () => NOW, log: () => (lines += 1) }) };
}

/** @param {import('../cli/documents.mjs').Documents} documents */
async function javascriptBundle({ config, accessKeys, secrets }) {
  const literal = (/** @type {unknown} */ value) => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
  const contents = `
    import { createHandler } from './handler.mjs';
    const documents = { config: ${literal(config)}, accessKeys: ${literal(accessKeys)}, secrets: ${literal(secrets)} };
    export const create = (options) => createHandler({ ...documents, ...options });
    export const handler = create();`;
  const resolveDir = fileURLToPath(new URL('javascript/', import.meta.url));
  const { outputFiles } = await build({ ...BUNDLING, stdin: { contents, resolveDir }, write: false });
  return outputFiles[0].contents;
}
