// Runs Stryker over groups of files: node tests/mutants/run.mjs [GROUP...]. A break that no test noticed is an error,
// unless `equivalent.txt` has it with the reason why no test can.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { GROUPS } from './groups.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const groups = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(GROUPS);

/** Its lines: file, what stood there, what took its place, the reason, with ` | ` between. */
const equivalent = new Set(
  readFileSync(new URL('equivalent.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' | ').slice(0, 3).join(' | ')),
);

let unnoticed = 0;
for (const group of groups) {
  if (!(group in GROUPS)) throw new Error(`${group}: expected one of ${Object.keys(GROUPS).join(', ')}`);
  const stryker = 'target/stryker/node_modules/.bin/stryker';
  const { status } = spawnSync(stryker, ['run', 'tests/mutants/stryker.config.mjs'], {
    cwd: ROOT,
    env: { ...process.env, MUTANTS: group },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`Stryker ended with ${status}`);
  unnoticed += reported(group);
}
process.exitCode = unnoticed > 0 ? 1 : 0;

/** Prints what a run found. @param {string} group @returns {number} how many breaks nobody noticed */
function reported(group) {
  const { files } = JSON.parse(readFileSync(new URL(`../../target/stryker/${group}.json`, import.meta.url), 'utf8'));
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((/** @type {any} */ mutant) => ({ ...mutant, line: lineOf(file, source, mutant) })),
  );
  // The texts of messages.
  const mutants = all.filter(({ status }) => status !== 'Ignored');
  const alive = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const unknown = alive.filter(({ line }) => !equivalent.has(line));
  const lines = new Set(alive.map(({ line }) => line));
  const isOfGroup = (/** @type {string} */ line) => Object.keys(files).includes(`js-shim/${line.split(' | ')[0]}`);
  for (const line of equivalent) if (isOfGroup(line) && !lines.has(line)) console.log(`equivalent.txt has, and nothing survived: ${line}`);
  for (const { line, location, status } of unknown) console.log(`${status} at line ${location.start.line}: ${line}`);
  console.log(`${group}: ${mutants.length - alive.length} of ${mutants.length} noticed, ${alive.length - unknown.length} equivalent, ${unknown.length} not noticed`);
  return unknown.length;
}

/** A mutant as `equivalent.txt` has it: line numbers would change with every edit. */
function lineOf(/** @type {string} */ file, /** @type {string} */ source, /** @type {any} */ { location: { start, end }, replacement }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last].slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  const short = (/** @type {string} */ text) => text.replace(/\s+/gu, ' ').trim().slice(0, 120);
  return `${file.replace('js-shim/', '')} | ${short(lines.join('\n'))} | ${short(replacement)}`;
}
