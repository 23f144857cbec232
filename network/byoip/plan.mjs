/** Ranges of addresses that move to AWS, one after the other. */
import { overlap, parseRange } from '../address.mjs';
import { ipKind } from './registry.mjs';

/**
 * @typedef {object} ByoipPlan
 * @property {string} account
 * @property {'aws' | 'aws-us-gov' | 'aws-eusc'} partition
 * @property {string} region
 * @property {'arin' | 'ripe' | 'apnic'} registry
 * @property {string} organization
 * @property {string[]} ranges in the order in which they move
 * @property {number} [presentOrigin] the autonomous system that announces them now
 * @property {string} expires YYYY-MM-DD
 * @property {number} certificateDays
 * @property {'ec2' | 'ipam' | 'cloudfront'} target
 * @property {string} [pool]
 * @property {string} [ipam]
 * @property {'x509' | 'dns-token'} verification
 */

/**
 * The autonomous systems that announce a range for AWS, and must be allowed to.
 *
 * @type {Record<ByoipPlan['partition'], number[]>}
 */
export const AWS_ORIGINS = { aws: [16509, 14618], 'aws-us-gov': [8987], 'aws-eusc': [16509, 214101] };

/** The smallest ranges that the internet routes, and AWS takes. */
const SMALLEST = { ipv4: 24, ipv6: 48 };

/**
 * @param {any} document byoip.json, which its JSON Schema has checked
 * @param {number} [now] milliseconds since the epoch; without it the authorisation may have expired
 * @returns {ByoipPlan}
 * @throws {Error} a line for each fault, with the field's path, what was found and what was expected
 */
export function byoipPlanOf(document, now) {
  const { $schema: _, ...fields } = document;
  const plan = { partition: 'aws', certificateDays: 365, verification: 'x509', ...fields };
  const faults = [...rangeFaults(plan), ...targetFaults(plan), ...regionFaults(plan), ...dateFaults(plan, now)];
  if (faults.length > 0) throw new Error(faults.map((fault) => `byoip: ${fault}`).join('\n'));
  return plan;
}

/** @param {ByoipPlan} plan */
function rangeFaults({ ranges, target, presentOrigin, partition }) {
  const parsed = ranges.map(parseRange);
  const faults = parsed.flatMap((range, index) => {
    const path = `ranges[${index}]`;
    if (range === undefined) return [`${path}: expected a range such as 192.0.2.0/24, found "${ranges[index]}"`];
    const kind = range.address.kind();
    const size = SMALLEST[kind];
    const isTooSmall = range.bits > size;
    const isOneOfThree = target !== 'cloudfront' || range.bits === size;
    const earlier = parsed.slice(0, index).findIndex((one) => one !== undefined && overlap(one, range));
    return [
      ...(isTooSmall ? [`${path}: expected a /${size} or larger, found ${range.text}`] : []),
      ...(!isTooSmall && !isOneOfThree ? [`${path}: expected a /${size} for CloudFront, found ${range.text}`] : []),
      ...(ipKind(range) === 'unicast'
        ? []
        : [`${path}: expected public addresses, found ${range.text} (${ipKind(range)})`]),
      ...(earlier < 0 ? [] : [`${path}: ${range.text} overlaps ranges[${earlier}], ${ranges[earlier]}`]),
    ];
  });
  const counts = /** @type {const} */ (['ipv4', 'ipv6']).map(
    (kind) => parsed.filter((one) => one?.address.kind() === kind).length,
  );
  const areThree = counts.every((count) => count === 0 || count === 3);
  return [
    ...faults,
    ...(target === 'cloudfront' && !areThree
      ? [
          'ranges: expected three /24, three /48 or both for CloudFront, ' +
            `found ${counts[0]} of IPv4 and ${counts[1]} of IPv6`,
        ]
      : []),
    ...(presentOrigin !== undefined && AWS_ORIGINS[partition].includes(presentOrigin)
      ? [
          'presentOrigin: expected the autonomous system that announces the ranges before AWS does, ' +
            `found AWS's ${presentOrigin}`,
        ]
      : []),
  ];
}

/** @param {ByoipPlan} plan */
function targetFaults({ target, pool, ipam, verification }) {
  return [
    ...(target !== 'ec2' && pool === undefined
      ? [`pool: expected the id of an IPAM pool with the target "${target}", found none`]
      : []),
    ...(target === 'ec2' && pool !== undefined ? ['pool: expected none with the target "ec2"'] : []),
    ...(target === 'ec2' && verification === 'dns-token'
      ? ['verification: expected "x509" with the target "ec2": a DNS token needs IPAM']
      : []),
    ...(verification === 'dns-token' && ipam === undefined
      ? ['ipam: expected the id of the IPAM that makes the DNS token, found none']
      : []),
  ];
}

/** @param {ByoipPlan} plan */
function regionFaults({ region, partition }) {
  const of = region.startsWith('us-gov-')
    ? 'aws-us-gov'
    : region.startsWith('eusc-')
      ? 'aws-eusc'
      : region.startsWith('cn-')
        ? 'aws-cn'
        : 'aws';
  return of === partition ? [] : [`region: expected a Region of the partition ${partition}, found ${region}`];
}

/** @param {ByoipPlan} plan @param {number} [now] */
function dateFaults({ expires }, now) {
  const time = Date.parse(`${expires}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== expires)
    return [`expires: expected a day of the calendar, found ${expires}`];
  return now === undefined || time > now ? [] : [`expires: expected a day to come, found ${expires}`];
}
