// What `oss-edge network vpn verify` says of both clouds' answers, in the forms of EC2's and Alibaba Cloud's API references.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { vpnPlanOf } from '../../network/vpn/plan.mjs';
import { vpnFindings } from '../../network/vpn/verify.mjs';
import { modelOf } from '../deploy/service-model.mjs';
import { xmlOf } from './aws-configuration.mjs';
import { ADDRESSES, VARIANTS, ossEdge } from './fixture.mjs';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-vpn-'));
after(() => rm(directory, { recursive: true }));

const KEYS = { tunnel1_key: 'firstKey.firstKey.firstKey', tunnel2_key: 'secondKey.secondKey.secondKey' };
const OUTSIDE = ['3.64.1.8', '3.64.1.9'];

/** Everything as planned: `describe-vpn-connections`. @param {any} [vpn] @returns {any} */
function connectionsOf(vpn = VARIANTS.bgp) {
  const { tunnels, ike, ipsec, routing, dpdTimeoutSeconds } = vpnPlanOf(vpn);
  const gateway = vpn.aws.gateway?.type === 'transit-gateway' ? { TransitGatewayId: vpn.aws.gateway.id } : { VpnGatewayId: 'vgw-0a1b2c3d4e5f60718' };
  const options = (/** @type {any} */ { range }, /** @type {number} */ index) => ({
    OutsideIpAddress: OUTSIDE[index],
    TunnelInsideCidr: range,
    PreSharedKey: Object.values(KEYS)[index],
    Phase1LifetimeSeconds: ike.lifetimeSeconds,
    Phase2LifetimeSeconds: ipsec.lifetimeSeconds,
    DpdTimeoutSeconds: dpdTimeoutSeconds,
    DpdTimeoutAction: 'restart',
    Phase1EncryptionAlgorithms: [{ Value: 'AES256' }],
    Phase2EncryptionAlgorithms: [{ Value: 'AES256' }],
    Phase1IntegrityAlgorithms: [{ Value: 'SHA2-256' }],
    Phase2IntegrityAlgorithms: [{ Value: 'SHA2-256' }],
    Phase1DHGroupNumbers: [{ Value: 14 }],
    Phase2DHGroupNumbers: [{ Value: 14 }],
    IkeVersions: [{ Value: 'ikev2' }],
    StartupAction: 'add',
  });
  return {
    VpnConnections: tunnels.map((tunnel, index) => ({
      VpnConnectionId: `vpn-${index + 1}`,
      CustomerGatewayId: `cgw-${index + 1}`,
      ...gateway,
      State: 'available',
      Type: 'ipsec.1',
      Category: 'VPN',
      CustomerGatewayConfiguration: xmlOf({ customer: ADDRESSES[index], ends: [{ inside: [tunnel.awsInside, tunnel.alibabaInside], outside: OUTSIDE[index], key: 'k' }] }),
      Options: {
        StaticRoutesOnly: routing === 'static',
        TunnelOptions: [options(tunnel, index), { OutsideIpAddress: `52.0.0.${index}`, TunnelInsideCidr: `169.254.${50 + index}.0/30`, PreSharedKey: 'x' }],
      },
      VgwTelemetry: [
        { OutsideIpAddress: OUTSIDE[index], Status: 'UP', StatusMessage: '1 BGP ROUTES', AcceptedRouteCount: 1, LastStatusChange: '2026-11-30T12:00:00Z' },
        { OutsideIpAddress: `52.0.0.${index}`, Status: 'DOWN', StatusMessage: 'IPSEC IS DOWN', AcceptedRouteCount: 0, LastStatusChange: '2026-11-30T12:00:00Z' },
      ],
    })),
  };
}

/** `describe-route-tables` @param {object[]} routes */
const tableOf = (...routes) => ({
  RouteTables: [{ RouteTableId: 'rtb-0a1b2c3d4e5f60718', Routes: [{ DestinationCidrBlock: '192.168.0.0/16', GatewayId: 'local', State: 'active', Origin: 'CreateRouteTable' }, ...routes] }],
});
const WAY = { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'vgw-0a1b2c3d4e5f60718', State: 'active', Origin: 'EnableVgwRoutePropagation' };

