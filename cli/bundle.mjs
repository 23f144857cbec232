// Makes the Lambda functions: one folder each, with index.mjs and what it reads.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { behaviorOf, decidingFunction } from '../deploy/distribution.mjs';
import { createBundledGate } from '../js-shim/core/bundled-gate.mjs';
import { createGate, sealFile } from '../js-shim/core/gate.mjs';
import { noticesOf } from './notices.mjs';
import { writePrivate } from './private-file.mjs';
import { readDocumentsWasm, readWasm } from './wasm-file.mjs';

/** The functions behind API Gateway. */
const AT_THE_API = /** @type {const} */ (['authorizer', 'initiate', 'complete', 'list-parts']);

/**
 * @typedef {import('../deploy/distribution.mjs').EdgeFunction | typeof AT_THE_API[number] | 'head-object' | 'relay'}
 *   FunctionName the name of its zip
 */

/** The functions behind the edge that verify signatures. Like the deciding edge function, they need access keys. */
const VERIFIERS = ['authorizer', 'relay'];

/** The functions that need both modules if they fetch access keys: the smaller one translates errors, and seals. */
const WITH_BOTH_MODULES = ['relay'];

/** The seals that each function makes or verifies. It gets no other keys. */
const SEALS = /** @type {Record<string, { uploadIds?: boolean, handOver?: boolean } | undefined>} */ ({
  'viewer-request': { uploadIds: true, handOver: true },
  'origin-request': { handOver: true },
  authorizer: { uploadIds: true },
  initiate: { uploadIds: true },
  relay: { uploadIds: true },
});

/** The seals of origin-request where it decides: nothing is handed over at the edge. */
const SEALS_OF_ONE_FUNCTION = { uploadIds: true };

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export const GATE_FILE = 'gate.bin';
const SEAL_FILE = 'seal.bin';
const NOTICES_FILE = 'THIRD-PARTY-NOTICES.txt';

/** esbuild's options for bundling a function into one file. */
export const BUNDLING = /** @type {const} */ ({
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'silent',
});

/** Not bundled, because Lambda's runtime provides it. The relay, which also runs elsewhere, bundles it. */
const PROVIDED = ['@aws-sdk/*'];

const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** @typedef {import('./documents.mjs').Documents} Documents */
/** @typedef {Record<string, Uint8Array>} Files by name */

/**
 * The functions of a configuration: the edge functions with those of the API or with the relay, or the relay alone.
 *
 * @param {Documents} documents
 * @returns {FunctionName[]}
 */
export function functionsOf({ config }) {
  const { entrance, relay, headObject } = /** @type {Record<string, unknown>} */ (config);
  if (entrance === 'relay') return ['relay'];
  const atTheEdge = behaviorOf(/** @type {any} */ (config)).triggers.map(({ event }) => event);
  if (relay !== undefined) return [...atTheEdge, 'relay'];
  return headObject === 'served' ? [...atTheEdge, ...AT_THE_API, 'head-object'] : [...atTheEdge, ...AT_THE_API];
}

/**
 * Writes each function's files to a folder of its name.
 *
 * @param {Documents} documents checked, with secrets
 * @param {string} outDir
 * @param {{ sboms?: boolean }} [options] whether to write a software bill of materials beside each folder
 * @returns {Promise<Map<string, Files>>} files by function
 */
export async function writeFunctions(documents, outDir, { sboms = false } = {}) {
  const gate = documents.accessKeys === undefined ? undefined : await gateFile(documents);
  const functions = new Map();
  for (const name of functionsOf(documents)) {
    const { files, inputs, module } = await filesOf(name, documents, gate);
    await writeFiles(join(outDir, name), files);
    if (sboms) {
      const { writeSbom } = await import('./sbom.mjs');
      await writeSbom(join(outDir, `${name}.cdx.json`), { name, files, inputs, root: ROOT, module });
    }
    functions.set(name, files);
  }
  return functions;
}

/**
 * @param {FunctionName} name
 * @param {Documents} documents
 * @param {Uint8Array | undefined} gate undefined if the functions fetch the access keys
 * @returns {Promise<{ files: Files, inputs: string[], module: 'oss_edge' | 'oss_edge_documents' }>} with the files that
 *   index.mjs was made of
 */
