// The budget's rows on memory, each measured in a process of its own.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { measureKeys } from './key-memory.mjs';
import { FETCHED_KEYS_MIB, GROWTH_MIB, KEYS_MIB } from './limits.mjs';
import { row } from './report.mjs';

const MEMORY = fileURLToPath(new URL('memory.mjs', import.meta.url));
export const MANY_KEYS = 100_000;

/** As Lambda starts Node.js in a function of 128 MB. */
const LAMBDA_FLAGS = ['--max-semi-space-size=6', '--max-old-space-size=116'];

/** @typedef {import('./report.mjs').Row} Row in MiB */

/**
 * @param {string} file `index.mjs` of a function with MANY_KEYS
 * @returns {Promise<Row[]>}
 */
export async function keyRows(file) {
  const { bare, aboveBare, wasm } = await inProcess('keys', file);
  return [
    row(`${MANY_KEYS} keys, above the bare runtime's ${bare.toFixed(1)}`, aboveBare, KEYS_MIB),
    row('of it WebAssembly', wasm),
  ];
}

/** @returns {Promise<Row[]>} of a function that fetches MANY_KEYS three times */
export async function fetchedKeyRows() {
  const { cases } = await measureKeys(MANY_KEYS);
  const { peak, wasm } = cases[cases.length - 1];
  return [
    row(`${MANY_KEYS} keys, fetched and replaced twice: peak, with the runtime`, peak, FETCHED_KEYS_MIB),
    row('of it WebAssembly', wasm),
  ];
}

/**
 * @param {string} file `index.mjs` of a function
 * @param {number} requests
 * @returns {Promise<Row[]>}
 */
export async function hostileRows(file, requests) {
  const { before, after } = await inProcess('hostile', file, String(requests));
  const what = `after ${requests} hostile requests`;
  return [
    row('resident after warming up', before.resident),
    row(`resident ${what}`, after.resident),
    row('growth', after.resident - before.resident, GROWTH_MIB),
    row('JavaScript heap after warming up', before.heap),
    row(`JavaScript heap ${what}`, after.heap),
    row('WebAssembly after warming up', before.wasm),
    row(`WebAssembly ${what}`, after.wasm),
  ];
}

/** @param {string[]} args of memory.mjs */
async function inProcess(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', ...LAMBDA_FLAGS, MEMORY, ...args]);
  return JSON.parse(stdout);
}