/** `aliyun vpc DescribeVpnConnections` @returns {any} */
function alibabaOf() {
  const { tunnels, name } = vpnPlanOf(VARIANTS.bgp);
  return {
    VpnConnections: {
      VpnConnection: [
        {
          Name: name,
          VpnConnectionId: 'vco-1',
          EnableTunnelsBgp: true,
          TunnelOptionsSpecification: {
            TunnelOptions: tunnels.map((tunnel, index) => ({
              Role: tunnel.role,
              InternetIp: ADDRESSES[index],
              State: 'active',
              Status: 'ipsec_sa_established',
              TunnelBgpConfig: { BgpStatus: 'success', LocalAsn: '65530', PeerAsn: '64512', LocalBgpIp: tunnel.alibabaInside, PeerBgpIp: tunnel.awsInside, TunnelCidr: tunnel.range },
              TunnelIkeConfig: { IkeVersion: 'ikev2', IkeMode: 'main', IkeEncAlg: 'aes256', IkeAuthAlg: 'sha256', IkePfs: 'group14', IkeLifetime: '28800', Psk: 'p', LocalId: '', RemoteId: '' },
              TunnelIpsecConfig: { IpsecEncAlg: 'aes256', IpsecAuthAlg: 'sha256', IpsecPfs: 'group14', IpsecLifetime: '3600' },
            })),
          },
        },
      ],
    },
  };
}

/** @param {any} reports @param {any} [vpn] @returns {string[]} what fails, and why */
const failures = (reports, vpn = VARIANTS.bgp) =>
  vpnFindings(vpnPlanOf(vpn), reports).filter(({ verdict }) => verdict === 'fails').map(({ what, found }) => `${what}: ${found}`);

test('the answers in these tests have the members that EC2 names', () => {
  const { shapes } = modelOf('ec2');
  const check = (/** @type {string} */ name, /** @type {any} */ value) => {
    const shape = shapes[name];
    if (shape.type === 'list') return value.forEach((/** @type {any} */ one) => check(shape.member.shape, one));
    if (shape.type !== 'structure') return;
    const members = new Map(Object.entries(shape.members).map(([member, { shape: of }]) => [member, of]));
    for (const [member, of] of Object.entries(value)) {
      assert.ok(members.has(member), `${name}.${member}`);
      check(String(members.get(member)), of);
    }
  };
  check('DescribeVpnConnectionsResult', connectionsOf());
  check('DescribeRouteTablesResult', tableOf(WAY));
});

test('finds nothing where everything is as planned', () => {
  const findings = vpnFindings(vpnPlanOf(VARIANTS.bgp), { connections: connectionsOf(), routes: [tableOf(WAY)], alibaba: alibabaOf(), keys: KEYS });
  assert.deepEqual(findings.filter(({ verdict }) => verdict !== 'holds'), []);
  assert.ok(findings.length >= 14);
  assert.ok(!JSON.stringify(findings).includes('Key.'));
});

