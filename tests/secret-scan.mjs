// Searches all that a test run has written for the secrets that it used: node tests/secret-scan.mjs target/logs
//
// What it has written are the output of every step, with errors and panics, and what functions logged (tests/e2e/log-check.mjs
// keeps it there, when SECRET_SCAN names the folder). The secrets are those in the sources of the tests and samples, those
// that build.sh made, and those that tests told to log-check.mjs: of access keys, and of requests their signatures and tokens.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folders whose sources have secrets for tests, and the files that build.sh makes. */
const SOURCES = ['tests', 'sample', 'benches', 'target/access-keys.json', 'target/secrets.json'];
const GENERATED = /\/(?:node_modules|__pycache__)\//u;

/** Names that a secret is given, in every language of the tests, before its value in quotes. */
const NAMES =
  'accessKeySecret|accesskeysecret|access_key_secret|secretAccessKey|secret_access_key|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|securityToken|security_token|stsToken|originSecret|ORIGIN_SECRET|masterSecret|secret|SECRET';
const SECRET = new RegExp(`["'\`]?\\b(?:${NAMES})["'\`]?\\s*(?:[:=]|=>)\\s*["'\`]([^"'\`\\s]{16,})["'\`]`, 'gu');

/** Which texts are no secret: templates, and what a test gives for a secret to have it refused. */
const NO_SECRET = /[{}$]|^your|^(.)\1*$/u;

/** Characters. What is shorter is part of other words. */
const MIN_LENGTH = 16;

/** The scan itself is broken when it knows fewer. */
const LEAST_SECRETS = 50;

/** The file of what tests told, a secret a line. */
const TOLD = /\.secrets$/u;

const [, , folder] = process.argv;
const written = filesIn(resolve(ROOT, folder));
const secrets = new Set([
  ...SOURCES.flatMap((source) => filesIn(join(ROOT, source))).flatMap((file) => secretsIn(readFileSync(file, 'utf8'))),
  ...written.filter((file) => TOLD.test(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n')),
]);
const found = grep([...secrets].filter((secret) => secret.length >= MIN_LENGTH).flatMap(formsOf));
for (const finding of found) console.log(finding);
console.log(`${secrets.size} secrets looked for in ${written.length} files: found ${found.length} times`);
if (secrets.size < LEAST_SECRETS || found.length > 0) process.exitCode = 1;

/** @param {string} path of a file or a folder; one that isn't there has none @returns {string[]} */
function filesIn(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !GENERATED.test(file));
}

/** @param {string} text */
function secretsIn(text) {
  return [...text.matchAll(SECRET)].map(([, secret]) => secret).filter((secret) => !NO_SECRET.test(secret));
}

/** As it is, as a JSON text has it, and as a URL does. @param {string} secret */
function formsOf(secret) {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])];
}

/** Where one of them is written; of the secret itself only the beginning. @param {string[]} texts */
function grep(texts) {
  const options = ['--recursive', '--line-number', '--only-matching', '--fixed-strings', '--text', '--exclude=*.secrets', '--file=-'];
  const { status, stdout, stderr } = spawnSync('grep', [...options, folder], {
    cwd: ROOT,
    input: texts.join('\n'),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0 && status !== 1) throw new Error(stderr);
  const lines = stdout.split('\n').filter(Boolean);
  return [...new Set(lines.map((line) => line.replace(/^([^:]*:\d+:.{4}).*$/u, '$1…')))];
}
