// The options that name the documents.

import { UsageError } from './usage-error.mjs';

/**
 * @typedef {object} DocumentFiles
 * @property {string} config
 * @property {string} [accessKeys]
 * @property {string} [secrets]
 * @property {string} [credentialsEndpoint] replaces `credentials.endpoint` of the configuration
 */

/** @param {import('commander').Command} command */
export function addDocumentOptions(command) {
  return command
    .option('--config <file>', 'the configuration (required)')
    .option('--access-keys <file>', 'the access keys; leave it out if the configuration names Secrets Manager');
}

/** @param {import('commander').Command} command @param {string} otherwise what happens without it */
export function addSecretsOption(command, otherwise) {
  return command.option('--secrets <file>', `the secrets of the seals, made by \`oss-edge secrets new\` (${otherwise})`);
}

/** @param {import('commander').Command} command */
export function addEndpointOption(command) {
  return command.option('--credentials-endpoint <url>', "Secrets Manager's endpoint, in place of the configuration's");
}

/**
 * @param {Partial<DocumentFiles>} options
 * @returns {DocumentFiles}
 * @throws {UsageError} when --config is missing
 */
export function documentFiles({ config, accessKeys, secrets, credentialsEndpoint }) {
  if (config === undefined) throw new UsageError('expected --config FILE');
  return { config, accessKeys, secrets, credentialsEndpoint };
}
