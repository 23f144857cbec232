// Reads from the edge's log which secrets of an access key were used.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * @typedef {{ requests: number, last: string }} Use of one generation
 */

/**
 * Reads JSON lines of viewer-request and authorizer. Text before the object on a line is ignored: tools
 * that export logs write some.
 *
 * @param {string[]} files `-` for standard input
 * @param {string} accessKeyId
 * @param {number} since milliseconds since the epoch
 * @returns {Promise<Map<string, Use>>} by generation
 * @throws {Error} that names a file that can't be read
 */
export async function readUse(files, accessKeyId, since) {
  /** @type {Map<string, Use>} */
  const uses = new Map();
  for (const file of files) {
    const input = file === '-' ? process.stdin : createReadStream(file);
    // readline ends without an error if its stream fails.
    const failure = new Promise((_, reject) => {
      input.once('error', (/** @type {NodeJS.ErrnoException} */ { code }) =>
        reject(new Error(`${file}: ${code === 'ENOENT' ? 'no such file' : code}`)),
      );
    });
    await Promise.race([count(createInterface({ input, crlfDelay: Infinity }), uses, accessKeyId, since), failure]);
  }
  return uses;
}

/**
 * @param {AsyncIterable<string>} lines @param {Map<string, Use>} uses
 * @param {string} accessKeyId @param {number} since
 */
async function count(lines, uses, accessKeyId, since) {
  const asInJson = JSON.stringify(accessKeyId);
  for await (const line of lines) {
    if (!line.includes(asInJson)) continue;
    const entry = parsed(line.slice(line.indexOf('{')));
    if (
      entry?.accessKeyId !== accessKeyId ||
      typeof entry.generation !== 'string' ||
      !(Date.parse(entry.time) >= since)
    )
      continue;
    const { requests = 0, last = '' } = uses.get(entry.generation) ?? {};
    uses.set(entry.generation, { requests: requests + 1, last: entry.time > last ? entry.time : last });
  }
}

/** @param {string} json @returns {any} */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
