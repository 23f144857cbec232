// The date formats that OSS clients sign with.

import { refuse } from './refusal.mjs';
import { trimmed, unique } from './request-headers.mjs';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const RFC_1123 = /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/u;
const ISO_8601 = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u;

/** @param {any} headers @returns {{ text: string, time: number }} the literal text and milliseconds since the epoch */
export function signingDate(headers) {
  const date = unique(headers, 'date');
  const ossDate = unique(headers, 'x-oss-date');
  const text = ossDate === undefined ? date : trimmed(ossDate);
  if (text === undefined) refuse('InvalidDate', 'missing');
  return { text, time: parseDate(text) ?? refuse('InvalidDate', 'malformed') };
}

/** @param {string} text @returns {number | undefined} */
export function parseDate(text) {
  let parts = RFC_1123.exec(text);
  if (parts) return millis(Number(parts[3]), MONTHS.indexOf(parts[2]), Number(parts[1]), Number(parts[4]), Number(parts[5]), Number(parts[6]));
  parts = ISO_8601.exec(text);
  if (parts) return millis(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]), Number(parts[4]), Number(parts[5]), Number(parts[6]));
  return undefined;
}

/** @param {number} year @param {number} month from 0 @param {number} day @param {number} hour @param {number} minute @param {number} second */
function millis(year, month, day, hour, minute, second) {
  if (year < 1 || month < 0 || month > 11 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 1 ? (leap ? 29 : 28) : [3, 5, 8, 10].includes(month) ? 30 : 31;
  if (day > days) return undefined;
  if (year >= 100) return Date.UTC(year, month, day, hour, minute, second);
  return new Date(0).setUTCFullYear(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** @param {string} text @returns {number | undefined} milliseconds */
export function parseSeconds(text) {
  return /^[0-9]{1,12}$/u.test(text) ? Number(text) * 1000 : undefined;
}
