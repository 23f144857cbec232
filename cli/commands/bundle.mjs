// oss-edge bundle

import { mkdir } from 'node:fs/promises';

import { action } from '../action.mjs';
import { addDocumentOptions, addSecretsOption, documentFiles } from '../document-options.mjs';
import { endpointOf } from '../endpoint-option.mjs';
import { codeHash, sha256 } from '../hashes.mjs';
import { UsageError } from '../usage-error.mjs';

const DESCRIPTION = `Check the configuration, the access keys and the secrets, and make a zip of each Lambda function:
viewer-request, origin-request, origin-response, authorizer, initiate, complete, list-parts, and
head-object where "headObject" is "served"; with a relay in the configuration the first three, and relay.
With "triggers" "origin-request" there is no viewer-request, and origin-request.zip does its work.

viewer-request.zip (or that origin-request.zip), authorizer.zip and relay.zip contain the access keys, unless the functions fetch
them from Secrets Manager. All zips but origin-response.zip, complete.zip, list-parts.zip and
head-object.zip contain keys that are derived from the secrets. The files are readable by their owner only.

Beside each zip is NAME.cdx.json, a software bill of materials in CycloneDX's format. What is printed has the SHA-256 of
each function's code (index.mjs without its first line, which has the configuration) and of the WebAssembly: both are the
same for everybody who bundles the same release. The last line is the bundle's hash, over all zips, by which \`oss-edge
deploy\` and the templates name it.`;

/** @param {import('commander').Command} program */
export function addBundle(program) {
  addSecretsOption(addDocumentOptions(program.command('bundle')), 'required')
    .summary('check the documents and make a zip of each function')
    .description(DESCRIPTION)
    .option('--out <dir>', 'where to write', 'dist')
    .option('--endpoint <url>', 'the API or the relay, where `deployment` in the configuration makes it')
    .option('--json', 'print a JSON line for each function')
    .option('--allow-weak-secrets', 'take access keys whose secrets are short, repetitive or published: for tests only')
    .action(action(bundle));
}

/** @param {any} config */
function leadsNowhere({ api, relay }) {
  return (api ?? relay)?.domain.endsWith('.invalid') ?? false;
}

/** @param {any} options */
async function bundle({ out, json, allowWeakSecrets, endpoint: endpointUrl, ...options }) {
  const { writeFunctions } = await import('../bundle.mjs');
  const { readRelease } = await import('../deploy/release.mjs');
  const { documentWarnings, readDocuments } = await import('../documents.mjs');
  const { writeWarnings } = await import('../key-warnings.mjs');
  const { weakSecret } = await import('../weak-secrets.mjs');
  const { writeZips } = await import('../zip.mjs');
  const endpoint = endpointOf(endpointUrl);
  const documents = await readDocuments(documentFiles(options), endpoint);
  if (endpoint === undefined && documents.settings !== undefined && leadsNowhere(documents.config)) {
    throw new UsageError(
      'expected --endpoint URL of what the deployment made behind the edge; `oss-edge deploy` bundles by itself',
    );
  }
  const weak = allowWeakSecrets || !documents.accessKeys ? undefined : weakSecret([documents.accessKeys]);
  if (weak) throw new Error(`access keys: ${weak}`);
  if (documents.secrets === undefined) {
    throw new UsageError('expected --secrets FILE: make one with `oss-edge secrets new --out FILE`');
  }
  writeWarnings(documentWarnings(documents));
  await mkdir(out, { recursive: true, mode: 0o700 });
  const functions = await writeFunctions(documents, out, { sboms: true });
  const zips = await writeZips(functions, out);
  const bundled = [...functions].map(([name, files], index) => ({ function: name, ...zips[index], ...hashesOf(files) }));
  const { hash } = await readRelease(documents, out);
  const text = json ? bundled.map((one) => `${JSON.stringify(one)}\n`).join('') : textOf(bundled);
  process.stdout.write(json ? text : `${text}bundle  sha256 ${hash}\n`);
  return 0;
}

/** @param {import('../bundle.mjs').Files} files @returns {{ codeSha256: string, modules: Record<string, string> }} SHA-256 */
function hashesOf(files) {
  const modules = Object.entries(files).filter(([name]) => name.endsWith('.wasm'));
  const hashes = modules.map(([name, bytes]) => [name, sha256(bytes)]);
  return { codeSha256: codeHash(files['index.mjs']), modules: Object.fromEntries(hashes) };
}

/** @param {{ file: string, bytes: number, codeSha256: string, modules: Record<string, string> }[]} bundled */
function textOf(bundled) {
  const zips = bundled.map(
    ({ file, bytes, codeSha256 }) => `${file}  ${(bytes / 1024).toFixed(1)} KB  code sha256 ${codeSha256}\n`,
  );
  const modules = Object.assign({}, ...bundled.map((one) => one.modules));
  const lines = Object.entries(modules).map(([name, hash]) => `${name}  sha256 ${hash}\n`);
  return [...zips, ...lines].join('');
}
