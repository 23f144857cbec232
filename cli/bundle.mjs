// Makes the deployable functions: checks the documents, bakes them in, zips.

import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { zipSync } from 'fflate';

import { createBakedGate } from '../js-shim/core/bundled-gate.mjs';
import { readDocument } from './document.mjs';
import { bucketWarnings, keyWarnings } from './key-warnings.mjs';
import { UsageError } from './usage-error.mjs';
import { readWasm } from './wasm-file.mjs';

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

/** CloudFront's older and stricter limit for a viewer-request function. */
const MAX_VIEWER_REQUEST_ZIP = 1024 * 1024;

const HERE = fileURLToPath(new URL('.', import.meta.url));

const WASM_NAME = 'oss_edge.wasm';

/** The image of the gate. */
const IMAGE_NAME = 'gate.bin';

/** The first moment that a zip's date can tell, so that the same input gives the same bytes. */
const ZIP_DATE = new Date(1980, 0, 1);

/** How esbuild makes a function of one file. */
export const BUNDLING = /** @type {const} */ ({
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'silent',
});

/**
 * @typedef {object} Documents
 * @property {unknown} config
 * @property {unknown} accessKeys none where the functions fetch them
 */

/**
 * Reads and checks the configuration and, where they are baked in, the access keys.
 *
 * @param {{ config: string, accessKeys?: string, credentialsEndpoint?: string }} given files, and what takes the
 *   place of `credentials.endpoint`
 * @returns {Promise<Documents>}
 * @throws {Error} with the field's path and what was expected
 */
export async function readDocuments(given) {
  const config = await readConfig(given);
  const fetched = isFromSecretsManager(config);
  if (fetched && given.accessKeys !== undefined) {
    throw new UsageError('--access-keys: expected none, since the configuration has them come from Secrets Manager');
  }
  if (!fetched && given.accessKeys === undefined) throw new UsageError('expected --access-keys FILE');
  const accessKeys = given.accessKeys === undefined ? undefined : await readDocument(given.accessKeys);
  const { createGate } = await import('../js-shim/core/gate.mjs');
  createGate({ wasm: await readWasm(), config, accessKeys });
  return { config, accessKeys };
}

/**
 * What is valid in access keys that are to be baked in, and hardly meant.
 *
 * @param {Documents} documents checked
 * @returns {string[]} sentences
 */
export function documentWarnings({ config, accessKeys }) {
  if (accessKeys === undefined) return [];
  const { buckets } = /** @type {{ buckets: Record<string, unknown> }} */ (config);
  return [...keyWarnings([accessKeys]), ...bucketWarnings(accessKeys, buckets)];
}

/** @param {{ config: string, credentialsEndpoint?: string }} given */
async function readConfig({ config: file, credentialsEndpoint: endpoint }) {
  const config = /** @type {{ credentials?: object }} */ (await readDocument(file));
  if (endpoint === undefined) return config;
  if (!isFromSecretsManager(config)) throw new UsageError('--credentials-endpoint: expected credentials from Secrets Manager in the configuration');
  return { ...config, credentials: { ...config.credentials, endpoint } };
}

/** @param {unknown} config possibly of no known shape */
export function isFromSecretsManager(config) {
  const { credentials } = /** @type {{ credentials?: { source?: unknown } }} */ (config ?? {});
  return credentials?.source === 'secrets-manager';
}

/**
 * Writes each function's files to a folder of its name: `index.mjs`, the core where it needs it, and the image of the
 * gate where it decides by one.
 *
 * @param {Documents} documents checked
 * @param {string} outDir
 * @returns {Promise<Map<string, Record<string, Uint8Array>>>} files by function
 */
export async function writeFunctions(documents, outDir) {
  const image = documents.accessKeys === undefined ? undefined : await imageOf(documents);
  const functions = new Map();
  for (const name of FUNCTIONS) {
    const { index, needsCore, needsGate } = await bundleFunction(name, documents);
    /** @type {Record<string, Uint8Array>} */
    const files = { 'index.mjs': index };
    if (needsCore) files[WASM_NAME] = await readWasm(moduleOf(name, image !== undefined));
    if (needsGate && image !== undefined) {
      files[IMAGE_NAME] = image;
      // As the function will when it starts.
      createBakedGate({ wasm: /** @type {Uint8Array<ArrayBuffer>} */ (files[WASM_NAME]), image });
    }
    await mkdir(join(outDir, name), { recursive: true, mode: 0o700 });
    // One of an earlier bundle would hold access keys that nothing needs.
    if (!(IMAGE_NAME in files)) await rm(join(outDir, name, IMAGE_NAME), { force: true });
    for (const [file, bytes] of Object.entries(files)) await writePrivate(join(outDir, name, file), bytes);
    functions.set(name, files);
  }
  return functions;
}

