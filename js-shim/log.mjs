// One JSON line a decision. Lambda's console.log would put a prefix before it.

/**
 * @typedef {Record<string, string | number | null | undefined>} LogLine
 */

/** More than any key has; a refused request may carry 32 KB in one name. */
const MAX_VALUE = 1100;

/** @param {LogLine} line fields that are undefined or empty are left out, long ones cut */
export function writeLogLine(line) {
  process.stdout.write(`${JSON.stringify(line, (_, value) => shown(value))}\n`);
}

/** @param {unknown} value */
function shown(value) {
  if (value === '') return undefined;
  return typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
