// Functions that are loaded for replay and serve leave no access keys on the disk.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { DOCUMENTS } from './fixture.mjs';

const MODULE = new URL('../../cli/load-functions.mjs', import.meta.url).href;

/** Larger than any process id of Linux. */
const DEAD = 4_194_305;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-load-'));
after(() => rm(directory, { recursive: true }));

test('the files are gone once they are loaded, and the directory when the process ends', async () => {
  const script = `
    import { readdirSync } from 'node:fs';
    const { loadFunctions } = await import(${JSON.stringify(MODULE)});
    const functions = await loadFunctions(${JSON.stringify(DOCUMENTS)});
    console.log(Object.keys(functions).length, readdirSync(process.env.TMPDIR, { recursive: true }).filter((name) => !/node_modules/u.test(name)).length);`;
  const { stdout } = await run(script);
  assert.equal(stdout, '7 1\n');
  assert.deepEqual(await readdir(directory), []);
});

test('what a killed process left is deleted', async () => {
  const abandoned = join(directory, `oss-edge-functions-${DEAD}-abc`);
  await mkdir(abandoned);
  await writeFile(join(abandoned, 'gate.bin'), 'secret');
  await mkdir(join(directory, 'oss-edge-other'));
  await run(`await (await import(${JSON.stringify(MODULE)})).loadFunctions(${JSON.stringify(DOCUMENTS)});`);
  assert.deepEqual(await readdir(directory), ['oss-edge-other']);
});

/** @param {string} script */
function run(script) {
  const args = ['--input-type=module', '--eval', script];
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, TMPDIR: directory } });
}