for (const [what, change, expected] of /** @type {[string, (connections: any[]) => unknown, string[]][]} */ ([
  ['a connection that is not there', (all) => all.pop(), ['tunnel 2: its connection at AWS: none with 169.254.214.96/30']],
  ['one that is being deleted', (all) => (all[1].State = 'deleting'), ['tunnel 2: its connection at AWS: none with 169.254.214.96/30']],
  ['two of one tunnel', (all) => all.push({ ...structuredClone(all[0]), VpnConnectionId: 'vpn-3' }), ['tunnel 1: its connection at AWS: vpn-1, vpn-3']],
  ['static routes', (all) => (all[0].Options.StaticRoutesOnly = true), ['tunnel 1: its connection at AWS: vpn-1, available, at vgw-0a1b2c3d4e5f60718, static routes']],
  ['a tunnel that is down', (all) => Object.assign(all[0].VgwTelemetry[0], { Status: 'DOWN', StatusMessage: 'IPSEC IS DOWN' }), ['tunnel 1: at AWS: DOWN, "IPSEC IS DOWN"']],
  ['no routes', (all) => (all[1].VgwTelemetry[0].AcceptedRouteCount = 0), ['tunnel 2: routes from Alibaba Cloud: 0']],
  ['another lifetime', (all) => (all[0].Options.TunnelOptions[0].Phase2LifetimeSeconds = 1800), ['tunnel 1: Phase2LifetimeSeconds: 1800']],
  ['algorithms beside the planned one', (all) => all[0].Options.TunnelOptions[0].Phase1EncryptionAlgorithms.push({ Value: 'AES128' }), ['tunnel 1: Phase1EncryptionAlgorithms: AES256, AES128']],
  ['another DPD', (all) => (all[1].Options.TunnelOptions[0].DpdTimeoutAction = 'clear'), ['tunnel 2: DPDTimeoutAction: clear']],
  ['another customer gateway', (all) => (all[0].CustomerGatewayConfiguration = all[0].CustomerGatewayConfiguration.replace(ADDRESSES[0], '8.211.99.1')), ["tunnel 1: AWS's customer gateway: 8.211.99.1"]],
  ['somebody at a second tunnel', (all) => (all[0].VgwTelemetry[1].Status = 'UP'), ["tunnel 1: the connection's second tunnel: UP at 52.0.0.0"]],
  ['another key', (all) => (all[0].Options.TunnelOptions[0].PreSharedKey = 'another.another'), ["tunnel 1: its pre-shared key: another than the keys' file has"]],
])) {
  test(`at AWS: ${what}`, () => {
    const connections = connectionsOf();
    change(connections.VpnConnections);
    assert.deepEqual(failures({ connections, keys: KEYS }), expected);
  });
}

