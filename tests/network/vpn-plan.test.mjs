// What a plan must be, and that each fault is told by its path.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkBySchema, readSchema } from '../../cli/checked-document.mjs';
import { hostsOf, parseRange } from '../../network/address.mjs';
import { checkedKeys, keyWarnings, newKeys } from '../../network/vpn/keys.mjs';
import { vpnPlanOf } from '../../network/vpn/plan.mjs';
import { ADDRESSES, VARIANTS, VPN, changed } from './fixture.mjs';

const planOf = (/** @type {any} */ vpn) => {
  checkBySchema(readSchema('vpn'), vpn, { name: 'vpn' });
  return vpnPlanOf(vpn);
};

for (const [name, vpn] of Object.entries(VARIANTS)) {
  test(`takes a plan: ${name}`, () => assert.equal(planOf(vpn).tunnels.length, 2));
}

test("both sides' ends of a tunnel are the two usable addresses of its range, AWS's first", () => {
  const [first, second] = planOf(VPN).tunnels;
  assert.deepEqual([first.awsInside, first.alibabaInside], ['169.254.116.209', '169.254.116.210']);
  assert.deepEqual([second.awsInside, second.alibabaInside, second.role], ['169.254.214.97', '169.254.214.98', 'slave']);
  assert.deepEqual(hostsOf('169.254.255.252/30'), ['169.254.255.253', '169.254.255.254']);
});

test('what is left out is what the schema says', () => {
  const { tunnels, ...least } = changed(({ aws, alibaba }) => {
    delete aws.asn;
    delete aws.subnets;
    delete alibaba.asn;
  });
  const plan = planOf(least);
  const { properties } = readSchema('vpn');
  assert.deepEqual(plan.tunnels.map(({ range }) => range), properties.tunnels.default);
  assert.deepEqual(tunnels, properties.tunnels.default);
  const defaults = (/** @type {any} */ section) =>
    Object.fromEntries(Object.entries(section.properties).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])));
  for (const [name, section] of Object.entries({ ike: plan.ike, ipsec: plan.ipsec, aws: plan.aws, alibaba: plan.alibaba })) {
    const expected = defaults(properties[name]);
    assert.deepEqual({ ...section, ...expected }, section, name);
    assert.ok(Object.keys(expected).length >= 2, name);
  }
  for (const name of /** @type {const} */ (['name', 'routing', 'dpdTimeoutSeconds'])) assert.equal(plan[name], properties[name].default);
});

