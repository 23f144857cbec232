// Tags of an object.

import { decode, encodeValue } from './percent-encoding.mjs';

/**
 * @param {string} oss
 * @returns {string | undefined} as S3 has it, undefined if malformed
 */
export function tagging(oss) {
  const tags = new Map();
  for (const pair of oss.replaceAll('+', '%20').split('&')) {
    const equals = pair.indexOf('=');
    const key = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (!key || value === undefined || tags.has(key) || tags.size === 10 || !fits(key, 128) || !fits(value, 256)) return undefined;
    tags.set(key, value);
  }
  return [...tags].map(([key, value]) => `${encodeValue(key)}=${encodeValue(value)}`).join('&');
}

/** @param {string} text @param {number} max */
function fits(text, max) {
  return [...text].length <= max && /^[\p{Alphabetic}\p{Nd}\p{Nl}\p{No} +\-=._:/@]*$/u.test(text);
}
