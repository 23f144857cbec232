// A release: the zips of a bundle, and a hash over all of them that names it.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { functionsOf } from '../bundle.mjs';

/**
 * @typedef {object} Release
 * @property {string} hash over every zip, in hexadecimal
 * @property {Map<string, Uint8Array>} zips by function
 */

/** @param {Map<string, Uint8Array>} zips @returns {Release} */
export function releaseOf(zips) {
  const all = createHash('sha256');
  for (const [name, zip] of [...zips].sort(([a], [b]) => (a < b ? -1 : 1))) {
    all.update(`${name} ${createHash('sha256').update(zip).digest('hex')}\n`);
  }
  return { hash: all.digest('hex'), zips };
}

/**
 * Reads the zips that `oss-edge bundle` wrote.
 *
 * @param {import('../documents.mjs').Documents} documents
 * @param {string} directory
 * @returns {Promise<Release>}
 * @throws {Error} that names the missing zip
 */
export async function readRelease(documents, directory) {
  const zips = new Map();
  for (const name of functionsOf(documents)) {
    const file = join(directory, `${name}.zip`);
    zips.set(
      name,
      await readFile(file).catch(() => {
        throw new Error(`${file}: expected a zip: make it with \`oss-edge bundle --out ${directory}\``);
      }),
    );
  }
  return releaseOf(zips);
}
