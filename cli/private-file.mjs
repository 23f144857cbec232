// Files that only their owner may read, because they may hold access keys or secrets.

import { chmod, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file. An existing file loses its permissions for others before it gets the content.
 *
 * @param {string} file @param {Uint8Array} bytes
 */
export async function writePrivate(file, bytes) {
  await writeFile(file, '', { mode: 0o600 });
  await chmod(file, 0o600);
  await writeFile(file, bytes);
}

/**
 * Writes a file that doesn't exist yet.
 *
 * @param {string} file @param {string} text
 * @throws {Error} that names the file
 */
export async function writeNewPrivate(file, text) {
  await writeFile(file, text, { mode: 0o600, flag: 'wx', flush: true }).catch(({ code }) => {
    const reasons = { EEXIST: 'exists already, and is not overwritten', ENOENT: `${dirname(file)}: no such directory` };
    throw new Error(`${file}: ${/** @type {Record<string, string>} */ (reasons)[code] ?? code}`);
  });
}
