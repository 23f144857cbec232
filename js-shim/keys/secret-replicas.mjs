// A secret's current version, from the nearest Region that answers in time.

import { setMaxListeners } from 'node:events';

/** Regions that are tried for one secret: more don't fit in the time there is. */
const MAX_REGIONS = 3;

/**
 * Fetches secrets for one load. Each Region gets an equal share of the time that is left, and the one
 * that answered last is asked first for the next secret.
 *
 * @param {object} parts
 * @param {import('./secrets-manager.mjs').SecretsManager} parts.secretsManager
 * @param {readonly string[]} parts.regions nearest first
 * @param {number} parts.milliseconds for all secrets of the load together
 * @param {AbortSignal} [parts.signal]
 * @param {Map<string, import('./key-documents.mjs').SecretVersion>} [parts.known] those of the last time, by their ids
 * @returns {import('./key-documents.mjs').FetchSecret}
 */
export function fetchFromReplicas({ secretsManager, regions, milliseconds, signal, known }) {
  const end = Date.now() + milliseconds;
  // One for each secret that is fetched at the time.
  if (signal) setMaxListeners(0, signal);
  let order = regions.slice(0, MAX_REGIONS);
  return async (secretId) => {
    /** @type {string[]} */
    const failures = [];
    for (const [tried, region] of order.entries()) {
      const share = Math.max(0, end - Date.now()) / (order.length - tried);
      try {
        const version = await within(share, signal, (limit) => currentVersion(secretsManager, secretId, region, limit));
        refuseLate(version, known?.get(secretId));
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
  if (typeof versionId !== 'string' || typeof text !== 'string') throw new Error('an answer without VersionId and SecretString');
  return { secretId, versionId, text, region, createdAt };
}

/**
 * Refuses what a replica has that lags behind another: it would bring keys back that were revoked. Where the
 * same Region goes back to an older version, somebody took the newer one back.
 *
 * @param {import('./key-documents.mjs').SecretVersion} version
 * @param {import('./key-documents.mjs').SecretVersion | undefined} before
 */
function refuseLate(version, before) {
  if (before === undefined || before.region === version.region || before.versionId === version.versionId) return;
  if (version.createdAt < before.createdAt) throw new Error(`an older version than that of ${before.region}`);
}

/**
 * A secret's id in another Region: a replica has the name and the ARN of its primary but for the Region.
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
 * For the log; never with a part of what was answered.
 *
 * @param {unknown} error
 */
function reasonOf(error) {
  if (!(error instanceof Error)) return typeof error;
  const { code } = /** @type {{ code?: unknown }} */ (error);
  return typeof code === 'string' ? code : error.message;
}
