// Whether a signature is valid now.

import { refuse } from './refusal.mjs';
import { parseDate, parseSeconds, signingDate } from './signing-date.mjs';

/** @param {any} request @param {import('./config.mjs').Settings} settings @param {number} now */
export function headerTime({ headers }, { maxSkewMillis }, now) {
  const date = signingDate(headers);
  checkSkew(date.time, maxSkewMillis, now);
  return date;
}

/**
 * The signature's date less now, in seconds; undefined where it has none that can be read.
 *
 * @param {import('./presented-signature.mjs').Presented} presented @param {any} headers @param {number} now
 */
export function clockDifference({ date, expires }, headers, now) {
  try {
    const time = expires === undefined ? signingDate(headers).time : parseDate(date ?? '');
    return time === undefined ? undefined : Math.trunc((time - now) / 1000) + 0;
  } catch {
    return undefined;
  }
}

/** @param {number} requested @param {number} maxMillis @param {number} now */
function checkSkew(requested, maxMillis, now) {
  if (Math.abs(requested - now) > maxMillis) refuse('RequestTimeTooSkewed', { requested, now, maxMillis });
}

/**
 * @param {import('./presented-signature.mjs').Presented} presented
 * @param {import('./config.mjs').Settings} settings
 * @param {number} now
 */
export function urlTime({ version, date = '', expires = '' }, settings, now) {
  if (version === 1) {
    const end = parseSeconds(expires) ?? refuse('InvalidExpires');
    checkExpiry(end, settings, now);
    return { text: expires, time: end };
  }
  const time = parseDate(date) ?? refuse('InvalidDate', 'malformed');
  const life = parseSeconds(expires) ?? 0;
  if (life < 1000) refuse('InvalidExpires');
  if (life > 604_800_000) refuse('ExpiresTooFar');
  if (time - now > settings.maxSkewMillis) refuse('NotYetValid');
  checkExpiry(time + life, settings, now);
  return { text: date, time };
}

/** @param {number} end @param {import('./config.mjs').Settings} settings @param {number} now */
function checkExpiry(end, { maxUrlExpiryMillis }, now) {
  if (end < now) refuse('Expired', end);
  if (end - now > maxUrlExpiryMillis) refuse('ExpiresTooFar');
}

/** @param {import('./presented-signature.mjs').Scope} scope @param {number} time */
export function checkDay({ date }, time) {
  if (new Date(time).toISOString().slice(0, 10).replaceAll('-', '') !== date) refuse('InvalidCredential', 'date');
}
