// Warnings about access keys that are valid, but probably a mistake.

/** The most listed keys that a function of 128 MB can fetch in its time (docs/access-keys.md, How many keys). */
export const MAX_LISTED_KEYS = 25_000;

/** Of what may be very many. */
const MAX_TOLD = 5;

/**
 * @typedef {object} Rule of a key, in one of the documents
 * @property {string} owner the path of its key
 * @property {string} path
 * @property {string} [bucket]
 * @property {string} [prefix]
 */

/**
 * @param {any[]} documents checked
 * @returns {string[]} sentences
 */
export function keyWarnings(documents) {
  const rules = documents.flatMap((document, index) =>
    rulesOf(document, documents.length > 1 ? `documents[${index}].` : ''),
  );
  return [...numberWarnings(documents), ...uselessPrefixes(rules), ...reachingPrefixes(rules)];
}

/** @param {any[]} documents */
function numberWarnings(documents) {
  const listed = documents.reduce((count, { accessKeys = [] }) => count + accessKeys.length, 0);
  if (listed <= MAX_LISTED_KEYS) return [];
  return [
    `${listed} listed access keys: a function of 128 MB that fetches them is too slow for more than ` +
      `${MAX_LISTED_KEYS}; derive keys from a master key, or give the functions more memory`,
  ];
}

/** Prefixes with which the edge takes no key. @param {Rule[]} rules */
function uselessPrefixes(rules) {
  return rules
    .filter(({ prefix = '' }) => /^[/\\]|^\.oss-edge\//u.test(prefix))
    .map(
      ({ path, prefix }) =>
        `access keys: ${path}.prefix: no object key may begin with \`${prefix}\`, so the rule allows nothing`,
    );
}

/** Prefixes that don't end in `/`, and match another key's too. @param {Rule[]} rules */
function reachingPrefixes(rules) {
  const sorted = rules
    .filter(({ prefix = '' }) => prefix !== '')
    .map((rule) => ({ ...rule, prefix: String(rule.prefix) }))
    .toSorted((one, other) => (one.prefix < other.prefix ? -1 : one.prefix > other.prefix ? 1 : 0));
  const warnings = [];
  for (const [at, { prefix, bucket, owner, path }] of sorted.entries()) {
    if (prefix.endsWith('/')) continue;
    for (let next = at + 1; next < sorted.length && sorted[next].prefix.startsWith(prefix); next += 1) {
      const other = sorted[next];
      const goesOn = !['', '/'].includes(other.prefix.slice(prefix.length, prefix.length + 1));
      const isElsewhere = bucket !== undefined && other.bucket !== undefined && bucket !== other.bucket;
      if (!goesOn || isElsewhere || other.owner === owner) continue;
      warnings.push(
        `access keys: ${path}.prefix: \`${prefix}\` also matches \`${other.prefix}\` of ${other.path}: ` +
          'end it with `/`',
      );
      break;
    }
  }
  const more = warnings.length - MAX_TOLD;
  if (more <= 0) return warnings;
  return [...warnings.slice(0, MAX_TOLD), `access keys: ${more} more prefixes reach into that of another key`];
}

/**
 * @param {any} document of access keys, checked
 * @param {Record<string, unknown>} buckets of the configuration
 * @returns {string[]} sentences, one for each bucket that a rule names and the configuration doesn't have
 */
export function bucketWarnings(document, buckets) {
  /** @type {Map<string, string>} */
  const paths = new Map();
  for (const { bucket, path } of rulesOf(document)) {
    if (bucket !== undefined && !Object.hasOwn(buckets, bucket) && !paths.has(bucket)) paths.set(bucket, path);
  }
  return [...paths].map(
    ([bucket, path]) =>
      `access keys: ${path}.bucket: \`${bucket}\` is not in \`buckets\` of the configuration, ` +
      'so the rule allows nothing',
  );
}

/** @param {any} document of access keys, checked @param {string} [at] before paths @returns {Rule[]} */
function rulesOf({ accessKeys = [], masterKeys = [] }, at = '') {
  const of = (/** @type {any[]} */ allow, /** @type {string} */ owner, path = `${owner}.allow`) =>
    (allow ?? []).map((rule, index) => ({ ...rule, owner, path: `${path}[${index}]` }));
  const ofScopes = (/** @type {Record<string, any>} */ scopes, /** @type {string} */ owner) =>
    Object.entries(scopes).flatMap(([name, { allow }]) => of(allow, owner, `${owner}.scopes.${name}.allow`));
  return [
    ...accessKeys.flatMap((/** @type {any} */ { allow }, /** @type {number} */ index) =>
      of(allow, `${at}accessKeys[${index}]`),
    ),
    ...masterKeys.flatMap((/** @type {any} */ { allow, scopes = {} }, /** @type {number} */ index) => [
      ...of(allow, `${at}masterKeys[${index}]`),
      ...ofScopes(scopes, `${at}masterKeys[${index}]`),
    ]),
  ];
}

/** @param {string[]} warnings */
export function writeWarnings(warnings) {
  for (const warning of warnings) process.stderr.write(`oss-edge: warning: ${warning}\n`);
}
