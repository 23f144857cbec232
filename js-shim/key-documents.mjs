// The documents of access keys as they are in Secrets Manager: one secret, and those that it names.

/**
 * @typedef {{ secretId: string, versionId: string, text: string }} SecretVersion
 * @typedef {(secretId: string) => Promise<SecretVersion>} FetchSecret
 *
 * @typedef {object} KeyDocuments
 * @property {string} versions which versions these are: the same text for the same documents
 * @property {() => unknown[]} documents without `furtherSecrets`, the first secret's first; throws
 *   {@link MalformedDocument} when one isn't JSON
 */

/** Secrets that are fetched at a time. */
const PARALLEL = 16;

/** What 100,000 access keys of the usual lengths need, with room to spare. */
const MAX_FURTHER_SECRETS = 256;

/**
 * @param {FetchSecret} fetchSecret
 * @param {string} secretId of the first
 * @returns {Promise<KeyDocuments>}
 * @throws {MalformedDocument} when the first isn't JSON, or what it names as further secrets isn't a list of names
 */
export async function fetchKeyDocuments(fetchSecret, secretId) {
  const fetched = await fetchSecrets(fetchSecret, secretId);
  const versions = versionsOf(fetched);
  return { versions, documents: () => withoutFurtherSecrets(fetched.map((version) => parsed(version, versions))) };
}

/**
 * A secret and those that it names.
 *
 * @param {FetchSecret} fetchSecret
 * @param {string} secretId of the first
 * @returns {Promise<SecretVersion[]>} the first one first
 * @throws {MalformedDocument}
 */
export async function fetchSecrets(fetchSecret, secretId) {
  const first = await fetchSecret(secretId);
  return [first, ...(await inParallel(furtherSecretsOf(first), fetchSecret))];
}

/**
 * The documents as the core takes them, which knows nothing of secrets that name others.
 *
 * @param {unknown[]} documents
 */
export function withoutFurtherSecrets([first, ...further]) {
  if (!isObject(first)) return [first, ...further];
  const { furtherSecrets: _, ...document } = first;
  return [document, ...further];
}

/** Documents that were read, and aren't what they should be. */
export class MalformedDocument extends Error {
  /** @param {string} versions which it was @param {string} message without any part of its text */
  constructor(versions, message) {
    super(message);
    this.name = 'MalformedDocument';
    this.versions = versions;
  }
}

/** @param {SecretVersion} first @returns {string[]} */
function furtherSecretsOf(first) {
  const versions = versionsOf([first]);
  const document = parsed(first, versions);
  // What isn't an object is for the core to refuse.
  const { furtherSecrets = [] } = isObject(document) ? document : {};
  if (isListOfNames(furtherSecrets)) return furtherSecrets;
  const expected = `at most ${MAX_FURTHER_SECRETS} names or ARNs of secrets, each once`;
  throw new MalformedDocument(versions, `${first.secretId}: furtherSecrets: expected ${expected}`);
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is string[]} */
function isListOfNames(value) {
  if (!Array.isArray(value) || value.length > MAX_FURTHER_SECRETS || new Set(value).size < value.length) return false;
  return value.every((name) => typeof name === 'string' && /^[\w/+=.@:-]{1,2048}$/u.test(name));
}

/** @param {SecretVersion} version @param {string} versions @returns {unknown} */
function parsed({ secretId, text }, versions) {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedDocument(versions, `${secretId}: expected JSON`);
  }
}

/** @param {SecretVersion[]} fetched */
function versionsOf(fetched) {
  return fetched.map(({ secretId, versionId }) => `${secretId}@${versionId}`).join(' ');
}

/**
 * @param {readonly string[]} secretIds
 * @param {FetchSecret} fetchSecret
 * @returns {Promise<SecretVersion[]>} in the order of their ids
 */
async function inParallel(secretIds, fetchSecret) {
  /** @type {SecretVersion[]} */
  const fetched = [];
  const remaining = secretIds.entries();
  const worker = async () => {
    for (const [index, secretId] of remaining) fetched[index] = await fetchSecret(secretId);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return fetched;
}
