// Warnings about access keys that are valid, but probably a mistake.

/** The most listed keys that a function of 128 MB can fetch in its time (docs/access-keys.md, How many keys). */
export const MAX_LISTED_KEYS = 25_000;

/**
 * @param {any[]} documents checked
 * @returns {string[]} sentences
 */
export function keyWarnings(documents) {
  const listed = documents.reduce((count, { accessKeys = [] }) => count + accessKeys.length, 0);
  if (listed <= MAX_LISTED_KEYS) return [];
  return [
    `${listed} listed access keys: a function of 128 MB that fetches them is too slow for more than ` +
      `${MAX_LISTED_KEYS}; derive keys from a master key, or give the functions more memory`,
  ];
}

/**
 * @param {any} document of access keys, checked
 * @param {Record<string, unknown>} buckets of the configuration
 * @returns {string[]} sentences, one for each bucket that a rule names and the configuration doesn't have
 */
export function bucketWarnings({ accessKeys = [], masterKeys = [] }, buckets) {
  /** @type {Map<string, string>} */
  const paths = new Map();
  const look = (/** @type {any[]} */ allow, /** @type {string} */ path) => {
    for (const [index, { bucket }] of (allow ?? []).entries()) {
      if (bucket !== undefined && !Object.hasOwn(buckets, bucket) && !paths.has(bucket)) {
        paths.set(bucket, `${path}[${index}].bucket`);
      }
    }
  };
  for (const [index, { allow }] of accessKeys.entries()) look(allow, `accessKeys[${index}].allow`);
  for (const [index, { allow, scopes = {} }] of masterKeys.entries()) {
    look(allow, `masterKeys[${index}].allow`);
    for (const [name, scope] of Object.entries(scopes)) look(scope.allow, `masterKeys[${index}].scopes.${name}.allow`);
  }
  return [...paths].map(
    ([bucket, path]) =>
      `access keys: ${path}: \`${bucket}\` is not in \`buckets\` of the configuration, so the rule allows nothing`,
  );
}

/** @param {string[]} warnings */
export function writeWarnings(warnings) {
  for (const warning of warnings) process.stderr.write(`oss-edge: warning: ${warning}\n`);
}
