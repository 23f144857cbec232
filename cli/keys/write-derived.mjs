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
 * No field can hold a comma, a quote or a line's end.
 *
 * @param {import('./derive.mjs').DerivedKey} key
 */
function csvLine({ deviceId, accessKeyId, accessKeySecret }) {
  return `${deviceId},${accessKeyId},${accessKeySecret}\n`;
}
