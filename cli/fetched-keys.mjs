// Fetches the present access keys, for commands that decide on requests.

import { fetchAccessKeys } from '../js-shim/keys/secrets-manager-keys.mjs';
import { parseDocument } from './document.mjs';
import { isFromSecretsManager } from './documents.mjs';
import { awsCredentials } from './keys/aws-credentials.mjs';

/** Longer than a function has: a profile may ask somebody else for credentials. */
const FETCH_MILLISECONDS = 15_000;

/**
 * @param {import('./documents.mjs').Documents} documents checked
 * @returns {Promise<import('./documents.mjs').Documents>} with the access keys, fetched if they are in Secrets Manager
 */
export async function withFetchedKeys(documents) {
  if (!isFromSecretsManager(documents.config)) return documents;
  const { credentials, ...config } =
    /** @type {{ credentials: import('../js-shim/keys/secrets-manager-keys.mjs').Credentials }} */ (documents.config);
  const otherCredentials = awsCredentials(undefined);
  const fetched = await fetchAccessKeys(credentials, { otherCredentials, milliseconds: FETCH_MILLISECONDS });
  const [first = '', ...further] = fetched?.documents() ?? [];
  const { furtherSecrets: _, ...document } = Object(parseDocument(first, credentials.secretId));
  return { ...documents, config, accessKeys: [document, ...further] };
}