for (const [what, change, message] of /** @type {[string, (vpn: any) => void, string][]} */ ([
  ['an unknown field', (vpn) => (vpn.awss = {}), 'vpn: awss: unknown field, expected one of $schema, name, routing, aws'],
  ['a missing field', (vpn) => delete vpn.aws.vpc, 'vpn: aws.vpc: expected a value, found none'],
  ['another type', (vpn) => (vpn.alibaba.vSwitches[1].zone = 5), 'vpn: alibaba.vSwitches[1].zone: expected string, found 5'],
  ['one tunnel', (vpn) => vpn.tunnels.pop(), 'vpn: tunnels: expected'],
  ['AWS alone has this algorithm', (vpn) => (vpn.ike = { encryption: 'aes256-gcm-16' }), 'vpn: ike.encryption: expected one of aes128, aes256, found "aes256-gcm-16"'],
  ['Alibaba Cloud alone has this algorithm', (vpn) => (vpn.ipsec = { integrity: 'md5' }), 'vpn: ipsec.integrity: expected one of sha1, sha256, sha384, sha512, found "md5"'],
  ['a group that AWS has not in phase 1', (vpn) => (vpn.ike = { dhGroup: 5 }), 'vpn: ike.dhGroup: expected one of 14, 2, found 5'],
  ['a lifetime that AWS has not', (vpn) => (vpn.ike = { lifetimeSeconds: 86_400 }), 'vpn: ike.lifetimeSeconds: expected <= 28800, found 86400'],
  ['a short DPD', (vpn) => (vpn.dpdTimeoutSeconds = 10), 'vpn: dpdTimeoutSeconds: expected >= 30, found 10'],
  ['host bits', (vpn) => (vpn.aws.ranges[0] = '192.168.0.1/16'), 'vpn: aws.ranges[0]: expected a range of IPv4 addresses such as 10.0.0.0/16, found "192.168.0.1/16"'],
  ['a leading zero', (vpn) => (vpn.aws.ranges[0] = '192.168.00.0/16'), 'vpn: aws.ranges[0]: expected a range'],
  ['three numbers', (vpn) => (vpn.alibaba.ranges[0] = '10.0.0/16'), 'vpn: alibaba.ranges[0]: expected a range'],
  ['IPv6', (vpn) => (vpn.alibaba.ranges[0] = '2001:db8::/48'), 'vpn: alibaba.ranges[0]: expected a range of IPv4'],
  ['overlapping VPCs', (vpn) => Object.assign(vpn.aws, { ranges: ['10.0.128.0/17'], subnets: [] }), 'vpn: alibaba.ranges[0]: 10.0.0.0/16 overlaps aws.ranges[0], 10.0.128.0/17'],
  ['overlapping ranges of one VPC', (vpn) => vpn.alibaba.ranges.push('10.0.5.0/24'), 'vpn: alibaba.ranges[1]: 10.0.5.0/24 overlaps alibaba.ranges[0], 10.0.0.0/16'],
  ['overlapping vSwitches', (vpn) => (vpn.alibaba.vSwitches[1].range = '10.0.0.128/25'), 'vpn: alibaba.vSwitches[1].range: 10.0.0.128/25 overlaps alibaba.vSwitches[0].range, 10.0.0.0/24'],
  ['a vSwitch twice', (vpn) => (vpn.alibaba.vSwitches[1].id = vpn.alibaba.vSwitches[0].id), 'vpn: alibaba.vSwitches: expected each once'],
  ['a vSwitch outside of its VPC', (vpn) => (vpn.alibaba.vSwitches[0].range = '10.1.0.0/24'), "vpn: alibaba.vSwitches[0].range: expected a part of the VPC's ranges, found 10.1.0.0/24"],
  ['a subnet outside of its VPC', (vpn) => (vpn.aws.subnets = ['172.16.0.0/24']), "vpn: aws.subnets[0]: expected a part of the VPC's ranges"],
  ["a VPC larger than AWS's", (vpn) => (vpn.aws.ranges = ['192.168.0.0/15']), 'vpn: aws.ranges[0]: expected a size from /16 to /28, found 192.168.0.0/15'],
  ["Alibaba Cloud's own addresses", (vpn) => (vpn.aws.ranges = ['100.64.0.0/16']), "vpn: aws.ranges[0]: expected no addresses of 100.64.0.0/10 (the range of Alibaba Cloud's own services), found 100.64.0.0/16"],
  ['link-local addresses', (vpn) => (vpn.alibaba.ranges = ['169.254.0.0/16']), 'vpn: alibaba.ranges[0]: expected no addresses of 169.254.0.0/16'],
  ['a tunnel of another size', (vpn) => (vpn.tunnels[0] = '169.254.116.208/29'), 'vpn: tunnels[0]: expected a /30 of 169.254.0.0/16, found 169.254.116.208/29'],
  ['a tunnel elsewhere', (vpn) => (vpn.tunnels[1] = '169.253.0.0/30'), 'vpn: tunnels[1]: expected a /30 of 169.254.0.0/16, found 169.253.0.0/30'],
  ['a tunnel twice', (vpn) => (vpn.tunnels[1] = vpn.tunnels[0]), 'vpn: tunnels[1]: 169.254.116.208/30 overlaps tunnels[0], 169.254.116.208/30'],
  ['an ASN of both', (vpn) => (vpn.alibaba.asn = 64512), 'vpn: alibaba.asn: expected another than aws.asn, found 64512'],
  ["Alibaba Cloud's ASN at AWS", (vpn) => (vpn.aws.asn = 45104), "vpn: aws.asn: expected another than 45104, which is Alibaba Cloud's own, reserved there"],
  ["Alibaba Cloud's ASN", (vpn) => (vpn.alibaba.asn = 45104), 'vpn: alibaba.asn: expected another than 45104'],
  ["AWS's ASN", (vpn) => (vpn.alibaba.asn = 7224), "vpn: alibaba.asn: expected another than 7224, which is AWS's own, reserved in us-east-1"],
  ['a public ASN at AWS', (vpn) => (vpn.aws.asn = 64_000), 'vpn: aws.asn: expected 64512 to 65534 or 4200000000 to 4294967294, found 64000'],
  ['a transit gateway without its id', (vpn) => (vpn.aws.gateway = { type: 'transit-gateway' }), 'vpn: aws.gateway.id: expected the id of a transit gateway'],
  ['a gateway of another kind', (vpn) => (vpn.aws.gateway = { type: 'vpn-gateway', id: 'tgw-1' }), 'vpn: aws.gateway.id: expected vgw-… of a vpn-gateway, found tgw-1'],
  ['static routes of a transit gateway', (vpn) => Object.assign(vpn, { routing: 'static', aws: { ...vpn.aws, gateway: { type: 'transit-gateway', id: 'tgw-1' } } }), 'vpn: routing: expected "bgp" with a transit gateway'],
  ['a gateway without its addresses', (vpn) => (vpn.alibaba.gateway = 'vpn-1'), 'vpn: alibaba.addresses: expected the two public addresses of vpn-1, found none'],
  ['a private address', (vpn) => (vpn.alibaba.addresses = [ADDRESSES[0], '10.0.0.4']), 'vpn: alibaba.addresses[1]: expected a public address, found 10.0.0.4 (private)'],
  ['an address twice', (vpn) => (vpn.alibaba.addresses = [ADDRESSES[0], ADDRESSES[0]]), 'vpn: alibaba.addresses[1]: expected each address once'],
  ['no address', (vpn) => (vpn.alibaba.addresses = [ADDRESSES[0], 'vpn.example.com']), 'vpn: alibaba.addresses[1]: expected an IPv4 address, found "vpn.example.com"'],
  ['phase 2 that outlives phase 1', (vpn) => Object.assign(vpn, { ike: { lifetimeSeconds: 3600 } }), 'vpn: ipsec.lifetimeSeconds: expected less than ike.lifetimeSeconds, 3600, found 3600'],
  ['the border of mainland China', (vpn) => (vpn.alibaba.region = 'cn-hangzhou'), 'vpn: alibaba.region: cn-hangzhou and aws.region, eu-central-1, are on two sides of the border of mainland China'],
  ['the border, from the other side', (vpn) => (vpn.aws.region = 'cn-north-1'), 'vpn: alibaba.region: eu-central-1 and aws.region, cn-north-1, are on two sides'],
])) {
  test(`refuses ${what}`, () => {
    assert.throws(() => planOf(changed(change)), (error) => (error instanceof Error && error.message.startsWith(message)) || assert.fail(String(error)));
  });
}

