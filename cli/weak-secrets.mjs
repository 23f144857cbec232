// Finds secrets that somebody could guess.

/** About half the length of OSS's own secrets, which have 30 characters. */
const MIN_LENGTH = 16;

const MIN_DIFFERENT = 8;

/** Part of every secret in this project's samples. */
const PUBLISHED = 'NeverUseInProduct';

/**
 * Finds the first secret that is short, repetitive, published in this project's samples, or used by another key.
 *
 * @param {any[]} documents checked
 * @param {string} [override] what takes it all the same
 * @returns {string | undefined} its path, and what was expected; undefined if there is none
 */
export function weakSecret(documents, override = '; or give --allow-weak-secrets, for tests') {
  const known = new Set();
  for (const [index, document] of documents.entries()) {
    const name = documents.length > 1 ? `documents[${index}].` : '';
    for (const [path, secret] of secretsOf(document)) {
      const expected = expectation(secret, known);
      if (expected !== undefined) return `${name}${path}: expected ${expected}${override}`;
      known.add(secret);
    }
  }
  return undefined;
}

/** @param {string} secret @param {Set<string>} known @returns {string | undefined} */
function expectation(secret, known) {
  if (secret.length < MIN_LENGTH) return `at least ${MIN_LENGTH} characters, found ${secret.length}`;
  const different = new Set(secret).size;
  if (different < MIN_DIFFERENT) return `at least ${MIN_DIFFERENT} different characters, found ${different}`;
  if (secret.includes(PUBLISHED)) return 'a secret of your own, found one of the published samples';
  if (known.has(secret)) return 'a secret that no other key has';
  return undefined;
}

/** @param {any} document @returns {[path: string, secret: string][]} */
function secretsOf({ accessKeys = [], masterKeys = [] }) {
  return [
    ...accessKeys.flatMap((/** @type {any} */ { accessKeySecret, secrets = [] }, /** @type {number} */ index) => [
      ...(accessKeySecret === undefined ? [] : [[`accessKeys[${index}].accessKeySecret`, accessKeySecret]]),
      ...secrets.map((/** @type {any} */ { secret }, /** @type {number} */ at) => [
        `accessKeys[${index}].secrets[${at}].secret`,
        secret,
      ]),
    ]),
    ...masterKeys.map((/** @type {any} */ { secret }, /** @type {number} */ index) => [
      `masterKeys[${index}].secret`,
      secret,
    ]),
  ];
}