test('tells BGP that is down from IPsec that is down', () => {
  const follows = (/** @type {string} */ StatusMessage) => {
    const connections = connectionsOf();
    Object.assign(connections.VpnConnections[0].VgwTelemetry[0], { Status: 'DOWN', StatusMessage });
    return vpnFindings(vpnPlanOf(VARIANTS.bgp), { connections }).find(({ verdict }) => verdict === 'fails')?.follows ?? '';
  };
  assert.match(follows('IPSEC IS UP'), /BGP isn't/u);
  assert.match(follows('IPSEC IS DOWN'), /another key, other algorithms/u);
});

for (const [what, routes, expected] of /** @type {[string, any[], string[]][]} */ ([
  ['none', [], ['none']],
  ['a black hole', [{ ...WAY, State: 'blackhole' }], ['10.0.0.0/16 to vgw-0a1b2c3d4e5f60718, blackhole']],
  ['the internet', [{ ...WAY, DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' }], ['0.0.0.0/0 to igw-1, active']],
  ['a more specific way elsewhere', [WAY, { DestinationCidrBlock: '10.0.10.0/24', VpcPeeringConnectionId: 'pcx-1', State: 'active' }], ['10.0.10.0/24 to pcx-1, active']],
  ['the default route and the right one', [{ ...WAY, DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' }, WAY], []],
  ['a prefix list, which has no range', [WAY, { DestinationPrefixListId: 'pl-1', GatewayId: 'vpce-1', State: 'active' }], []],
  ['more specific routes of the same gateway', [WAY, { ...WAY, DestinationCidrBlock: '10.0.10.0/24' }], []],
])) {
  test(`routes to Alibaba Cloud: ${what}`, () => {
    assert.deepEqual(failures({ connections: connectionsOf(), routes: [tableOf(...routes)] }), expected.map((found) => `rtb-0a1b2c3d4e5f60718: the way to 10.0.0.0/16: ${found}`));
  });
}

test('a route table that is not in the answer is unknown, and no routes at all are refused', () => {
  const report = { RouteTables: [{ RouteTableId: 'rtb-1', Routes: [] }] };
  const findings = vpnFindings(vpnPlanOf(VARIANTS.bgp), { connections: connectionsOf(), routes: [report] });
  assert.deepEqual(findings.filter(({ verdict }) => verdict === 'unknown').map(({ what }) => what), ['rtb-0a1b2c3d4e5f60718: its routes']);
  assert.throws(() => vpnFindings(vpnPlanOf(VARIANTS.bgp), { connections: connectionsOf(), routes: [{}] }), /expected the JSON of describe-route-tables/u);
  assert.throws(() => vpnFindings(vpnPlanOf(VARIANTS.bgp), { connections: {} }), /expected the JSON of describe-vpn-connections/u);
});

test('routes of a transit gateway', () => {
  const vpn = VARIANTS['transit gateway'];
  const report = (/** @type {object} */ route) => ({ Routes: [{ DestinationCidrBlock: '10.0.0.0/16', State: 'active', Type: 'propagated', TransitGatewayAttachments: [{ ResourceType: 'vpn', ResourceId: 'vpn-1' }], ...route }] });
  const of = (/** @type {object} */ route) => failures({ connections: connectionsOf(vpn), routes: [report(route)] }, vpn);
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ State: 'blackhole' }), ['transit gateway: the way to 10.0.0.0/16: 10.0.0.0/16, blackhole, vpn']);
  assert.deepEqual(of({ DestinationCidrBlock: '10.1.0.0/16' }), ['transit gateway: the way to 10.0.0.0/16: none']);
  assert.deepEqual(of({ TransitGatewayAttachments: [{ ResourceType: 'peering' }] }), ['transit gateway: the way to 10.0.0.0/16: 10.0.0.0/16, active, peering']);
  assert.deepEqual(failures({ connections: connectionsOf(VARIANTS.bgp) }, vpn).map((text) => text.split(',')[0]), ['tunnel 1: its connection at AWS: vpn-1', 'tunnel 2: its connection at AWS: vpn-2']);
});

for (const [what, change, expected] of /** @type {[string, (report: any, tunnels: any[]) => unknown, string[]][]} */ ([
  ['phase 1', (_, tunnels) => (tunnels[0].Status = 'ike_sa_not_established'), ['tunnel 1: at Alibaba Cloud: ike_sa_not_established']],
  ['BGP', (_, tunnels) => (tunnels[1].TunnelBgpConfig.BgpStatus = 'false'), ['tunnel 2: BGP at Alibaba Cloud: false']],
  ['another peer', (_, tunnels) => (tunnels[1].TunnelBgpConfig.PeerAsn = '45104'), ['tunnel 2: TunnelBgpConfig.PeerAsn: 45104']],
  ['another lifetime', (_, tunnels) => (tunnels[0].TunnelIkeConfig.IkeLifetime = 86_400), ['tunnel 1: TunnelIkeConfig.IkeLifetime: 86400']],
  ['a single tunnel', (_, tunnels) => tunnels.pop(), ['tunnel 2: at Alibaba Cloud: no slave']],
  ['another name', ({ VpnConnections }) => (VpnConnections.VpnConnection[0].Name = 'other'), ["Alibaba Cloud's connection: 0 called oss-edge-vpn"]],
])) {
  test(`at Alibaba Cloud: ${what}`, () => {
    const alibaba = alibabaOf();
    change(alibaba, alibaba.VpnConnections.VpnConnection[0].TunnelOptionsSpecification.TunnelOptions);
    assert.deepEqual(failures({ connections: connectionsOf(), alibaba }), expected);
  });
}

test('the command line: exit status, JSON, standard input, and no key', async () => {
  const file = (/** @type {string} */ name) => join(directory, name);
  await writeFile(file('vpn.json'), JSON.stringify(VARIANTS.bgp));
  await writeFile(file('keys.json'), JSON.stringify(KEYS), { mode: 0o600 });
  await writeFile(file('routes.json'), JSON.stringify(tableOf(WAY)));
  const connections = connectionsOf();
  const args = ['network', 'vpn', 'verify', '--config', file('vpn.json'), '--connections', '-', '--keys', file('keys.json'), '--routes', file('routes.json')];
  const good = await ossEdge(args, JSON.stringify(connections));
  assert.deepEqual([good.status, good.stderr, good.stdout.includes('FAILS')], [0, '', false]);
  connections.VpnConnections[0].VgwTelemetry[0].Status = 'DOWN';
  const bad = await ossEdge([...args, '--json'], JSON.stringify(connections));
  assert.equal(bad.status, 1);
  const findings = bad.stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(findings.filter(({ verdict }) => verdict === 'fails').map(({ what }) => what), ['tunnel 1: at AWS']);
  for (const text of [good.stdout, bad.stdout]) for (const key of Object.values(KEYS)) assert.ok(!text.includes(key));
  assert.match((await ossEdge(['network', 'vpn', 'verify', '--config', file('vpn.json')])).stderr, /expected --connections FILE/u);
});
