// Times and spans on the command line.

/** The seconds of each unit. */
const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A time, or a span before or after now.
 *
 * @param {string} text an RFC 3339 time in UTC, or a span
 * @param {string} option for the error
 * @param {number} now milliseconds since the epoch
 * @param {1 | -1} direction of a span
 * @returns {number} milliseconds since the epoch
 * @throws {Error}
 */
export function readTimeOrSpan(text, option, now, direction) {
  const seconds = secondsOf(text);
  if (seconds !== undefined) return now + direction * seconds * 1000;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw new Error(`${option}: expected a time as 2026-11-25T00:00:00Z, or a span as 90m, 24h or 7d`);
  }
  return time;
}

/**
 * @param {string} text
 * @param {string} option for the error
 * @returns {number} milliseconds
 * @throws {Error}
 */
export function readSpan(text, option) {
  const seconds = secondsOf(text);
  if (seconds === undefined) throw new Error(`${option}: expected a span as 90m, 24h or 7d`);
  return seconds * 1000;
}

/**
 * A time as in the documents: in UTC, with seconds.
 *
 * @param {number} time milliseconds since the epoch
 */
export function rfc3339(time) {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/u, 'Z');
}

/** @param {string} text */
function secondsOf(text) {
  const [, count, unit] = /^(\d{1,6})([smhd])$/u.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * UNITS[/** @type {keyof typeof UNITS} */ (unit)];
}
