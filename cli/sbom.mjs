// The software bill of materials of a function, in CycloneDX's JSON: its files, and the npm packages and Rust crates in
// them. It has no time and no serial number, so that the same input gives the same bytes.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Enums, Models, SPDX, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

import { codeHash, sha256 } from './hashes.mjs';
import { packageDirectories } from './notices.mjs';
import { readCrateLicences } from './wasm-file.mjs';

const { Component, HashDictionary, LicenseExpression, LicenseRepository, SpdxLicense } = Models;
const { ComponentType, HashAlgorithm } = Enums;

/** The name of the standard library among the crates. */
const STANDARD_LIBRARY = 'The Rust standard library';

/** The files to list. gate.bin and seal.bin are left out, because they contain the operator's secrets. */
const PUBLISHED = /\.wasm$/u;

/**
 * @param {string} path of the file to write
 * @param {object} contents
 * @param {string} contents.name the function's
 * @param {import('./bundle.mjs').Files} contents.files
 * @param {string[]} contents.inputs the files that index.mjs was made of, relative to `root`
 * @param {string} contents.root this package's directory
 * @param {'oss_edge' | 'oss_edge_documents'} contents.module of the core
 */
export async function writeSbom(path, { name, files, inputs, root, module }) {
  const { version, license } = await manifestOf(root);
  const bom = new Models.Bom();
  const of = { version, licenses: expression(license) };
  bom.metadata.component = new Component(ComponentType.Application, `oss-edge/${name}`, { ...of, bomRef: name });

  const index = file('index.mjs', codeHash(files['index.mjs']), of);
  const packages = await Promise.all(packageDirectories(inputs, root).map(npmComponent));
  dependOn(index, packages);
  const crates = (await readCrateLicences(module)).map(crateComponent);
  const modules = Object.entries(files)
    .filter(([one]) => PUBLISHED.test(one))
    .map(([one, bytes]) => dependOn(file(one, sha256(bytes), of), crates));

  dependOn(bom.metadata.component, [index, ...modules]);
  for (const component of [index, ...modules, ...packages, ...crates]) bom.components.add(component);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  await writeFile(path, `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`);
}

/** @param {string} directory of an npm package */
async function npmComponent(directory) {
  const manifest = await manifestOf(directory);
  const purl = `pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`;
  const known = { version: manifest.version, purl, bomRef: purl, licenses: expression(manifest.license) };
  return new Component(ComponentType.Library, manifest.name, known);
}

/** @param {import('./notices.mjs').Licence} crate */
function crateComponent(crate) {
  const purl =
    crate.name === STANDARD_LIBRARY ? `pkg:generic/rust@${crate.version}` : `pkg:cargo/${crate.name}@${crate.version}`;
  const hashes = crate.checksum ? hashesOf(crate.checksum) : undefined;
  const known = { version: crate.version, purl, bomRef: purl, hashes, licenses: expression(crate.license) };
  return new Component(ComponentType.Library, crate.name, known);
}

/** @param {string} name @param {string} hash @param {object} of */
function file(name, hash, of) {
  return new Component(ComponentType.File, name, { ...of, bomRef: name, hashes: hashesOf(hash) });
}

/** @param {string} text an SPDX id or expression */
function expression(text) {
  const licence = SPDX.isSupportedSpdxId(text) ? new SpdxLicense(text) : new LicenseExpression(text);
  return new LicenseRepository([licence]);
}

/** @param {string} hash */
function hashesOf(hash) {
  return new HashDictionary([[HashAlgorithm['SHA-256'], hash]]);
}

/** @param {Models.Component} component @param {Models.Component[]} others */
function dependOn(component, others) {
  for (const { bomRef } of others) component.dependencies.add(bomRef);
  return component;
}

/** @param {string} directory */
async function manifestOf(directory) {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
}
