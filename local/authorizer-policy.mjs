/**
 * What a Lambda authorizer of API Gateway answers, checked and evaluated
 * (API Gateway developer guide, api-gateway-lambda-authorizer-output).
 */

/**
 * @typedef {{ principalId: string, context: Record<string, string> }} Authorization `context` as integrations get it
 */

/**
 * Evaluates an authorizer's answer for one method. Explicit denials win. What no statement allows is denied.
 *
 * @param {unknown} output
 * @param {string} methodArn
 * @returns {({ effect: 'allow' | 'explicit deny' | 'implicit deny' } & Authorization) | null} null if it is malformed
 */
export function evaluated(output, methodArn) {
  if (JSON.stringify(output).length > MAX_RESULT) return null;
  if (!isObject(output) || typeof output.principalId !== 'string' || !isObject(output.policyDocument)) return null;
  const context = contextStrings(output.context);
  const statements = listOf(output.policyDocument.Statement);
  if (!context || !statements.every(isStatement)) return null;
  const effects = statements.filter((statement) => applies(statement, methodArn)).map(({ Effect }) => Effect);
  const effect = effects.includes('Deny') ? 'explicit deny' : effects.includes('Allow') ? 'allow' : 'implicit deny';
  return { effect, principalId: output.principalId, context };
}

/** In characters. The documentation has a limit for cached results only: 8 KB. */
const MAX_RESULT = 8192;

/** @typedef {{ Effect: 'Allow' | 'Deny', Action: string | string[], Resource: string | string[] }} Statement */

/**
 * @param {unknown} statement
 * @returns {statement is Statement}
 */
function isStatement(statement) {
  if (!isObject(statement) || (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')) return false;
  return [statement.Action, statement.Resource].every(
    (field) => listOf(field).length > 0 && listOf(field).every((item) => typeof item === 'string'),
  );
}

/**
 * @param {Statement} statement
 * @param {string} methodArn
 */
function applies({ Action, Resource }, methodArn) {
  return (
    listOf(Action).some((pattern) => matches(pattern.toLowerCase(), 'execute-api:invoke')) &&
    listOf(Resource).some((pattern) => matches(pattern, methodArn))
  );
}

/**
 * @param {string} pattern with the wildcards `*`, any characters, and `?`, any one
 * @param {string} text
 */
function matches(pattern, text) {
  const literal = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${literal}$`, 's').test(text);
}

/**
 * Context values must be strings, numbers or booleans; an object or array makes the whole answer invalid.
 *
 * @param {unknown} context
 * @returns {Record<string, string> | null}
 */
function contextStrings(context = {}) {
  if (!isObject(context)) return null;
  const entries = Object.entries(context);
  if (!entries.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) return null;
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/**
 * @template T
 * @param {T | T[]} value
 * @returns {T[]}
 */
function listOf(value) {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
