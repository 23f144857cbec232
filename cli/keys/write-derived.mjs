// Writes derived keys as CSV or JSON lines, to a file or to standard output.

import { once } from 'node:events';

import { writeAtomically } from './file-store.mjs';

/** Keys per line of progress. */
const PROGRESS = 20_000;

/**
 * @param {Iterable<import('./derive.mjs').DerivedKey>} derived
 * @param {{ total: number, out?: string, json: boolean }} options
 */
export async function writeDerived(derived, { total, out, json }) {
  const lines = json ? [] : ['deviceId,accessKeyId,accessKeySecret\n'];
  let done = 0;
  for (const key of derived) {
    lines.push(json ? `${JSON.stringify(key)}\n` : csvLine(key));
    done += 1;
    if (done % PROGRESS === 0) process.stderr.write(`${done} of ${total} derived\n`);
  }
  const text = lines.join('');
  if (out !== undefined) await writeAtomically(out, text);
  else if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/**
 * No field can contain a comma, a quote or a line break.
 *
 * @param {import('./derive.mjs').DerivedKey} key
 */
function csvLine({ deviceId, accessKeyId, accessKeySecret }) {
  return `${deviceId},${accessKeyId},${accessKeySecret}\n`;
}
