// One JSON line a decision. Lambda's console.log would put a prefix before it.

/**
 * @typedef {Record<string, string | number | null | undefined>} LogLine
 */

/** More than any key has; a refused request may carry 32 KB in one name. */
const MAX_VALUE = 1100;

let second = -1;
let secondText = '';
/** What follows a second's text, by milliseconds. @type {string[]} */
const ends = [];

/**
 * A line's time. Most requests are of the same second as the one before.
 *
 * @param {number} time milliseconds since the epoch
 * @returns {string} ISO 8601
 */
export function isoTime(time) {
  const whole = Math.floor(time / 1000);
  if (whole !== second) {
    secondText = new Date(whole * 1000).toISOString().slice(0, -4);
    second = whole;
  }
  const millis = time - whole * 1000;
  return secondText + (ends[millis] ??= `${String(millis).padStart(3, '0')}Z`);
}

/** @param {LogLine} line fields that are undefined or empty are left out, long ones cut */
export function writeLogLine(line) {
  process.stdout.write(`${JSON.stringify(line, (_, value) => shown(value))}\n`);
}

/** @param {unknown} value */
function shown(value) {
  if (value === '') return undefined;
  return typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
