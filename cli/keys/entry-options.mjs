// Reads an entry's rules and limits from the options of `new` and `set`.

import { UsageError } from '../usage-error.mjs';

/** The value that removes a field. */
const NONE = 'none';

/**
 * The rules: one of --bucket, --prefix and --operations together, and one for each --rule.
 *
 * @param {Record<string, any>} options
 * @returns {object[]} possibly none
 */
export function rulesOf({ bucket, prefix, operations, rule = [], everything }) {
  const named = Object.entries({ bucket, prefix, operations: operations?.split(',') });
  const given = named.filter(([, value]) => value !== undefined);
  const rules = rule.map((/** @type {string} */ text) => ruleIn(text, '--rule'));
  if (given.length > 0) rules.unshift(Object.fromEntries(given));
  if (everything && rules.length > 0) throw new UsageError('expected rules or --everything, not both');
  return rules;
}

/**
 * The rules of each scope, as `--scope NAME=RULE` gives them.
 *
 * @param {{ scope?: string[] }} options
 * @returns {Record<string, { allow: object[] }> | undefined}
 */
export function scopesOf({ scope = [] }) {
  if (scope.length === 0) return undefined;
  /** @type {Map<string, object[]>} */
  const scopes = new Map();
  for (const text of scope) {
    const [, name, rule] = /^([^=]+)=(.*)$/su.exec(text) ?? [];
    if (name === undefined) throw new UsageError('--scope: expected a name and a rule, as in logs={"prefix":"logs/"}');
    scopes.set(name, [...(scopes.get(name) ?? []), ruleIn(rule, '--scope')]);
  }
  return Object.fromEntries([...scopes].map(([name, allow]) => [name, { allow }]));
}

/**
 * The limits: a number, `null` for one to remove, absent for one that isn't named.
 *
 * @param {Record<string, any>} options
 * @returns {{ maxClockSkewSeconds?: number | null, maxObjectBytes?: number | null }}
 */
export function limitsOf({ maxClockSkewSeconds, maxObjectBytes }) {
  const limits = Object.entries({ maxClockSkewSeconds, maxObjectBytes }).filter(([, text]) => text !== undefined);
  return Object.fromEntries(limits.map(([name, text]) => [name, numberOrNone(name, text)]));
}

/** @param {string} text @param {string} option @returns {object} checked with the document */
function ruleIn(text, option) {
  try {
    const rule = JSON.parse(text);
    if (typeof rule === 'object' && rule !== null && !Array.isArray(rule)) return rule;
  } catch {
    // Told below.
  }
  throw new UsageError(`${option}: expected a rule as in the document, as in {"prefix":"logs/"}`);
}

/** @param {string} name @param {string} text */
function numberOrNone(name, text) {
  if (text === NONE) return null;
  if (!/^\d{1,16}$/u.test(text)) {
    const option = name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${option}: expected a number, or ${NONE}`);
  }
  return Number(text);
}
