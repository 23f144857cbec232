// Access keys in Secrets Manager. A new version gets a label of its own first. It then becomes current only
// if the version that was read still is, which Secrets Manager itself compares.

import { randomUUID } from 'node:crypto';

import { parseDocument } from '../document.mjs';
import { fetchSecrets } from '../../js-shim/keys/key-documents.mjs';
import { currentVersion } from '../../js-shim/keys/secret-replicas.mjs';
import { SecretsManagerError } from '../../js-shim/keys/secrets-manager.mjs';
import { Conflict, Refusal } from './store.mjs';

/** The size of a secret ("Secrets Manager quotas"). */
const MAX_BYTES = 65_536;

/**
 * @param {object} options
 * @param {import('../../js-shim/keys/secrets-manager.mjs').SecretsManager} options.secretsManager
 * @param {string} options.secretId
 * @param {string} options.region of the primary: a replica is read-only
 * @returns {import('./store.mjs').KeyStore}
 */
export function secretStore({ secretsManager, secretId, region }) {
  /** @param {string} action @param {Record<string, unknown>} input */
  const call = (action, input) => secretsManager.call(action, region, input);

  return {
    maxBytes: MAX_BYTES,
    source: 'secrets-manager',
    read: async () => {
      const fetchSecret = (/** @type {string} */ id) =>
        currentVersion(secretsManager, id, region).catch((error) => missing(id, error));
      const fetched = await fetchSecrets(fetchSecret, secretId);
      return fetched.map(({ secretId: name, versionId, text }) => ({
        name,
        document: parseDocument(text, name),
        version: versionId,
      }));
    },
    replace: async ({ name, version }, document) => {
      const SecretString = JSON.stringify(document);
      const bytes = Buffer.byteLength(SecretString);
      if (bytes > MAX_BYTES)
        throw new Refusal(
          `${name}: ${bytes} bytes, and a secret may have ${MAX_BYTES}: retire secrets or remove entries in it, ` +
            'or name a further one in furtherSecrets',
        );
      await write(name, SecretString, version);
      if (name !== secretId) await renewFirst();
    },
  };

  /** @param {string} name @param {string} SecretString @param {string} before the version that must be current */
  async function write(name, SecretString, before) {
    const written = { name, versionId: randomUUID(), label: `oss-edge-${randomUUID()}` };
    const put = { SecretId: name, SecretString, ClientRequestToken: written.versionId, VersionStages: [written.label] };
    const { VersionStages = [] } = await call('PutSecretValue', put);
    try {
      if (!VersionStages.includes('AWSCURRENT')) await makeCurrent(written, before);
    } finally {
      // If this fails, the label stays, and does no harm.
      await call('UpdateSecretVersionStage', {
        SecretId: name,
        VersionStage: written.label,
        RemoveFromVersionId: written.versionId,
      }).catch(() => {});
    }
  }

  /**
   * Gives the first secret a new version with the same text. For an unknown key the functions look at the
   * version of that secret only. If somebody else writes one meanwhile, that is new enough.
   */
  async function renewFirst() {
    const { versionId, text } = await currentVersion(secretsManager, secretId, region);
    await write(secretId, text, versionId).catch((error) => {
      if (!(error instanceof Conflict)) throw error;
    });
  }

  /** @param {{ name: string, versionId: string }} written @param {string} before the version that must be current */
  async function makeCurrent({ name, versionId }, before) {
    const move = { SecretId: name, VersionStage: 'AWSCURRENT', MoveToVersionId: versionId };
    try {
      await call('UpdateSecretVersionStage', before === '' ? move : { ...move, RemoveFromVersionId: before });
    } catch (error) {
      if (error instanceof SecretsManagerError && error.type === 'InvalidParameterException')
        throw new Conflict(`${name} was changed meanwhile`);
      throw error;
    }
  }

  /**
   * A secret that was created without a value contains no keys yet.
   *
   * @param {string} id @param {unknown} error
   * @returns {Promise<import('../../js-shim/keys/key-documents.mjs').SecretVersion>}
   */
  async function missing(id, error) {
    if (!(error instanceof SecretsManagerError) || error.type !== 'ResourceNotFoundException') throw error;
    const exists = await call('DescribeSecret', { SecretId: id }).then(
      () => true,
      () => false,
    );
    if (!exists) throw new Error(`${id}: no such secret in ${region}`);
    return { secretId: id, versionId: '', text: '{}', region, createdAt: 0 };
  }
}