for (const [reserved, whose] of [
  ...['0.0', '1.0', '2.0', '3.0', '4.0', '5.0', '169.252'].map((end) => [`169.254.${end}/30`, 'AWS']),
  ['169.254.6.0/30', 'Alibaba Cloud'],
]) {
  test(`refuses ${reserved}, which ${whose} keeps`, () => {
    assert.throws(() => planOf(changed((vpn) => (vpn.tunnels[0] = reserved))), new RegExp(`^Error: vpn: tunnels\\[0\\]: ${reserved} is reserved by ${whose}`, 'u'));
  });
}

test('tells every fault at once', () => {
  const vpn = changed(({ aws, alibaba, tunnels }) => {
    aws.asn = 45104;
    alibaba.region = 'cn-beijing';
    tunnels[0] = '169.254.0.0/30';
  });
  assert.throws(() => planOf(vpn), ({ message }) => message.split('\n').length >= 4);
});

test('Hong Kong is on this side of the border, and mainland to mainland is no border', () => {
  planOf(changed(({ alibaba }) => (alibaba.region = 'cn-hongkong')));
  planOf(changed(({ aws, alibaba }) => Object.assign(aws, { region: 'cn-north-1' }) && Object.assign(alibaba, { region: 'cn-beijing' })));
});

test('warns of what is weak, and of one zone', () => {
  const weak = planOf(changed((vpn) => {
    vpn.ike = { version: 'ikev1', integrity: 'sha1', dhGroup: 2 };
    vpn.alibaba.vSwitches[1].zone = 'eu-central-1b';
  }));
  assert.deepEqual(weak.warnings.map((warning) => warning.split(':')[0]), ['ike.version', 'ike.integrity', 'ike.dhGroup', 'alibaba.vSwitches[1].zone']);
  assert.deepEqual(planOf(VPN).warnings, []);
});

test('new keys are what both sides take, long, and never the same', () => {
  const all = Array.from({ length: 200 }, newKeys);
  for (const keys of all) checkedKeys(keys, 'keys');
  assert.equal(new Set(all.flatMap(Object.values)).size, 400);
  assert.deepEqual(keyWarnings(all[0]), []);
  assert.deepEqual(keyWarnings({ ...all[0], tunnel2_key: 'short_key' }), ['tunnel2_key: has fewer than 20 characters']);
});

for (const key of ['0startsWithZero', 'seven77', 'a'.repeat(65), 'white space', 'plus+plus+', 'ümlautümlaut', 'line\nbreaks', '', 12345678, undefined]) {
  test(`refuses the key ${JSON.stringify(key)} without quoting it`, () => {
    assert.throws(() => checkedKeys({ ...newKeys(), tunnel2_key: key }, 'keys'), (error) =>
      error instanceof Error && error.message.startsWith('keys: tunnel2_key: expected 8 to 64') && (key === '' || !error.message.includes(String(key))));
  });
}

test('refuses one key for both tunnels, and unknown fields', () => {
  const { tunnel1_key } = newKeys();
  assert.throws(() => checkedKeys({ tunnel1_key, tunnel2_key: tunnel1_key }, 'keys'), /tunnel2_key: expected another key than tunnel1_key$/u);
  assert.throws(() => checkedKeys({ ...newKeys(), tunnel3_key: 'abcdefghij' }, 'keys'), /tunnel3_key: unknown field/u);
  assert.throws(() => checkedKeys(null, 'keys'), /tunnel1_key: expected/u);
});

test('reads ranges in one spelling only', () => {
  for (const text of ['10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '192.0.2.1/32']) assert.equal(parseRange(text)?.text, text);
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '0x0a.0.0.0/8', '2001:DB8::/32', '2001:0db8::/32', '10.0.0.0/8 ', '::ffff:10.0.0.0/104', '10.0.0.256/32', '']) {
    assert.equal(parseRange(text), undefined, text);
  }
});
