// The documents of a deployment: the configuration, the access keys and the secrets of the seals.

import { createGate, sealFile } from '../js-shim/core/gate.mjs';
import { readDocument } from './document.mjs';
import { configWarnings } from './config-warnings.mjs';
import { splitDeployment, withEndpoint } from './deployment.mjs';
import { bucketWarnings, keyWarnings } from './key-warnings.mjs';
import { UsageError } from './usage-error.mjs';
import { readDocumentsWasm } from './wasm-file.mjs';

/**
 * @typedef {object} Documents
 * @property {unknown} config
 * @property {unknown} accessKeys undefined if the functions fetch them
 * @property {unknown} [secrets] undefined if the command makes its own
 * @property {unknown} [written] the configuration as in the file, without `deployment`: it may have no endpoint
 * @property {import('./deployment.mjs').Settings} [settings] of the deployment; undefined if the configuration has none
 */

/**
 * Reads and checks the configuration, the access keys if they are bundled, and the secrets if there is a file.
 *
 * @param {import('./document-options.mjs').DocumentFiles} files
 * @param {import('./deployment.mjs').Endpoint} [endpoint] of the API or the relay, if the deployment makes it; by
 *   default a placeholder
 * @returns {Promise<Documents>}
 * @throws {Error} with the field's path and what was expected
 */
export async function readDocuments({ config: configFile, accessKeys: accessKeysFile, secrets: secretsFile, ...more }, endpoint) {
  const { credentialsEndpoint } = more;
  const { config: written, settings } = splitDeployment(await readConfig(configFile, credentialsEndpoint));
  const config = withEndpoint(written, settings, endpoint);
  const fetched = isFromSecretsManager(config);
  if (fetched && accessKeysFile !== undefined) {
    throw new UsageError('--access-keys: expected none, since the configuration has them come from Secrets Manager');
  }
  if (!fetched && accessKeysFile === undefined) throw new UsageError('expected --access-keys FILE');
  const accessKeys = accessKeysFile === undefined ? undefined : await readDocument(accessKeysFile);
  createGate({ wasm: await readDocumentsWasm(), config, accessKeys });
  return {
    config,
    accessKeys,
    secrets: secretsFile === undefined ? undefined : await readSecrets(secretsFile),
    written,
    ...(settings === undefined ? {} : { settings }),
  };
}

/**
 * Reads and checks the secrets of the seals.
 *
 * @param {string} file
 * @returns {Promise<import('./secrets.mjs').Secrets>}
 * @throws {Error} with the field's path and what was expected
 */
export async function readSecrets(file) {
  const secrets = await readDocument(file);
  sealFile(await readDocumentsWasm(), secrets, {});
  return /** @type {import('./secrets.mjs').Secrets} */ (secrets);
}

/**
 * Likely mistakes in the configuration, and in access keys that are bundled.
 *
 * @param {Documents} documents checked
 * @returns {string[]} sentences
 */
export function documentWarnings({ config, accessKeys }) {
  const { buckets } = /** @type {{ buckets: Record<string, unknown> }} */ (config);
  const ofKeys = accessKeys === undefined ? [] : [...keyWarnings([accessKeys]), ...bucketWarnings(accessKeys, buckets)];
  return [...configWarnings(config, accessKeys), ...ofKeys];
}

/** @param {unknown} config possibly of another shape */
export function isFromSecretsManager(config) {
  const { credentials } = /** @type {{ credentials?: { source?: unknown } }} */ (config ?? {});
  return credentials?.source === 'secrets-manager';
}

/** @param {string} file @param {string | undefined} endpoint */
async function readConfig(file, endpoint) {
  const config = /** @type {{ credentials?: object }} */ (await readDocument(file));
  if (endpoint === undefined) return config;
  if (!isFromSecretsManager(config)) {
    throw new UsageError('--credentials-endpoint: expected credentials from Secrets Manager in the configuration');
  }
  return { ...config, credentials: { ...config.credentials, endpoint } };
}
