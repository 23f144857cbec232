// The documents of access keys in Secrets Manager: one secret, and those in its `furtherSecrets`.

/**
 * @typedef {object} SecretVersion
 * @property {string} secretId
 * @property {string} versionId
 * @property {string} text
 * @property {string} region where it was read
 * @property {number} createdAt seconds since the epoch
 *
 * @typedef {'all' | 'first'} Extent `first` fetches the other documents only if the first has changed
 * @typedef {(secretId: string) => Promise<SecretVersion>} FetchSecret
 *
 * @typedef {object} KeyDocuments
 * @property {string} versions identifies the documents' versions
 * @property {() => string[]} documents JSON texts, the first secret's first
 */

/** How many secrets are fetched at the same time. */
const PARALLEL = 16;

/** The same limit as in cli/schema/access-keys.schema.json. */
const MAX_FURTHER_SECRETS = 500;

/**
 * @param {FetchSecret} fetchSecret
 * @param {string} secretId of the first
 * @param {Map<string, SecretVersion>} [known] the versions of the last fetch, by secret id; this fetch replaces them
 * @param {Extent} [extent]
 * @returns {Promise<KeyDocuments | undefined>} undefined if the extent is `first` and that version is known
 * @throws {MalformedDocument} when the first isn't JSON
 */
export async function fetchKeyDocuments(fetchSecret, secretId, known = new Map(), extent = 'all') {
  const fetchChanged = async (/** @type {string} */ id) => withKnownText(known.get(id), await fetchSecret(id));
  const first = await fetchChanged(secretId);
  if (extent === 'first' && first.versionId === known.get(secretId)?.versionId) return undefined;
  const fetched = await withFurther(first, fetchChanged);
  known.clear();
  for (const version of fetched) known.set(version.secretId, version);
  return { versions: versionsOf(fetched), documents: () => fetched.map(({ text }) => text) };
}

/**
 * Fetches a secret, and those that it names.
 *
 * @param {FetchSecret} fetchSecret
 * @param {string} secretId of the first
 * @returns {Promise<SecretVersion[]>} the first one first
 * @throws {MalformedDocument}
 */
export async function fetchSecrets(fetchSecret, secretId) {
  return withFurther(await fetchSecret(secretId), fetchSecret);
}

/** @param {SecretVersion} first @param {FetchSecret} fetchSecret */
async function withFurther(first, fetchSecret) {
  return [first, ...(await inParallel(furtherSecretsOf(first), fetchSecret))];
}

/** Shares the text of an unchanged version. @param {SecretVersion | undefined} before @param {SecretVersion} version */
function withKnownText(before, version) {
  return before?.versionId === version.versionId ? { ...version, text: before.text } : version;
}

/** The documents were fetched, but refused. */
export class MalformedDocument extends Error {
  /** @param {string} versions of the documents @param {string} message which quotes nothing of them */
  constructor(versions, message) {
    super(message);
    this.name = 'MalformedDocument';
    this.versions = versions;
  }
}

/**
 * The further secrets that a document names; none if the list is malformed, because the core will refuse the document.
 *
 * @param {SecretVersion} first @returns {string[]}
 */
function furtherSecretsOf(first) {
  const document = parsed(first, versionsOf([first]));
  const { furtherSecrets } = isObject(document) ? document : {};
  return isListOfNames(furtherSecrets) ? furtherSecrets : [];
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is string[]} */
function isListOfNames(value) {
  if (!Array.isArray(value) || value.length > MAX_FURTHER_SECRETS || new Set(value).size < value.length) return false;
  return value.every((name) => typeof name === 'string' && /^[A-Za-z0-9/_+=.@:-]{1,2048}$/u.test(name));
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
  let hasFailed = false;
  const worker = async () => {
    for (const [index, secretId] of remaining) {
      // Another secret couldn't be fetched, so nobody needs this one.
      if (hasFailed) return;
      fetched[index] = await fetchSecret(secretId);
    }
  };
  const failed = (/** @type {unknown} */ error) => {
    hasFailed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: PARALLEL }, () => worker().catch(failed)));
  return fetched;
}
