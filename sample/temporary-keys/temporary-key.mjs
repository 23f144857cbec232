// A temporary key for a device, as a maker's token server answers in the place of AssumeRole.

import { createHmac } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * @param {string} master the master key's id
 * @param {string} masterSecret
 * @param {string} device 1 to 64 of A-Z a-z 0-9 _ -
 * @param {number} expires seconds since 1970-01-01T00:00:00Z
 */
export function temporaryKey(master, masterSecret, device, expires) {
  const AccessKeyId = `OE1.${master}.${device}.e${expires}`;
  const mac = createHmac('sha256', masterSecret).update(`oss-edge/v1${AccessKeyId}`).digest('hex');
  let number = BigInt(`0x${mac}`);
  let AccessKeySecret = '';
  for (let digit = 0; digit < 30; digit += 1) {
    AccessKeySecret = DIGITS[Number(number % 62n)] + AccessKeySecret;
    number /= 62n;
  }
  const Expiration = new Date(expires * 1000).toISOString().replace('.000Z', 'Z');
  return { AccessKeyId, AccessKeySecret, SecurityToken: AccessKeyId, Expiration };
}

const [, file, master, device, expires] = process.argv;
if (file === import.meta.filename) {
  const { MASTER_SECRET = '' } = process.env;
  process.stdout.write(`${JSON.stringify(temporaryKey(master, MASTER_SECRET, device, Number(expires)))}\n`);
}
