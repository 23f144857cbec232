// Access keys in Secrets Manager. A new version first gets a label of its own. It becomes current only if the version
// that was read still is, which Secrets Manager itself compares.

import { randomUUID } from 'node:crypto';

import { fetchSecrets } from '../../js-shim/keys/key-documents.mjs';
import { currentVersion } from '../../js-shim/keys/secret-replicas.mjs';
import { SecretsManagerError } from '../../js-shim/keys/secrets-manager.mjs';
import { parseDocument } from '../document.mjs';
import { Conflict, Refusal } from './store.mjs';

/** The largest secret, in bytes ("Secrets Manager quotas"). */
const MAX_BYTES = 65_536;

/**
 * @param {object} options
 * @param {import('../../js-shim/keys/secrets-manager.mjs').SecretsManager} options.secretsManager
 * @param {string} options.secretId
 * @param {string} options.region of the primary: a replica is read-only
 * @returns {import('./store.mjs').KeyStore}
 */
export function secretStore({ secretsManager, secretId, region }) {
  const secrets = new Secrets(secretsManager, region);
  return {
    maxBytes: MAX_BYTES,
    source: 'secrets-manager',
    read: async () => {
      const fetched = await fetchSecrets((id) => secrets.current(id), secretId);
      return fetched.map(({ secretId: name, versionId: version, text }) => {
        return { name, document: parseDocument(text, name), version };
      });
    },
    replace: async ({ name, version }, document) => {
      const text = JSON.stringify(document);
      checkSize(name, text);
      await secrets.write(name, text, version);
      if (name !== secretId) await secrets.renew(secretId);
    },
  };
}

/** @param {string} name @param {string} text @throws {Refusal} when a secret can't have it */
function checkSize(name, text) {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return;
  throw new Refusal(
    `${name}: ${bytes} bytes, and a secret may have ${MAX_BYTES}: retire secrets or remove entries in it, ` +
      'or name a further one in furtherSecrets',
  );
}

/** The secrets of one Region. */
class Secrets {
  #secretsManager;
  #region;

  /** @param {import('../../js-shim/keys/secrets-manager.mjs').SecretsManager} secretsManager @param {string} region */
  constructor(secretsManager, region) {
    this.#secretsManager = secretsManager;
    this.#region = region;
  }

  /**
   * The current version of a secret. One that was created without a value contains no keys yet.
   *
   * @param {string} id
   * @returns {Promise<import('../../js-shim/keys/key-documents.mjs').SecretVersion>}
   */
  async current(id) {
    try {
      return await currentVersion(this.#secretsManager, id, this.#region);
    } catch (error) {
      if (!isError(error, 'ResourceNotFoundException')) throw error;
    }
    await this.#call('DescribeSecret', { SecretId: id }).catch(() => {
      throw new Error(`${id}: no such secret in ${this.#region}`);
    });
    return { secretId: id, versionId: '', text: '{}', region: this.#region, createdAt: 0 };
  }

  /**
   * Writes a new version.
   *
   * @param {string} name @param {string} text
   * @param {string} before the version that must be current; empty if there is none
   * @throws {Conflict} when another version is current
   */
  async write(name, text, before) {
    const versionId = randomUUID();
    const label = `oss-edge-${randomUUID()}`;
    const version = { SecretId: name, SecretString: text, ClientRequestToken: versionId, VersionStages: [label] };
    const { VersionStages = [] } = await this.#call('PutSecretValue', version);
    try {
      if (!VersionStages.includes('AWSCURRENT')) await this.#makeCurrent(name, versionId, before);
    } finally {
      // If this fails, the label stays, which does no harm.
      const unlabel = { SecretId: name, VersionStage: label, RemoveFromVersionId: versionId };
      await this.#call('UpdateSecretVersionStage', unlabel).catch(() => {});
    }
  }

  /**
   * Gives a secret a new version with the same text. For an unknown key, the functions look at the version of the first
   * secret only. If somebody else writes a version meanwhile, that is new enough.
   *
   * @param {string} id
   */
  async renew(id) {
    const { versionId, text } = await currentVersion(this.#secretsManager, id, this.#region);
    await this.write(id, text, versionId).catch((error) => {
      if (!(error instanceof Conflict)) throw error;
    });
  }

  /** @param {string} name @param {string} versionId @param {string} before */
  async #makeCurrent(name, versionId, before) {
    const move = { SecretId: name, VersionStage: 'AWSCURRENT', MoveToVersionId: versionId };
    try {
      await this.#call('UpdateSecretVersionStage', before === '' ? move : { ...move, RemoveFromVersionId: before });
    } catch (error) {
      if (isError(error, 'InvalidParameterException')) throw new Conflict(`${name} was changed meanwhile`);
      throw error;
    }
  }

  /** @param {string} action @param {object} input */
  #call(action, input) {
    return this.#secretsManager.call(action, this.#region, input);
  }
}

/** @param {unknown} error @param {string} type */
function isError(error, type) {
  return error instanceof SecretsManagerError && error.type === type;
}
