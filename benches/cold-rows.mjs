// The budget's rows on cold starts.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { measureCold } from './cold.mjs';
import { NOW, eventTexts } from './events.mjs';
import { COLD } from './limits.mjs';
import { withQuota } from './quota.mjs';
import { withLimit } from './report.mjs';

export const MANY_KEYS = 20_000;

/** @typedef {import('./report.mjs').PairRow} PairRow times in milliseconds */
/** @typedef {{ ours: string, theirs: string }} Files `index.mjs` of both functions */

/**
 * @param {Files} files with one key
 * @param {string} event a file
 * @param {number} runs
 * @returns {Promise<PairRow[]>}
 */
export async function coldRows(files, event, runs) {
  const { cpu, wall } = await measureCold(files, event, runs);
  return [withLimit('1 key, processor time', cpu, COLD), withLimit('1 key, elapsed', wall)];
}

/**
 * @param {Files} files with MANY_KEYS
 * @param {string} event a file
 * @param {number} runs
 * @returns {Promise<PairRow[]>}
 */
export async function coldRowsWithQuota(files, event, runs) {
  return withQuota(async (group) => {
    if (group === undefined) process.stdout.write('no control group can be made here: measured with a whole core\n');
    const { cpu, wall } = await measureCold(files, event, runs, group);
    const what = `${MANY_KEYS} keys, ${group === undefined ? 'a whole core' : '1/14 of a core'}`;
    return [withLimit(`${what}, processor time`, cpu), withLimit(`${what}, elapsed`, wall)];
  });
}

/** @param {string} directory @returns {Promise<string>} a file that first-decision.mjs reads */
export async function writeEvent(directory) {
  const file = join(directory, 'event.json');
  const [text] = eventTexts('v1-header', 1);
  await writeFile(file, `{"now":${NOW},"event":${text}}`);
  return file;
}