/**
 * Zips the functions next to their folders.
 *
 * @param {Map<string, Record<string, Uint8Array>>} functions
 * @param {string} outDir
 * @returns {Promise<{ file: string, bytes: number }[]>}
 * @throws {Error} when the viewer-request function is too large for CloudFront
 */
export async function writeZips(functions, outDir) {
  const zips = [];
  for (const [name, files] of functions) {
    const zip = zipSync(files, { level: 9, mtime: ZIP_DATE });
    const file = join(outDir, `${name}.zip`);
    await writePrivate(file, zip);
    zips.push({ file, bytes: zip.length });
    if (name === 'viewer-request' && zip.length > MAX_VIEWER_REQUEST_ZIP) {
      throw new Error(`${file}: ${zip.length} bytes, and a viewer-request function may have ${MAX_VIEWER_REQUEST_ZIP}`);
    }
  }
  return zips;
}

/** @param {Documents} documents */
async function imageOf({ config, accessKeys }) {
  const { createGate } = await import('../js-shim/core/gate.mjs');
  return createGate({ wasm: await readWasm(), config, accessKeys }).image();
}

/**
 * The module of the core that a function carries: only the whole one reads documents.
 *
 * @param {string} name @param {boolean} isBaked whether access keys are
 */
function moduleOf(name, isBaked) {
  if (name === 'viewer-request') return isBaked ? 'viewer_request' : 'oss_edge';
  if (name === 'authorizer') return isBaked ? 'authorizer' : 'oss_edge';
  return 'responses';
}

/** @param {string} name @param {Documents} documents */
async function bundleFunction(name, documents) {
  const needed = new Set();
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`functions/${name}.mjs`, import.meta.url))],
    ...BUNDLING,
    // The Lambda runtime has it.
    external: ['@aws-sdk/*'],
    inject: [join(HERE, 'plain-headers.mjs')],
    write: false,
    plugins: [bakedIn(documents, (module) => needed.add(module))],
  });
  return { index: result.outputFiles[0].contents, needsCore: needed.has('wasm'), needsGate: needed.has('gate') };
}

/**
 * The modules `oss-edge:…` that the functions import: each gets what it needs and no more, so that
 * only those that verify signatures hold access keys.
 *
 * @param {Documents} documents @param {(module: string) => void} onLoaded
 * @returns {import('esbuild').Plugin}
 */
function bakedIn({ config, accessKeys }, onLoaded) {
  const { api } = /** @type {{ api?: unknown }} */ (config);
  /** @type {Record<string, string>} */
  const modules = {
    gate: accessKeys === undefined ? gateOfFetchedKeys(config) : BAKED_GATE,
    api: `export const api = ${literal(api)};`,
    wasm: file('wasm', WASM_NAME),
    image: file('image', IMAGE_NAME),
  };
  return {
    name: 'oss-edge',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^oss-edge:/ }, ({ path }) => ({ path: path.slice('oss-edge:'.length), namespace: 'oss-edge' }));
      onLoad({ filter: /.*/, namespace: 'oss-edge' }, ({ path }) => {
        onLoaded(path);
        return { contents: modules[path], loader: 'js', resolveDir: HERE };
      });
    },
  };
}

const BAKED_GATE = `
  import { image } from 'oss-edge:image';
  import { wasm } from 'oss-edge:wasm';
  import { createBakedGate } from '../js-shim/core/bundled-gate.mjs';
  export const gate = createBakedGate({ wasm, image });
  export const createKeys = () => undefined;`;

/** A gate that reads documents when they come. @param {unknown} config */
function gateOfFetchedKeys(config) {
  const { credentials } = /** @type {{ credentials?: unknown }} */ (config);
  return `
    import { wasm } from 'oss-edge:wasm';
    import { createGate } from '../js-shim/core/gate.mjs';
    import { createSecretsManagerKeys } from '../js-shim/keys/secrets-manager-keys.mjs';
    const credentials = ${literal(credentials)};
    export const gate = createGate({ wasm, config: ${literal(config)} });
    export const createKeys = (parts) => createSecretsManagerKeys({ useDocuments: gate.useAccessKeys, ...parts, credentials });`;
}

/** A file beside `index.mjs`, as it is loaded with it. @param {string} name @param {string} file */
function file(name, file) {
  return `import { readFileSync } from 'node:fs'; export const ${name} = readFileSync(new URL('${file}', import.meta.url));`;
}

/**
 * A value as JavaScript. JSON.parse keeps a name like `__proto__` a name.
 *
 * @param {unknown} value
 */
function literal(value) {
  return value === undefined ? 'undefined' : `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
}

/**
 * For the owner only, also where the file was there before: it may hold access keys.
 *
 * @param {string} file @param {Uint8Array} bytes
 */
async function writePrivate(file, bytes) {
  await writeFile(file, '', { mode: 0o600 });
  await chmod(file, 0o600);
  await writeFile(file, bytes);
}
