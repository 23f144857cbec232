/** What doesn't fit in a plan, on one side or between the two. Each fault begins with the field's path. */
import { covers, holds, overlap, parseIpv4, parseRange } from '../address.mjs';
import { LINK_LOCAL, PRIVATE_ASNS, RESERVED_ASNS, RESERVED_TUNNELS, SIZES, UNUSABLE, isMainland } from './rules.mjs';

/** @typedef {import('./plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('../address.mjs').Range} Range */
/** @typedef {{ path: string, range: Range }} Placed */

/** @param {VpnPlan} plan @returns {string[]} */
export function faultsOf(plan) {
  return [
    ...unreadableRanges(plan),
    ...sideFaults(plan, 'aws'),
    ...sideFaults(plan, 'alibaba'),
    ...overlapsBetween(plan),
    ...tunnelFaults(plan),
    ...(plan.routing === 'bgp' ? asnFaults(plan) : []),
    ...gatewayFaults(plan),
    ...addressFaults(plan),
    ...lifetimeFaults(plan),
    ...crossBorderFaults(plan),
  ];
}

/** @param {VpnPlan} plan @returns {string[]} */
export function warningsOf({ ike, ipsec, alibaba }) {
  const phases = /** @type {const} */ ([
    ['ike', ike],
    ['ipsec', ipsec],
  ]);
  const [first, second] = alibaba.vSwitches;
  return [
    ...(ike.version === 'ikev1'
      ? ['ike.version: ikev1 is obsolete (RFC 9395), and AWS then never begins a tunnel']
      : []),
    ...phases.flatMap(([path, { integrity, dhGroup }]) => [
      ...(integrity === 'sha1' ? [`${path}.integrity: sha1 is weak: sha256 is taken by both sides`] : []),
      ...(dhGroup < 14 ? [`${path}.dhGroup: group ${dhGroup} is weak: 14 is taken by both sides`] : []),
    ]),
    ...(first.zone === second.zone
      ? [`alibaba.vSwitches[1].zone: both addresses of the gateway are in ${first.zone}`]
      : []),
  ];
}

/** @param {VpnPlan} plan */
function placedRanges({ aws, alibaba, tunnels }) {
  /** @type {[string, string][]} */
  const texts = [
    ...entries('aws.ranges', aws.ranges),
    ...entries('aws.subnets', aws.subnets),
    ...entries('alibaba.ranges', alibaba.ranges),
    ...alibaba.vSwitches.map(
      ({ range }, index) => /** @type {[string, string]} */ ([`alibaba.vSwitches[${index}].range`, range]),
    ),
    ...entries(
      'tunnels',
      tunnels.map(({ range }) => range),
    ),
  ];
  return texts;
}

/** @param {string} path @param {string[]} texts @returns {[string, string][]} */
function entries(path, texts) {
  return texts.map((text, index) => [`${path}[${index}]`, text]);
}

/** @param {VpnPlan} plan @param {string} prefix of the paths @returns {Placed[]} those that can be read */
function ranges(plan, prefix) {
  return placedRanges(plan).flatMap(([path, text]) => {
    const range = path.startsWith(prefix) ? readable(text) : undefined;
    return range === undefined ? [] : [{ path, range }];
  });
}

/** @param {string} text */
function readable(text) {
  const range = parseRange(text);
  return range?.address.kind() === 'ipv4' ? range : undefined;
}

/** @param {VpnPlan} plan */
function unreadableRanges(plan) {
  return placedRanges(plan)
    .filter(([, text]) => readable(text) === undefined)
    .map(([path, text]) => `${path}: expected a range of IPv4 addresses such as 10.0.0.0/16, found "${text}"`);
}

/** @param {VpnPlan} plan @param {'aws' | 'alibaba'} side */
function sideFaults(plan, side) {
  const vpc = ranges(plan, `${side}.ranges`);
  const parts = ranges(plan, side === 'aws' ? 'aws.subnets' : 'alibaba.vSwitches');
  const ids = plan.alibaba.vSwitches.map(({ id }) => id);
  return [
    ...vpc.flatMap((one) => [...sizeFault(one, SIZES[side].vpc), ...unusableFault(one)]),
    ...parts.flatMap((one) => sizeFault(one, SIZES[side].subnet)),
    ...overlaps(vpc, vpc),
    ...overlaps(parts, parts),
    ...parts
      .filter(({ range }) => !vpc.some((one) => covers(one.range, range)))
      .map(({ path, range }) => `${path}: expected a part of the VPC's ranges, found ${range.text}`),
    ...(side === 'alibaba' && new Set(ids).size < ids.length
      ? [`alibaba.vSwitches: expected each once, found ${ids.join(', ')}`]
      : []),
  ];
}

/** @param {Placed} placed @param {number[]} sizes */
function sizeFault({ path, range }, [largest, smallest]) {
  const isWithin = range.bits >= largest && range.bits <= smallest;
  return isWithin ? [] : [`${path}: expected a size from /${largest} to /${smallest}, found ${range.text}`];
}

/** @param {Placed} placed */
function unusableFault({ path, range }) {
  return UNUSABLE.filter((one) => overlap(one.range, range)).map(
    ({ range: { text }, why }) => `${path}: expected no addresses of ${text} (${why}), found ${range.text}`,
  );
}

