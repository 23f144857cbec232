// Fetches a secret's current version from the nearest Region that answers in time.

import { setMaxListeners } from 'node:events';

/** How many Regions are tried for one secret. There is no time for more. */
const MAX_REGIONS = 3;

/**
 * Fetches secrets within a time limit. Each Region gets an equal share of the time that is left. The
 * Region that answered is asked first for the next secret.
 *
 * @param {object} options
 * @param {import('./secrets-manager.mjs').SecretsManager} options.secretsManager
 * @param {readonly string[]} options.regions nearest first
 * @param {number} options.milliseconds for all secrets together
 * @param {AbortSignal} [options.signal]
 * @param {Map<string, import('./key-documents.mjs').SecretVersion>} [options.known] the versions of the last fetch, by
 *   secret id
 * @returns {import('./key-documents.mjs').FetchSecret}
 */
export function fetchFromReplicas({ secretsManager, regions, milliseconds, signal, known }) {
  const end = Date.now() + milliseconds;
  // Each secret that is fetched adds a listener.
  if (signal) setMaxListeners(0, signal);
  let order = regions.slice(0, MAX_REGIONS);
  return async (secretId) => {
    /** @type {string[]} */
    const failures = [];
    for (const [tried, region] of order.entries()) {
      const share = Math.max(0, end - Date.now()) / (order.length - tried);
      try {
        const version = await within(share, signal, (limit) => currentVersion(secretsManager, secretId, region, limit));
        refuseOutdated(version, known?.get(secretId));
        order = [region, ...order.filter((other) => other !== region)];
        return version;
      } catch (error) {
        failures.push(`${region}: ${reasonOf(error)}`);
      }
    }
    throw new Error(`${secretId}: ${failures.join(', ')}`);
  };
}

/**
 * @param {import('./secrets-manager.mjs').SecretsManager} secretsManager
 * @param {string} secretId @param {string} region @param {AbortSignal} [signal]
 * @returns {Promise<import('./key-documents.mjs').SecretVersion>}
 */
export async function currentVersion(secretsManager, secretId, region, signal) {
  const input = { SecretId: inRegion(secretId, region), VersionStage: 'AWSCURRENT' };
  const answer = await secretsManager.call('GetSecretValue', region, input, signal);
  const { VersionId: versionId, SecretString: text, CreatedDate: createdAt } = answer ?? {};
  if (typeof versionId !== 'string' || typeof text !== 'string') {
    throw new Error('an answer without VersionId and SecretString');
  }
  return { secretId, versionId, text, region, createdAt };
}

/**
 * Refuses the version of a replica that lags behind: it would bring back keys that were revoked. An older
 * version in the same Region is accepted, because somebody restored it.
 *
 * @param {import('./key-documents.mjs').SecretVersion} version
 * @param {import('./key-documents.mjs').SecretVersion | undefined} before
 */
function refuseOutdated(version, before) {
  if (before === undefined || before.region === version.region || before.versionId === version.versionId) return;
  if (version.createdAt < before.createdAt) throw new Error(`an older version than that of ${before.region}`);
}

/**
 * A secret's id in another Region. The ARN of a replica differs from the primary's in the Region only.
 *
 * @param {string} secretId @param {string} region
 */
function inRegion(secretId, region) {
  return secretId.replace(/^(arn:[^:]+:secretsmanager:)[^:]+/u, `$1${region}`);
}

/**
 * @template T
 * @param {number} milliseconds
 * @param {AbortSignal | undefined} outer
 * @param {(signal: AbortSignal) => Promise<T>} call
 */
async function within(milliseconds, outer, call) {
  const controller = new AbortController();
  const abort = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(new Error('no answer in time')), milliseconds);
  outer?.addEventListener('abort', abort);
  try {
    outer?.throwIfAborted();
    return await call(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}

/**
 * The reason of a failure, for the log. It quotes nothing of an answer.
 *
 * @param {unknown} error
 */
function reasonOf(error) {
  if (!(error instanceof Error)) return typeof error;
  const { code } = /** @type {{ code?: unknown }} */ (error);
  return typeof code === 'string' ? code : error.message;
}
