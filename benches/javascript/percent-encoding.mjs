// Percent-encoding, read strictly and written as S3 canonicalises it.

const PLAIN = /^[A-Za-z0-9\-._~]*$/u;
const PLAIN_PATH = /^[A-Za-z0-9\-._~/]*$/u;

/** @param {string} text @returns {string | undefined} nothing for a broken escape or bytes that aren't UTF-8 */
export function decode(text) {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** @param {string} key */
export function encodeKey(key) {
  return PLAIN_PATH.test(key) ? key : encodeValue(key).replaceAll('%2F', '/');
}

/** @param {string} value */
export function encodeValue(value) {
  if (PLAIN.test(value)) return value;
  return encodeURIComponent(value).replace(/[!'()*]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