async function filesOf(name, documents, gate) {
  const decidedBy = decidingFunction(/** @type {any} */ (documents.config));
  const isOneFunction = name === 'origin-request' && name === decidedBy;
  const verifies = name === decidedBy || VERIFIERS.includes(name);
  const fetches = verifies && gate === undefined;
  const module = fetches ? 'oss_edge_documents' : 'oss_edge';
  const seals = isOneFunction ? SEALS_OF_ONE_FUNCTION : SEALS[name];
  const entry = isOneFunction ? 'one-function' : name;
  const { index, inputs } = await bundled(fetches ? `${entry}-fetching-keys` : entry, documents);
  const files = {
    'index.mjs': index,
    [`${module}.wasm`]: await (fetches ? readDocumentsWasm() : readWasm()),
    ...(fetches && WITH_BOTH_MODULES.includes(name) ? { 'oss_edge.wasm': await readWasm() } : {}),
    ...(verifies && gate ? { [GATE_FILE]: gate } : {}),
    ...(seals ? { [SEAL_FILE]: sealFile(await readDocumentsWasm(), documents.secrets, seals) } : {}),
    [NOTICES_FILE]: Buffer.from(await noticesOf({ inputs, root: ROOT, module })),
  };
  return { files, inputs, module };
}

/**
 * The contents of gate.bin: both documents, checked.
 *
 * @param {Documents} documents
 */
async function gateFile({ config, accessKeys, secrets }) {
  const wasm = await readDocumentsWasm();
  const bytes = createGate({ wasm, config, accessKeys }).toBytes();
  // Make sure that the functions will be able to read it when they start.
  createBundledGate({ wasm: await readWasm(), bytes, seal: sealFile(wasm, secrets, { uploadIds: true }) });
  return bytes;
}

/**
 * Bundles one of functions/ with all that it imports. The first line has the parts of the configuration that it reads;
 * the rest is the same for everybody who bundles this release.
 *
 * @param {string} entry
 * @param {Documents} documents
 * @returns {Promise<{ index: Uint8Array, inputs: string[] }>} `inputs` are files, relative to the package
 */
async function bundled(entry, { config }) {
  const isRelay = entry.startsWith('relay');
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, 'cli', 'functions', `${entry}.mjs`)],
    absWorkingDir: ROOT,
    ...BUNDLING,
    inject: isRelay ? [] : [join(ROOT, 'cli', 'plain-headers.mjs')],
    external: isRelay ? [] : PROVIDED,
    // Take the AWS SDK's ES modules: its CommonJS files call `require`, which a module doesn't have.
    mainFields: ['module', 'main'],
    // proxy-protocol-js loads a module of Node with `require`.
    ...(isRelay ? { banner: { js: REQUIRE } } : {}),
    // The relay's size doesn't matter, but its stack traces should be readable.
    minify: !isRelay,
    metafile: true,
    write: false,
  });
  const code = outputFiles[0].text;
  const settings = Object.entries(settingsOf(config)).filter(([name]) => code.includes(name));
  const line = settings.map(([name, value]) => `const ${name}=${JSON.stringify(JSON.stringify(value))};`).join('');
  const [{ inputs }] = Object.values(metafile.outputs);
  return { index: Buffer.from(`${line}\n${code}`), inputs: Object.keys(inputs) };
}

/**
 * The parts of the configuration that functions have in their first line, by their names there.
 *
 * @param {any} config
 * @returns {Record<string, unknown>}
 */
export function settingsOf(config) {
  const { api, relay, headers, entrance, listener = {} } = config;
  return {
    OSS_EDGE_CONFIG: config,
    OSS_EDGE_ENDPOINTS: { api, relay },
    OSS_EDGE_LISTENER: entrance === 'relay' ? listener : null,
    OSS_EDGE_STORAGE_CLASSES: headers?.storageClasses ?? {},
  };
}

/** @param {string} directory @param {Files} files */
async function writeFiles(directory, files) {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Remove files of an earlier bundle: a gate.bin would contain access keys that aren't needed any more.
  for (const file of [GATE_FILE, SEAL_FILE, 'oss_edge.wasm', 'oss_edge_documents.wasm']) {
    if (!(file in files)) await rm(join(directory, file), { force: true });
  }
  for (const [file, bytes] of Object.entries(files)) await writePrivate(join(directory, file), bytes);
}
