// The seals of upload ids and of what is handed over to origin-request.

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import { refuse } from './refusal.mjs';

const HOUR = 3_600_000;
const FORBID_OVERWRITE = '~forbid-overwrite';
const SEALED = /^(s1b?)\.(\d+)\.(\d+)\.([\w-]*)\.([\w-]{21}[AQgw])\.([\w.-]+)$/u;
const OPTIONS = /^(?:-|(?=[fsak])f?s?[ak]?)$/u;

/** @param {{ secrets: { number: number, secret: string }[] } | undefined} document */
export function readSecrets(document) {
  const keys = (/** @type {string} */ label) =>
    (document?.secrets ?? []).map(({ number, secret }) => ({
      number: String(number),
      key: Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', label, 32)),
    }));
  return { uploadIds: keys('oss-edge upload ids'), handOver: keys('oss-edge hand-over') };
}

/** @typedef {ReturnType<typeof readSecrets>} Keys */

/** @param {Buffer} key @param {string[]} texts */
function macOf(key, texts) {
  let list = '';
  for (const text of texts) list += `${Buffer.byteLength(text)}:${text},`;
  return createHmac('sha256', key).update(list).digest();
}

/**
 * S3's id of the upload that a request names, and whether its end may overwrite an object.
 *
 * @param {string} text @param {string} s3Bucket @param {string} key
 * @param {Keys} keys @param {boolean} forwardsUnsealed @param {number} now
 */
export function verifiedUpload(text, s3Bucket, key, keys, forwardsUnsealed, now) {
  const match = text.length > 255 ? null : SEALED.exec(text);
  if (match === null || Number(match[2]) > 65_535) return unsealedUpload(text, forwardsUnsealed);
  const [, form, number, hour, options, mac, id] = match;
  const known = keys.uploadIds.find((one) => Number(one.number) === Number(number));
  if (known === undefined) refuse('NoSuchUpload.unknownSecret', text, String(Number(number)));
  const right = macOf(known.key, [form, number, hour, options, s3Bucket, key, id]).subarray(0, 16);
  if (!timingSafeEqual(right, Buffer.from(mac, 'base64url'))) refuse('NoSuchUpload.mismatch', text);
  const age = Math.floor(now / HOUR) - Number(hour);
  if (age < -1 || age > 168) refuse('NoSuchUpload.expired', text);
  if (!OPTIONS.test(options)) refuse('NoSuchUpload.unknownOptions', text);
  const staging = options.includes('s') ? { folder: id, encryption: options.at(-1) } : undefined;
  return { s3: form === 's1' ? id : Buffer.from(id, 'base64url').toString(), forbidden: options.startsWith('f'), staging };
}

/** @param {string} text @param {boolean} isForwarded */
function unsealedUpload(text, isForwarded) {
  const forbidden = text.endsWith(FORBID_OVERWRITE);
  const s3 = forbidden ? text.slice(0, -FORBID_OVERWRITE.length) : text;
  if (!isForwarded || s3 === '' || Buffer.byteLength(text) > 255) refuse('NoSuchUpload.unsealed', text);
  return { s3, forbidden, staging: undefined };
}

/**
 * @param {{ requestId: string, method: string, origin: string, uri: string, query: string, headers: [name: string, value: string][] }} handOver
 * @param {Keys} keys @param {number} now
 */
export function handOverSeal({ requestId, method, origin, uri, query, headers }, { handOver: [sealing] }, now) {
  const seconds = String(Math.floor(now / 1000));
  const texts = ['1', sealing.number, seconds, requestId, method, origin, uri, query];
  for (const [name, value] of headers) texts.push(name, value.replaceAll(/^[ \t]+|[ \t]+$/gu, ''));
  const names = headers.map(([name]) => name).join(',');
  return `1;${sealing.number};${seconds};${names};${macOf(sealing.key, texts).toString('base64url')}`;
}
