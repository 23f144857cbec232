// Writes derived keys as CSV or JSON lines, to a file or to standard output.

import { once } from 'node:events';

import { assumeRoleAnswer } from './derive.mjs';
import { writeNew } from './file-store.mjs';

/** Keys per line of progress. */
const PROGRESS = 20_000;

/** @type {Record<'csv' | 'json' | 'sts', (key: import('./derive.mjs').DerivedKey, expires: number) => string>} */
const FORMS = {
  csv: csvLine,
  json: (key) => JSON.stringify(key),
  sts: (key, expires) => JSON.stringify(assumeRoleAnswer(key, expires)),
};

/**
 * @param {Iterable<import('./derive.mjs').DerivedKey>} derived
 * @param {{ total: number, out?: string, form: 'csv' | 'json' | 'sts', expires?: number }} options
 * @throws {Refusal} when the file exists
 */
export async function writeDerived(derived, { total, out, form, expires = 0 }) {
  const line = FORMS[form];
  const lines = form === 'csv' ? ['deviceId,accessKeyId,accessKeySecret\n'] : [];
  let done = 0;
  for (const key of derived) {
    lines.push(`${line(key, expires)}\n`);
    done += 1;
    if (done % PROGRESS === 0) process.stderr.write(`${done} of ${total} derived\n`);
  }
  const text = lines.join('');
  if (out !== undefined) await writeNew(out, text);
  else if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/**
 * No field can contain a comma, a quote or a line break.
 *
 * @param {import('./derive.mjs').DerivedKey} key
 */
function csvLine({ deviceId, accessKeyId, accessKeySecret }) {
  return `${deviceId},${accessKeyId},${accessKeySecret}`;
}
