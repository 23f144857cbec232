// Runs a keys command on a file or a secret, and prints its result.

import { createSecretsManager } from '../../js-shim/keys/secrets-manager.mjs';
import { UsageError } from '../usage-error.mjs';
import { readDocumentsWasm } from '../wasm-file.mjs';
import { awsCredentials } from './aws-credentials.mjs';
import { documentCheck } from './check.mjs';
import { fileStore } from './file-store.mjs';
import { secretStore } from './secret-store.mjs';
import { Refusal } from './store.mjs';

/**
 * @typedef {object} Context what a command works with
 * @property {Record<string, any>} options of the command line
 * @property {import('./store.mjs').KeyStore} store
 * @property {Uint8Array<ArrayBuffer>} wasm
 * @property {number} now milliseconds since the epoch
 * @property {(stored: import('./store.mjs').Stored[]) => void} check
 *
 * @typedef {(context: Context) => Promise<{ json: unknown, text: string } | undefined>} Run
 */

/**
 * @param {Record<string, any>} options
 * @param {Run} run
 * @returns {Promise<number>} the exit status: 1 when something was refused
 * @throws {Error} when the options aren't understood or a file can't be read
 */
export async function runOnStore(options, run) {
  const { store, close } = storeOf(options);
  try {
    const wasm = await readDocumentsWasm();
    const result = await run({ options, store, wasm, now: Date.now(), check: documentCheck(wasm, store.source) });
    if (result) process.stdout.write(options.json ? `${JSON.stringify(result.json)}\n` : `${result.text}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`oss-edge: ${error.message}\n`);
    return 1;
  } finally {
    close();
  }
}

/** @param {Record<string, any>} options */
function storeOf({
  file,
  secret,
  region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION,
  profile,
  endpoint,
}) {
  if ((file === undefined) === (secret === undefined)) {
    throw new UsageError('expected either --file FILE or --secret ID');
  }
  if (file !== undefined) return { store: fileStore(file), close: () => {} };
  if (!region) throw new UsageError("expected --region, the Region of the secret's primary");
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw new UsageError('--endpoint: expected a URL');
  const secretsManager = createSecretsManager({ endpoint, credentials: awsCredentials(profile) });
  return { store: secretStore({ secretsManager, secretId: secret, region }), close: secretsManager.close };
}
