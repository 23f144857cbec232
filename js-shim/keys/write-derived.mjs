// Derived keys as what provisions the devices reads them: CSV or JSON Lines, to a file or to standard output.

import { once } from 'node:events';

import { writeAtomically } from './file-store.mjs';

/** Keys between two lines of progress. */
const PROGRESS = 20_000;

/**
 * @param {Iterable<import('./derive.mjs').DerivedKey>} derived
 * @param {{ total: number, out?: string, json: boolean }} options
 */
export async function writeDerived(derived, { total, out, json }) {
  const lines = json ? jsonLines(derived) : csvLines(derived);
  /** @type {string[]} */
  let chunk = [];
  /** @type {string[]} */
  const chunks = [];
  let done = json ? 0 : -1;
  for (const line of lines) {
    chunk.push(line);
    done += 1;
    if (done % PROGRESS !== 0 || done <= 0) continue;
    chunks.push(chunk.join(''));
    chunk = [];
    process.stderr.write(`${done} of ${total} derived\n`);
  }
  const text = chunks.join('') + chunk.join('');
  if (out !== undefined) await writeAtomically(out, text);
  else if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** @param {Iterable<import('./derive.mjs').DerivedKey>} derived */
function* csvLines(derived) {
  yield 'deviceId,accessKeyId,accessKeySecret\n';
  // No field can hold a comma, a quote or a line's end.
  for (const { deviceId, accessKeyId, accessKeySecret } of derived) yield `${deviceId},${accessKeyId},${accessKeySecret}\n`;
}

/** @param {Iterable<import('./derive.mjs').DerivedKey>} derived */
function* jsonLines(derived) {
  for (const key of derived) yield `${JSON.stringify(key)}\n`;
}
