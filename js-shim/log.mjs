// The log: one JSON line per decision, without the prefix that Lambda's console.log adds.

/**
 * @typedef {{ uri: string, query: [name: string, value: string][], headers: [name: string, value: string][] }}
 *   SignedParts of a request; signature and token are hashes
 * @typedef {SignedParts | { tooLarge: number }} Captured
 *
 * @typedef {Record<string, string | number | null | undefined | Captured>} LogLine
 */

/**
 * The version of the lines' schema (cli/schema/log-line.schema.json). It is raised when a field is removed or gets
 * another meaning.
 */
export const LOG_VERSION = 1;

/** The longest value, in characters: more than any key has. A refused request may have 32 KB in one name. */
const MAX_VALUE = 1100;

/** @param {LogLine} line fields that are undefined or empty are left out, and long ones are cut */
export function writeLogLine(line) {
  process.stdout.write(`${logText(line)}\n`);
}

/** @param {LogLine} line @returns {string} JSON */
export function logText(line) {
  return JSON.stringify(Object.fromEntries(Object.entries(line).map(([name, value]) => [name, loggedValue(value)])));
}

/**
 * Redacts a signature or token in an object's key. A client that encodes a signed URL again sends its query as a part
 * of the key, and whoever reads the log could use the signature.
 *
 * @param {string} key
 */
export function loggedKey(key) {
  return key.replace(/(signature|security-token)(=|%(?:25)*3d).*$/isu, '$1$2(redacted)');
}

/**
 * Redacts what looks like another signature or token in the signed parts of a request that the core captured.
 *
 * @param {Captured} captured
 * @returns {Captured}
 */
export function loggedCapture(captured) {
  if ('tooLarge' in captured) return captured;
  const { uri, query, headers } = captured;
  // The core wrote `authorization` itself, with a hash in place of the signature.
  const redacted = (/** @type {[string, string]} */ [name, value]) =>
    /** @type {[string, string]} */ ([loggedKey(name), name === 'authorization' ? value : loggedKey(value)]);
  return { uri: loggedKey(uri), query: query.map(redacted), headers: headers.map(redacted) };
}

/** @param {LogLine[string]} value */
function loggedValue(value) {
  if (value === '') return undefined;
  return typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
