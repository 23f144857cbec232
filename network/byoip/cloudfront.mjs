/** What anycast static IPs of CloudFront ask for beside the ranges: of the pool, and of each distribution. */
import { finding } from '../finding.mjs';

/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../finding.mjs').Finding} Finding */

/** Distributions that one list takes. */
const LARGEST_LIST = 100;

/** @param {ByoipPlan} plan @param {any} pool of DescribeIpamPools @returns {Finding[]} */
export function poolFindings({ target, pool: id, ranges }, pool) {
  if (pool === undefined) return [finding(`${id}`, false, 'none', 'create it, or name the one that is there')];
  const service = target === 'cloudfront' ? 'global-services' : 'ec2';
  const family = ranges.every((range) => range.includes(':')) ? 'ipv6' : 'ipv4';
  return [
    finding(
      `${id}: what it is for`,
      pool.AwsService === service && pool.PublicIpSource === 'byoip',
      `${pool.AwsService ?? 'no service'}, ${pool.PublicIpSource ?? 'private addresses'}`,
      `create a pool with AwsService ${service} and PublicIpSource byoip`,
    ),
    finding(
      `${id}: its family`,
      pool.AddressFamily === family,
      String(pool.AddressFamily),
      `a pool has one family: this one is to have ${family}`,
    ),
    finding(
      `${id}: its state`,
      /^(create|modify)-complete$/u.test(pool.State),
      String(pool.State),
      'wait until it is ready',
    ),
    ...(target === 'cloudfront'
      ? [
          finding(
            `${id}: its locale`,
            pool.Locale === 'global',
            String(pool.Locale),
            'CloudFront takes a pool with the locale global',
          ),
        ]
      : []),
  ];
}

/**
 * @param {ByoipPlan} plan
 * @param {any} report what `aws cloudfront list-distributions` prints
 * @param {string[]} [ids] of the distributions that get the addresses; by default all of them
 * @returns {Finding[]}
 */
export function distributionFindings({ ranges }, report, ids) {
  const items = report?.DistributionList?.Items;
  if (!Array.isArray(items))
    throw new Error('expected the JSON of list-distributions, found no DistributionList.Items');
  const chosen = ids === undefined ? items : items.filter(({ Id }) => ids.includes(Id));
  const hasIpv6 = ranges.some((range) => range.includes(':'));
  const missing = (ids ?? []).filter((id) => !items.some(({ Id }) => Id === id));
  return [
    finding(
      'distributions of the list',
      chosen.length > 0 && chosen.length <= LARGEST_LIST,
      String(chosen.length),
      `a list takes 1 to ${LARGEST_LIST}`,
    ),
    ...missing.map((id) => finding(id, false, 'none', 'expected a distribution of this account')),
    ...chosen.flatMap(({ Id, PriceClass, IsIPV6Enabled, ViewerCertificate, Staging }) => [
      finding(
        `${Id}: price class`,
        PriceClass === 'PriceClass_All',
        String(PriceClass),
        'the addresses are announced everywhere: PriceClass_All',
      ),
      finding(
        `${Id}: IPv6`,
        hasIpv6 || IsIPV6Enabled === false,
        String(IsIPV6Enabled),
        'a list of IPv4 alone wants IPv6 off',
      ),
      ...(ViewerCertificate?.SSLSupportMethod === 'vip' || ViewerCertificate?.SSLSupportMethod === 'static-ip'
        ? [
            finding(
              `${Id}: TLS`,
              false,
              ViewerCertificate.SSLSupportMethod,
              'dedicated addresses exclude these: sni-only',
            ),
          ]
        : []),
      ...(Staging === true ? [finding(`${Id}`, false, 'a staging distribution', 'choose its primary')] : []),
    ]),
  ];
}
