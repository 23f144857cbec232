// oss-edge keys: the operator's commands.

import { parseArgs } from 'node:util';

import { createSecretsManager } from '../../js-shim/keys/secrets-manager.mjs';
import { UsageError } from '../usage-error.mjs';
import { readWasm } from '../wasm-file.mjs';
import { documentCheck } from './check.mjs';
import { COMMANDS } from './commands.mjs';
import { fileStore } from './file-store.mjs';
import { HELP } from './help.mjs';
import { secretStore } from './secret-store.mjs';
import { Refusal } from './store.mjs';

/** @type {Record<string, { type: 'string' | 'boolean', multiple?: boolean }>} */
const COMMON = {
  file: { type: 'string' },
  secret: { type: 'string' },
  region: { type: 'string' },
  endpoint: { type: 'string' },
  json: { type: 'boolean' },
};

/**
 * @param {string[]} args after `keys`
 * @param {() => number} [now] milliseconds since the epoch
 * @returns {Promise<number>} the exit status: 1 when something was refused
 * @throws {Error} when the command line or a file can't be read
 */
export async function keys([name = '', ...args], now = Date.now) {
  if (['', 'help', '--help', '-h'].includes(name) || args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return name === '' ? 2 : 0;
  }
  if (!Object.hasOwn(COMMANDS, name)) throw new UsageError(`unknown command \`keys ${name}\``);
  const command = COMMANDS[name];
  const values = valuesOf(args, { ...COMMON, ...command.options });
  const missing = command.required.find((option) => values[option] === undefined);
  if (missing) throw new UsageError(`keys ${name}: expected --${missing}`);
  const { store, close } = storeOf(values);
  try {
    const wasm = await readWasm();
    const result = await command.run({ values, store, wasm, now: now(), check: documentCheck(wasm, store.source) });
    if (result) process.stdout.write(values.json ? `${JSON.stringify(result.json)}\n` : `${result.text}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`oss-edge: ${error.message}\n`);
    return 1;
  } finally {
    close();
  }
}

/** @param {string[]} args @param {Record<string, { type: 'string' | 'boolean', multiple?: boolean }>} options @returns {Record<string, any>} */
function valuesOf(args, options) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @param {Record<string, any>} values */
function storeOf({ file, secret, region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION, endpoint }) {
  if ((file === undefined) === (secret === undefined)) throw new UsageError('expected either --file FILE or --secret ID');
  if (file !== undefined) return { store: fileStore(file), close: () => {} };
  if (!region) throw new UsageError("expected --region, the Region of the secret's primary");
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw new UsageError('--endpoint: expected a URL');
  const secretsManager = createSecretsManager({ endpoint });
  return { store: secretStore({ secretsManager, secretId: secret, region }), close: secretsManager.close };
}
