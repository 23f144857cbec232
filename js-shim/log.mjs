// The log: one JSON line per decision, without the prefix that Lambda's console.log adds.

/**
 * @typedef {Record<string, string | number | null | undefined>} LogLine
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
  return JSON.stringify(line, (_, value) => loggedValue(value));
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

/** @param {unknown} value */
function loggedValue(value) {
  if (value === '') return undefined;
  return typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
