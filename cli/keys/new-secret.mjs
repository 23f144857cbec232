// Random ids and secrets, of characters that every OSS client accepts.

import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As long as OSS's secrets: 178 bits. */
export const newAccessKeySecret = () => randomText(30);

/** Looks like OSS's AccessKeyIds. */
export const newAccessKeyId = () => `LTAI5t${randomText(18)}`;

/** 285 bits, more than HMAC-SHA256 uses: the secrets of all devices are derived from it. */
export const newMasterSecret = () => randomText(48);

/** As visible ASCII as a token must be, and without what a query would encode. */
export const newSecurityToken = () => `CAIS${randomText(60)}`;

/** @param {number} length */
function randomText(length) {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
