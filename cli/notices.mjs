// THIRD-PARTY-NOTICES.txt: the notices that the licences of a function's software require.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readCrateLicences } from './wasm-file.mjs';

/**
 * @typedef {object} Licence of a package or a crate
 * @property {string} name
 * @property {string} version
 * @property {string} license an SPDX expression
 * @property {string[]} texts
 * @property {string} [checksum] of a crate: the SHA-256 of what crates.io serves
 */

/**
 * The notices for one function: the npm packages in its index.mjs, and the Rust crates in the core.
 *
 * @param {object} contents
 * @param {string[]} contents.inputs the files that index.mjs was made of, relative to `root`
 * @param {string} contents.root this package's directory
 * @param {'oss_edge' | 'oss_edge_documents'} [contents.module] of the core
 */
export async function noticesOf({ inputs, root, module }) {
  const packages = await Promise.all(packageDirectories(inputs, root).map(packageLicence));
  return noticesText([...packages, ...(module === undefined ? [] : await readCrateLicences(module))]);
}

/**
 * The licence texts that are in the directory of a package or crate.
 *
 * @param {string} directory
 * @param {RegExp} [only] which files, by their names
 */
export async function licenceTexts(directory, only = /./u) {
  const names = (await readdir(directory))
    .filter((name) => /^(licen[cs]e|copying|notice|copyright)/iu.test(name) && only.test(name))
    .sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim());
}

/**
 * A list of all software, then each licence text once.
 *
 * @param {Licence[]} licences
 */
function noticesText(licences) {
  if (licences.length === 0) return 'This function contains no third-party software.\n';
  const list = licences.map(({ name, version, license }) => `  ${name} ${version} (${license})`);
  /** @type {Map<string, string[]>} */
  const namesByText = new Map();
  for (const { name, texts } of licences) {
    for (const text of texts) namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
  }
  const texts = [...namesByText].map(([text, names]) => `${'-'.repeat(80)}\n${names.join(', ')}:\n\n${text}\n`);
  return ['This function contains the following third-party software:\n', ...list, '', ...texts].join('\n');
}

/**
 * The directories of the npm packages that contain these files, except this package.
 *
 * @param {string[]} inputs relative to `root`
 * @param {string} root this package's directory
 */
export function packageDirectories(inputs, root) {
  const directories = inputs.map((input) => join(root, input)).map((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(file)?.[0]);
  const found = new Set(directories.filter((directory) => directory !== undefined));
  return [...found].filter((directory) => join(directory, '/') !== root).sort();
}

/** @param {string} directory @returns {Promise<Licence>} */
async function packageLicence(directory) {
  const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const texts = await licenceTexts(directory);
  return { name, version, license, texts: texts.length > 0 ? texts : [await missingText(name)] };
}

/**
 * The licence text of a package that is published without one. Packages of one scope share a text.
 *
 * @param {string} name
 */
async function missingText(name) {
  const [owner] = name.split('/');
  const file = new URL(`licences/${owner}.txt`, import.meta.url);
  return (
    await readFile(file, 'utf8').catch(() => {
      throw new Error(`the npm package ${name} contains no licence text: add one to cli/licences/`);
    })
  ).trim();
}