/** @param {VpnPlan} plan */
function overlapsBetween(plan) {
  return overlaps(ranges(plan, 'aws.ranges'), ranges(plan, 'alibaba.ranges'));
}

/** @param {Placed[]} some @param {Placed[]} others the same list to compare each two of it @returns {string[]} */
function overlaps(some, others) {
  return some.flatMap((one, index) =>
    others
      .slice(some === others ? index + 1 : 0)
      .filter((other) => overlap(one.range, other.range))
      .map((other) => `${other.path}: ${other.range.text} overlaps ${one.path}, ${one.range.text}`),
  );
}

/** @param {VpnPlan} plan */
function tunnelFaults(plan) {
  const tunnels = ranges(plan, 'tunnels');
  return [
    ...tunnels.flatMap(({ path, range }) =>
      range.bits === 30 && covers(LINK_LOCAL, range)
        ? RESERVED_TUNNELS.filter(([, reserved]) => reserved.some((one) => overlap(one, range))).map(
            ([who]) => `${path}: ${range.text} is reserved by ${who}`,
          )
        : [`${path}: expected a /30 of 169.254.0.0/16, found ${range.text}`],
    ),
    ...overlaps(tunnels, tunnels),
  ];
}

/** @param {VpnPlan} plan */
function asnFaults({ aws, alibaba }) {
  const isPrivate = PRIVATE_ASNS.some(([first, last]) => aws.asn >= first && aws.asn <= last);
  return [
    ...reservedAsn('aws.asn', aws.asn),
    ...reservedAsn('alibaba.asn', alibaba.asn),
    ...(isPrivate ? [] : [`aws.asn: expected 64512 to 65534 or 4200000000 to 4294967294, found ${aws.asn}`]),
    ...(aws.asn === alibaba.asn ? [`alibaba.asn: expected another than aws.asn, found ${alibaba.asn}`] : []),
  ];
}

/** @param {string} path @param {number} asn */
function reservedAsn(path, asn) {
  return RESERVED_ASNS.filter(([first, last]) => asn >= first && asn <= last).map(
    ([, , why]) => `${path}: expected another than ${asn}, which is ${why}`,
  );
}

/** @param {VpnPlan} plan */
function gatewayFaults({ aws: { gateway }, routing }) {
  const prefix = gateway.type === 'vpn-gateway' ? 'vgw-' : 'tgw-';
  return [
    ...(gateway.id !== undefined && !gateway.id.startsWith(prefix)
      ? [`aws.gateway.id: expected ${prefix}… of a ${gateway.type}, found ${gateway.id}`]
      : []),
    ...(gateway.type === 'transit-gateway' && gateway.id === undefined
      ? ['aws.gateway.id: expected the id of a transit gateway that is there, found none']
      : []),
    ...(gateway.type === 'transit-gateway' && routing === 'static'
      ? ['routing: expected "bgp" with a transit gateway: CloudFormation can\'t name the attachment of a static route']
      : []),
  ];
}

/** @param {VpnPlan} plan */
function addressFaults({ alibaba, tunnels }) {
  const { gateway } = alibaba;
  const addresses = /** @type {string[]} */ (alibaba.addresses ?? []);
  if (gateway !== undefined && addresses.length === 0) {
    return [`alibaba.addresses: expected the two public addresses of ${gateway}, found none`];
  }
  const given = [
    ...entries('alibaba.addresses', addresses),
    ...tunnels.flatMap(({ awsOutside, number }) =>
      awsOutside === undefined
        ? []
        : [/** @type {[string, string]} */ ([`AWS's address of tunnel ${number}`, awsOutside])],
    ),
  ];
  return given.flatMap(([path, text], index) => {
    const address = parseIpv4(text);
    if (address === undefined) return [`${path}: expected an IPv4 address, found "${text}"`];
    const kind = address.range();
    const isPublic = kind === 'unicast' && !UNUSABLE.some(({ range }) => holds(range, address));
    if (!isPublic) return [`${path}: expected a public address, found ${text} (${kind})`];
    const isRepeated = given.slice(0, index).some(([, other]) => other === text);
    return isRepeated ? [`${path}: expected each address once, found ${text} again`] : [];
  });
}

/** @param {VpnPlan} plan */
function lifetimeFaults({ ike, ipsec }) {
  return ipsec.lifetimeSeconds < ike.lifetimeSeconds
    ? []
    : [
        `ipsec.lifetimeSeconds: expected less than ike.lifetimeSeconds, ${ike.lifetimeSeconds}, ` +
          `found ${ipsec.lifetimeSeconds}`,
      ];
}

/** @param {VpnPlan} plan */
function crossBorderFaults({ aws, alibaba }) {
  if (isMainland.aws(aws.region) === isMainland.alibaba(alibaba.region)) return [];
  return [
    `alibaba.region: ${alibaba.region} and aws.region, ${aws.region}, are on two sides of the border of mainland ` +
      "China, which Alibaba Cloud's VPN Gateway doesn't cross: expected both on one side, or Cloud Enterprise Network",
  ];
}
