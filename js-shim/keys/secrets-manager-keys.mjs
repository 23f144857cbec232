// Access keys from Secrets Manager, for `"source": "secrets-manager"` in `credentials`.

import { writeLogLine } from '../log.mjs';
import { fetchKeyDocuments } from './key-documents.mjs';
import { FETCH_MILLISECONDS, KeySource } from './key-source.mjs';
import { nearestFirst } from './region-order.mjs';
import { fetchFromReplicas } from './secret-replicas.mjs';
import { createSecretsManager } from './secrets-manager.mjs';

/**
 * @typedef {import('./key-documents.mjs').Extent} Extent
 * @typedef {import('./key-documents.mjs').KeyDocuments} KeyDocuments
 * @typedef {import('./key-documents.mjs').SecretVersion} SecretVersion
 * @typedef {() => Promise<import('./secrets-manager.mjs').AwsCredentials>} OtherCredentials
 *
 * @typedef {object} Credentials `credentials` of config.json, checked
 * @property {string} secretId
 * @property {string[]} regions
 * @property {number} [refreshSeconds]
 * @property {number} [maxStaleSeconds]
 * @property {string} [endpoint]
 */

/**
 * @param {object} options
 * @param {string} options.name the function's name, for the log
 * @param {Pick<import('../core/gate.mjs').ChangeableKeys, 'useAccessKeys'>} options.gate gets the access keys
 * @param {Credentials} options.credentials
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @param {NodeJS.ProcessEnv} [options.env] with AWS credentials for Secrets Manager
 * @param {OtherCredentials} [options.otherCredentials] used if the environment has no credentials
 * @param {number} [options.fetchMilliseconds]
 * @returns {import('./key-source.mjs').KeySource}
 */
export function createSecretsManagerKeys({
  name,
  gate,
  credentials: { secretId, regions, refreshSeconds = 300, maxStaleSeconds = 86_400, endpoint },
  now = Date.now,
  log = writeLogLine,
  env = process.env,
  otherCredentials,
  fetchMilliseconds = FETCH_MILLISECONDS,
}) {
  const known = new Map();
  const fetchDocuments = (/** @type {AbortSignal} */ signal, /** @type {Extent} */ extent) =>
    fetchAccessKeys(
      { secretId, regions, endpoint },
      { env, otherCredentials, milliseconds: fetchMilliseconds, signal, known, extent },
    );
  return new KeySource({
    name,
    fetchDocuments,
    useDocuments: gate.useAccessKeys,
    refreshSeconds,
    maxStaleSeconds,
    now,
    log,
  });
}

/**
 * Fetches the documents.
 *
 * @param {Credentials} credentials
 * @param {{ env?: NodeJS.ProcessEnv, otherCredentials?: OtherCredentials, milliseconds?: number, signal?: AbortSignal,
 *   known?: Map<string, SecretVersion>, extent?: Extent }} [options]
 * @returns {Promise<KeyDocuments | undefined>} as `fetchKeyDocuments` returns
 * @throws {Error} when no Region answers in time
 */
export async function fetchAccessKeys(
  { secretId, regions, endpoint },
  { env = process.env, otherCredentials, milliseconds = FETCH_MILLISECONDS, signal, known, extent } = {},
) {
  const others = env.AWS_ACCESS_KEY_ID ? undefined : otherCredentials;
  const secretsManager = createSecretsManager({ endpoint, env, ...(others ? { credentials: others } : {}) });
  const order = nearestFirst(regions, env.AWS_REGION);
  try {
    const fetchSecret = fetchFromReplicas({ secretsManager, regions: order, milliseconds, signal, known });
    return await fetchKeyDocuments(fetchSecret, secretId, known, extent);
  } finally {
    secretsManager.close();
  }
}
