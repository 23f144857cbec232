// Runs Stryker over groups of files: node tests/mutants/run.mjs [--changed BASE] [GROUP...]. A break that no test noticed
// is an error, unless `equivalent.txt` has it with the reason why no test can. With `--changed`, only lines are broken
// that differ from those of a commit.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { GROUPS } from './groups.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values: { changed: base }, positionals } = parseArgs({ options: { changed: { type: 'string' } }, allowPositionals: true });
const groups = positionals.length > 0 ? positionals : Object.keys(GROUPS);
const changed = base === undefined ? undefined : changedLines(base);

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
  const mutate = mutatedIn(group);
  if (mutate.length === 0) continue;
  const stryker = 'target/stryker/node_modules/.bin/stryker';
  const { status } = spawnSync(stryker, ['run', 'tests/mutants/stryker.config.mjs'], {
    cwd: ROOT,
    env: { ...process.env, MUTANTS: group, MUTATED: mutate.join() },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`Stryker ended with ${status}`);
  unnoticed += reported(group);
}
process.exitCode = unnoticed > 0 ? 1 : 0;

/** What of a group is broken, in Stryker's words: files, or with `--changed` lines of them. @param {string} group */
function mutatedIn(group) {
  const files = GROUPS[group].mutate.map((name) => `js-shim/${name}.mjs`);
  const isOf = (/** @type {string} */ file) => files.includes(file) || files.includes(`${dirname(file)}/*.mjs`);
  return changed?.filter(({ file }) => isOf(file)).map(({ file, first, last }) => `${file}:${first}-${last}`) ?? files;
}

/** @param {string} since a commit @returns {{ file: string, first: number, last: number }[]} */
function changedLines(since) {
  const diff = execFileSync('git', ['diff', '--unified=0', '--no-ext-diff', since, '--', 'js-shim'], { cwd: ROOT, encoding: 'utf8' });
  return diff.split(/^diff --git /mu).slice(1).flatMap((ofFile) => {
    const [, file] = /^\+\+\+ b\/(.+)$/mu.exec(ofFile) ?? [];
    const hunks = [...ofFile.matchAll(/^@@ \S+ \+(\d+)(?:,(\d+))? @@/gmu)].map(([, first, count = '1']) => [Number(first), Number(count)]);
    return file === undefined ? [] : hunks.filter(([, count]) => count > 0).map(([first, count]) => ({ file, first, last: first + count - 1 }));
  });
}

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
