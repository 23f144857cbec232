// Makes the Lambda functions: one folder each, with index.mjs and what it reads.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { createBundledGate } from '../js-shim/core/bundled-gate.mjs';
import { createGate } from '../js-shim/core/gate.mjs';
import { noticesOf } from './notices.mjs';
import { writePrivate } from './private-file.mjs';
import { readDocumentsWasm, readWasm } from './wasm-file.mjs';

/** The functions, by the name of their zip. */
export const FUNCTIONS = /** @type {const} */ ([
  'viewer-request',
  'origin-request',
  'origin-response',
  'authorizer',
  'initiate',
  'complete',
  'list-parts',
]);

/** Those that verify signatures, and so need access keys. */
const VERIFIERS = ['viewer-request', 'authorizer'];

/** Those that don't call the core. */
const WITHOUT_CORE = ['origin-request'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const GATE_FILE = 'gate.bin';
const NOTICES_FILE = 'THIRD-PARTY-NOTICES.txt';

/** How esbuild makes one file of a function. */
export const BUNDLING = /** @type {const} */ ({
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'silent',
});

/** @typedef {import('./documents.mjs').Documents} Documents */
/** @typedef {Record<string, Uint8Array>} Files by name */

/**
 * Writes each function's files to a folder of its name.
 *
 * @param {Documents} documents checked
 * @param {string} outDir
 * @returns {Promise<Map<string, Files>>} files by function
 */
export async function writeFunctions(documents, outDir) {
  const gate = documents.accessKeys === undefined ? undefined : await gateFile(documents);
  const functions = new Map();
  for (const name of FUNCTIONS) {
    const files = await filesOf(name, documents, gate);
    await writeFiles(join(outDir, name), files);
    functions.set(name, files);
  }
  return functions;
}

/**
 * @param {typeof FUNCTIONS[number]} name
 * @param {Documents} documents
 * @param {Uint8Array | undefined} gate undefined if the functions fetch the access keys
 * @returns {Promise<Files>}
 */
async function filesOf(name, documents, gate) {
  const verifies = VERIFIERS.includes(name);
  const fetches = verifies && gate === undefined;
  const module = WITHOUT_CORE.includes(name) ? undefined : fetches ? 'oss_edge_documents' : 'oss_edge';
  const { index, inputs } = await bundled(fetches ? `${name}-fetching-keys` : name, documents);
  return {
    'index.mjs': index,
    ...(module === undefined ? {} : { [`${module}.wasm`]: await (fetches ? readDocumentsWasm() : readWasm()) }),
    ...(verifies && gate ? { [GATE_FILE]: gate } : {}),
    [NOTICES_FILE]: Buffer.from(await noticesOf({ inputs, root: ROOT, module })),
  };
}

/**
 * The contents of gate.bin: both documents, checked.
 *
 * @param {Documents} documents
 */
async function gateFile({ config, accessKeys }) {
  const bytes = createGate({ wasm: await readDocumentsWasm(), config, accessKeys }).toBytes();
  // The functions will read it when they start, so make sure that it can be read.
  createBundledGate({ wasm: await readWasm(), bytes });
  return bytes;
}

/**
 * One of functions/ with all that it imports.
 *
 * @param {string} entry
 * @param {Documents} documents
 * @returns {Promise<{ index: Uint8Array, inputs: string[] }>} `inputs` are files, relative to the package
 */
async function bundled(entry, { config }) {
  const { api = null } = /** @type {{ api?: unknown }} */ (config);
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, 'cli', 'functions', `${entry}.mjs`)],
    absWorkingDir: ROOT,
    ...BUNDLING,
    define: {
      OSS_EDGE_CONFIG: JSON.stringify(JSON.stringify(config)),
      OSS_EDGE_API: JSON.stringify(JSON.stringify(api)),
    },
    inject: [join(ROOT, 'cli', 'plain-headers.mjs')],
    // Lambda's runtime provides it.
    external: ['@aws-sdk/*'],
    metafile: true,
    write: false,
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  return { index: outputFiles[0].contents, inputs: Object.keys(inputs) };
}

/** @param {string} directory @param {Files} files */
async function writeFiles(directory, files) {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A gate.bin of an earlier bundle would hold access keys that nothing needs.
  for (const file of [GATE_FILE, 'oss_edge.wasm', 'oss_edge_documents.wasm']) {
    if (!(file in files)) await rm(join(directory, file), { force: true });
  }
  for (const [file, bytes] of Object.entries(files)) await writePrivate(join(directory, file), bytes);
}
