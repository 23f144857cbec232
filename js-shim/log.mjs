// One JSON line a decision. Lambda's console.log would put a prefix before it.

/**
 * @typedef {Record<string, string | number | null | undefined>} LogLine
 */

/** @param {LogLine} line fields that are undefined or empty are left out */
export function writeLogLine(line) {
  process.stdout.write(`${JSON.stringify(line, (_, value) => (value === '' ? undefined : value))}\n`);
}
