/**
 * What a bucket that was there before the deployment gets: statements and lifecycle rules beside its own, told apart by
 * their names. All others stay as they are, in their order.
 */
import { distributionStatements } from './permissions.mjs';
import { lifecycleRules } from './templates/bucket.mjs';
import { pascal } from './templates/cfn.mjs';

/** @typedef {Record<string, any>} Statement */
/** @typedef {{ Version?: string, Id?: string, Statement: Statement[] | Statement }} Policy */
/** @typedef {Record<string, any> & { ID?: string }} Rule as S3's API has it */
/** @typedef {{ added: string[], removed: string[], kept: number }} Difference names of statements or rules */

/** What the names of a deployment's statements begin with: a bucket may serve several. @param {string} name */
export function statementPrefix(name) {
  return `OssEdge${pascal(name)}`;
}

/**
 * The bucket's policy with the deployment's statements.
 *
 * @param {Policy | undefined} policy @param {Statement[]} ours @param {string} name of the deployment
 * @returns {{ policy: Policy, difference: Difference }}
 */
export function withStatements(policy, ours, name) {
  const statements = statementsOf(policy);
  if (policy !== undefined && ours.every((one) => statements.some((other) => isEqual(one, other)))) {
    return { policy, difference: { added: [], removed: [], kept: statements.length } };
  }
  const { policy: rest, difference } = withoutStatements(policy, name);
  return {
    policy: { Version: '2012-10-17', ...policy, Statement: [...statementsOf(rest), ...ours] },
    difference: { ...difference, added: ours.map(({ Sid }) => Sid) },
  };
}

/**
 * The bucket's policy without the deployment's statements; undefined where nothing is left.
 *
 * @param {Policy | undefined} policy @param {string} name of the deployment
 * @returns {{ policy: Policy | undefined, difference: Difference }}
 */
export function withoutStatements(policy, name) {
  const sids = SUFFIXES.map((suffix) => statementPrefix(name) + suffix);
  const statements = statementsOf(policy);
  const others = statements.filter(({ Sid }) => !sids.includes(Sid));
  const removed = statements.filter((one) => !others.includes(one)).map(({ Sid }) => Sid);
  const difference = { added: [], removed, kept: others.length };
  if (policy === undefined || others.length === 0) return { policy: undefined, difference };
  return { policy: { ...policy, Statement: others }, difference };
}

/** Ends of the names, in the order of `distributionStatements`. */
const SUFFIXES = ['MayUpload', 'MayNotReplace'];

/** @param {Rule[]} rules @returns {{ rules: Rule[], difference: Difference }} */
export function withRules(rules) {
  const ours = apiRules();
  const others = withoutRules(rules).rules;
  const isSame = ours.every((rule) => rules.some((one) => isEqual(one, rule)));
  if (isSame) return { rules, difference: { added: [], removed: [], kept: rules.length } };
  const removed = rules.filter((one) => !others.includes(one)).map(({ ID = '' }) => ID);
  return {
    rules: [...others, ...ours],
    difference: { added: ours.map(({ ID = '' }) => ID), removed, kept: others.length },
  };
}

/** @param {Rule[]} rules @returns {{ rules: Rule[], difference: Difference }} */
export function withoutRules(rules) {
  const ids = apiRules().map(({ ID }) => ID);
  const others = rules.filter(({ ID }) => !ids.includes(ID));
  const removed = rules.filter((one) => !others.includes(one)).map(({ ID = '' }) => ID);
  return { rules: others, difference: { added: [], removed, kept: others.length } };
}

/**
 * The deployment's statements for a bucket that was there.
 *
 * @param {import('./plan.mjs').Plan} plan @param {import('./plan.mjs').Bucket} bucket
 * @param {string} distributionArn @param {string} account
 * @returns {Statement[]}
 */
export function statementsFor({ name, config }, { s3Bucket }, distributionArn, account) {
  const statements = distributionStatements(config, s3Bucket, distributionArn, account);
  return statements.map((one, at) => ({ ...one, Sid: statementPrefix(name) + SUFFIXES[at] }));
}

/** The lifecycle rules of templates/bucket.mjs as S3's API has them. @returns {Rule[]} */
function apiRules() {
  return lifecycleRules().map(
    ({
      Id,
      Status,
      Prefix = '',
      ExpirationInDays,
      ExpiredObjectDeleteMarker,
      NoncurrentVersionExpiration,
      AbortIncompleteMultipartUpload,
    }) => ({
      ID: Id,
      Status,
      Filter: { Prefix },
      ...(ExpirationInDays === undefined ? {} : { Expiration: { Days: ExpirationInDays } }),
      ...(ExpiredObjectDeleteMarker === undefined ? {} : { Expiration: { ExpiredObjectDeleteMarker } }),
      ...(NoncurrentVersionExpiration === undefined ? {} : { NoncurrentVersionExpiration }),
      ...(AbortIncompleteMultipartUpload === undefined ? {} : { AbortIncompleteMultipartUpload }),
    }),
  );
}

/** @param {Policy | undefined} policy @returns {Statement[]} */
function statementsOf(policy) {
  const { Statement = [] } = policy ?? {};
  return Array.isArray(Statement) ? Statement : [Statement];
}

/** Whatever the order of the fields. @param {unknown} one @param {unknown} other @returns {boolean} */
function isEqual(one, other) {
  const sorted = (/** @type {any} */ value) =>
    JSON.stringify(value, (_, found) =>
      typeof found === 'object' && found !== null && !Array.isArray(found)
        ? Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : found,
    );
  return sorted(one) === sorted(other);
}
