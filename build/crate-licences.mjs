// Prints the licences and checksums of the Rust crates that are compiled into one of the core's modules, as JSON. Its
// arguments are the options that choose the module's features, as cargo takes them.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { licenceTexts } from '../cli/notices.mjs';

const TARGET = 'wasm32-unknown-unknown';
const LOCKED = /^name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"$/gmu;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { packages, resolve } = JSON.parse(
  run('cargo', 'metadata', '--format-version', '1', '--locked', '--filter-platform', TARGET, ...process.argv.slice(2)),
);
/** The SHA-256 of each crate on crates.io, by name and version. */
const checksums = new Map(
  [...(await readFile(new URL('../Cargo.lock', import.meta.url), 'utf8')).matchAll(LOCKED)].map(
    ([, name, version, checksum]) => [`${name} ${version}`, checksum],
  ),
);
const licences = [await standardLibraryLicence(), ...(await Promise.all(compiledIn().map(crateLicence)))];
process.stdout.write(`${JSON.stringify(licences, null, 1)}\n`);

/** The crates that are compiled into the core, sorted by name. */
function compiledIn() {
  const found = new Set([resolve.root]);
  for (const id of found) {
    const { deps } = resolve.nodes.find((/** @type {any} */ node) => node.id === id);
    for (const { pkg, dep_kinds: kinds } of deps) {
      if (kinds.some((/** @type {any} */ { kind }) => kind === null) && !isProcMacro(packageOf(pkg))) found.add(pkg);
    }
  }
  found.delete(resolve.root);
  return [...found].map(packageOf).sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** @param {string} id */
function packageOf(id) {
  return packages.find((/** @type {any} */ one) => one.id === id);
}

/** Whether a crate is a procedural macro, which only runs in the compiler. @param {any} crate */
function isProcMacro({ targets }) {
  return targets.some((/** @type {any} */ { kind }) => kind.includes('proc-macro'));
}

/** A crate's licence texts; of a choice that includes MIT, only MIT's. @param {any} crate */
async function crateLicence({ name, version, license, manifest_path: manifest }) {
  const isChoice = license.includes(' OR ') && license.includes('MIT');
  const texts = await licenceTexts(dirname(manifest), isChoice ? /mit|notice|copyright/iu : /./u);
  const checksum = checksums.get(`${name} ${version}`);
  return { name, version, license, checksum, texts: texts.length > 0 ? texts : await licenceTexts(dirname(manifest)) };
}

/** The standard library is licensed under MIT or Apache-2.0, of which this is MIT. */
async function standardLibraryLicence() {
  const version = run('rustc', '--version').split(' ')[1];
  const text = await readFile(new URL('rust-library-licence.txt', import.meta.url), 'utf8');
  return { name: 'The Rust standard library', version, license: 'MIT OR Apache-2.0', texts: [text.trim()] };
}

/** @param {string} command @param {string[]} args */
function run(command, ...args) {
  return execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
