// Files that only their owner may read, because they may hold access keys.

import { chmod, writeFile } from 'node:fs/promises';

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
