// The log: one JSON line per decision, without the prefix that Lambda's console.log adds.

/**
 * @typedef {{ uri: string, query: [name: string, value: string][], headers: [name: string, value: string][] }}
 *   SignedParts of a request; signature and token are hashes
 * @typedef {SignedParts | { tooLarge: number }} Captured
 *
 * @typedef {Record<string, string | number | null | undefined | Captured>} LogLine
 */

/** Of the lines' schema (cli/schema/log-line.schema.json): it grows when a field's meaning changes or a field goes. */
export const LOG_VERSION = 1;

/** More characters than any key has. A refused request may have 32 KB in one name. */
const MAX_VALUE = 1100;

/** @param {LogLine} line fields that are undefined or empty are left out, long ones are cut */
export function writeLogLine(line) {
  process.stdout.write(`${logText(line)}\n`);
}

/** @param {LogLine} line @returns {string} JSON */
export function logText(line) {
  return JSON.stringify(Object.fromEntries(Object.entries(line).map(([name, value]) => [name, loggedValue(value)])));
}

/**
 * An object's key without a signature or token in it: clients that encode a signed URL once more send its query as a part
 * of the key, and whoever reads the log could use it.
 *
 * @param {string} key
 */
export function loggedKey(key) {
  return key.replace(/(signature|security-token)(=|%(?:25)*3d).*$/isu, '$1$2(redacted)');
}

/**
 * The signed parts of a request that the core captured, without what looks like a signature or token of another one.
 *
 * @param {Captured} captured
 * @returns {Captured}
 */
export function loggedCapture(captured) {
  if ('tooLarge' in captured) return captured;
  const { uri, query, headers } = captured;
  // The core wrote these itself, with a hash for the signature.
  const redacted = (/** @type {[string, string]} */ [name, value]) =>
    /** @type {[string, string]} */ ([loggedKey(name), name === 'authorization' ? value : loggedKey(value)]);
  return { uri: loggedKey(uri), query: query.map(redacted), headers: headers.map(redacted) };
}

/** @param {LogLine[string]} value */
function loggedValue(value) {
  if (value === '') return undefined;
  return typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
