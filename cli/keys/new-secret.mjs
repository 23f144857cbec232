// Secrets and ids that are made up, of characters that every OSS client takes.

import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As long as OSS's own: 178 bits. */
export const newAccessKeySecret = () => randomText(30);

/** Of the length and with the beginning of OSS's own. */
export const newAccessKeyId = () => `LTAI5t${randomText(18)}`;

/** What a million devices' secrets come from: 285 bits, more than HMAC-SHA256 keeps. */
export const newMasterSecret = () => randomText(48);

/** @param {number} length */
function randomText(length) {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
