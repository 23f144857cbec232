// A plan of two ranges, and its variants.

import { ACCOUNT } from '../deploy/fake-answers.mjs';

export const BYOIP = Object.freeze({
  account: ACCOUNT,
  region: 'us-east-1',
  registry: 'arin',
  organization: 'Example Ltd',
  ranges: ['147.1.3.0/24', '147.1.2.0/24'],
  presentOrigin: 398_175,
  expires: '2099-12-31',
  target: 'ec2',
});

/** @param {object} fields @returns {any} */
export const byoip = (fields) => ({ ...BYOIP, ...fields });

export const POOL = 'ipam-pool-0a1b2c3d4e5f60718';
export const CLOUDFRONT = byoip({ target: 'cloudfront', pool: POOL, ranges: ['147.1.1.0/24', '147.1.2.0/24', '147.1.3.0/24'] });

/** ROAs as they should be. @param {any} [plan] */
export function roasOf({ ranges, presentOrigin } = BYOIP) {
  return [presentOrigin, 16509, 14618].flatMap((asn) => ranges.map((prefix) => ({ asn, prefix, maxLength: 24 })));
}
