// Both sides of each plan: cfn-lint and EC2's own service model judge AWS's, the provider's argument reference
// (alicloud-arguments.json) Alibaba Cloud's, and the two must have the same numbers.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { alibabaTerraform, alibabaVariables } from '../../network/vpn/alibaba-terraform.mjs';
import { awsTemplate } from '../../network/vpn/aws-template.mjs';
import { vpnPlanOf } from '../../network/vpn/plan.mjs';
import { cfnLint } from '../deploy/cfn-lint.mjs';
import { checkInput } from '../deploy/service-model.mjs';
import { ADDRESSES, VARIANTS } from './fixture.mjs';

const REGIONS = 'eu-central-1 us-east-1';
const { resources: ARGUMENTS } = JSON.parse(await readFile(new URL('alicloud-arguments.json', import.meta.url), 'utf8'));

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-vpn-'));
after(() => rm(directory, { recursive: true }));

test('cfn-lint finds no fault in any template', async () => {
  for (const [name, vpn] of Object.entries(VARIANTS)) {
    await writeFile(join(directory, `${name.replaceAll(/\W/gu, '-')}.json`), JSON.stringify(awsTemplate(vpnPlanOf(vpn)), null, 1));
  }
  assert.deepEqual(await cfnLint(`${directory}/*.json`, REGIONS), { status: 0, stdout: '' });
});

test('cfn-lint knows the tunnel options', async () => {
  const template = /** @type {any} */ (awsTemplate(vpnPlanOf(VARIANTS.bgp)));
  template.Resources.VpnConnection1.Properties.VpnTunnelOptionsSpecifications[0].TunnelInsideRange = '';
  await writeFile(join(directory, 'broken.template'), JSON.stringify(template));
  const { status, stdout } = await cfnLint(join(directory, 'broken.template'), REGIONS);
  assert.notEqual(status, 0);
  assert.match(stdout, /TunnelInsideRange/u);
});

for (const [name, vpn] of Object.entries(VARIANTS)) {
  const plan = vpnPlanOf(vpn, [, '3.64.1.9']);
  const { Resources } = /** @type {any} */ (awsTemplate(plan));
  const terraform = /** @type {any} */ (alibabaTerraform(plan));
  const connection = terraform.resource.alicloud_vpn_connection.oss_edge;

  test(`what the templates ask for, EC2's API takes: ${name}`, () => {
    for (const number of [1, 2]) {
      const { Tags: _, VpnTunnelOptionsSpecifications, CustomerGatewayId: __, StaticRoutesOnly, ...rest } = Resources[`VpnConnection${number}`].Properties;
      const tunnels = VpnTunnelOptionsSpecifications.map((/** @type {any} */ { LogOptions: { CloudwatchLogOptions }, ...options }) => ({
        ...options,
        PreSharedKey: 'abcdefgh',
        LogOptions: { CloudWatchLogOptions: { ...CloudwatchLogOptions, LogGroupArn: 'arn' } },
      }));
      const gateway = Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, typeof value === 'string' ? value : 'vgw-1']));
      checkInput('ec2', 'CreateVpnConnection', { ...gateway, CustomerGatewayId: 'cgw-1', Options: { StaticRoutesOnly, TunnelOptions: tunnels } });
      const { Tags: ___, IpAddress: ____, ...customer } = Resources[`CustomerGateway${number}`].Properties;
      checkInput('ec2', 'CreateCustomerGateway', { ...customer, IpAddress: '8.211.10.146' });
    }
  });

  test(`only arguments that the provider has, and none that is out of date: ${name}`, () => {
    const { terraform: settings, provider, variable, output, resource, ...rest } = terraform;
    assert.deepEqual(rest, {});
    assert.deepEqual([Object.keys(settings), Object.keys(provider)], [['required_providers'], ['alicloud']]);
    for (const [type, instances] of Object.entries(resource)) {
      for (const { count: _, ...one } of Object.values(/** @type {Record<string, any>} */ (instances))) {
        const known = ARGUMENTS[type];
        assert.ok(known, type);
        for (const field of known.required) assert.ok(field in one, `${type}.${field}`);
        for (const field of known.deprecated ?? []) assert.ok(!(field in one), `${type}.${field}`);
        checkBlock(one, known, type);
      }
    }
    checkReferences({ resource, output }, Object.keys(variable));
  });

  test(`the same numbers on both sides: ${name}`, () => {
    plan.tunnels.forEach((tunnel, index) => {
      const aws = Resources[`VpnConnection${tunnel.number}`].Properties.VpnTunnelOptionsSpecifications[0];
      const { tunnel_ike_config: ike, tunnel_ipsec_config: ipsec, tunnel_bgp_config: bgp, role } = connection.tunnel_options_specification[index];
      assert.equal(role, ['master', 'slave'][index]);
      assert.deepEqual([aws.IKEVersions[0].Value, aws.Phase1LifetimeSeconds, aws.Phase2LifetimeSeconds], [ike.ike_version, ike.ike_lifetime, ipsec.ipsec_lifetime]);
      assert.deepEqual([`group${aws.Phase1DHGroupNumbers[0].Value}`, `group${aws.Phase2DHGroupNumbers[0].Value}`], [ike.ike_pfs, ipsec.ipsec_pfs]);
      const encryption = { AES128: 'aes', AES256: 'aes256' };
      const integrity = { SHA1: 'sha1', 'SHA2-256': 'sha256', 'SHA2-384': 'sha384', 'SHA2-512': 'sha512' };
      assert.deepEqual(
        [encryption, encryption].map((names, phase) => /** @type {any} */ (names)[aws[`Phase${phase + 1}EncryptionAlgorithms`][0].Value]),
        [ike.ike_enc_alg, ipsec.ipsec_enc_alg],
      );
      assert.deepEqual(
        [integrity, integrity].map((names, phase) => /** @type {any} */ (names)[aws[`Phase${phase + 1}IntegrityAlgorithms`][0].Value]),
        [ike.ike_auth_alg, ipsec.ipsec_auth_alg],
      );
      const gateway = Resources[`CustomerGateway${tunnel.number}`].Properties;
      const asn = gateway.BgpAsn ?? gateway.BgpAsnExtended;
      // `BgpAsn` is a signed number of 32 bits.
      assert.equal('BgpAsn' in gateway, asn <= 2_147_483_647);
      assert.equal(Resources[`VpnConnection${tunnel.number}`].Properties.StaticRoutesOnly, plan.routing === 'static');
      if (plan.routing === 'bgp') {
        assert.deepEqual([bgp.tunnel_cidr, bgp.local_asn], [aws.TunnelInsideCidr, String(asn)]);
        assert.equal(bgp.local_bgp_ip, tunnel.alibabaInside);
        assert.equal(terraform.resource.alicloud_vpn_customer_gateway[`aws${tunnel.number}`].asn, String(plan.aws.asn));
        if (Resources.VpnGateway) assert.equal(Resources.VpnGateway.Properties.AmazonSideAsn, plan.aws.asn);
      } else {
        assert.equal(bgp, undefined);
      }
      assert.equal(ike.psk, `\${var.tunnel${tunnel.number}_key}`);
      assert.match(aws.PreSharedKey, new RegExp(`:SecretString:tunnel${tunnel.number}_key\\}\\}$`, 'u'));
    });
  });

  test(`each side knows the way to the other: ${name}`, () => {
    const ofType = (/** @type {string} */ type) => Object.values(Resources).filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
    if (plan.routing === 'static') {
      const routes = ofType('AWS::EC2::VPNConnectionRoute');
      assert.equal(routes.length, 2 * plan.alibaba.ranges.length);
      assert.deepEqual(new Set(routes.map(({ DestinationCidrBlock }) => DestinationCidrBlock)), new Set(plan.alibaba.ranges));
      assert.deepEqual(Object.values(terraform.resource.alicloud_vpn_route_entry).map((/** @type {any} */ { route_dest }) => route_dest), plan.aws.ranges);
    } else {
      assert.equal(connection.enable_tunnels_bgp, true);
      const gateway = terraform.resource.alicloud_vpn_gateway?.oss_edge;
      if (gateway) assert.equal(gateway.auto_propagate, true);
      assert.equal(terraform.resource.alicloud_vpn_route_entry, undefined);
    }
    const tables = [...ofType('AWS::EC2::VPNGatewayRoutePropagation').flatMap(({ RouteTableIds }) => RouteTableIds), ...ofType('AWS::EC2::Route').map(({ RouteTableId }) => RouteTableId)];
    assert.deepEqual([...new Set(tables)], plan.aws.routeTables);
  });

  test(`no key and no address of nobody in any file: ${name}`, () => {
    const text = JSON.stringify([awsTemplate(plan), terraform, alibabaVariables(plan)]);
    assert.doesNotMatch(text, /undefined|null/u);
    assert.deepEqual(alibabaVariables(plan), { tunnel2_aws_address: '3.64.1.9' });
  });
}

test('parameters of the stack have the addresses once they are known', () => {
  const of = (/** @type {any} */ vpn) => Object.values(/** @type {any} */ (awsTemplate(vpnPlanOf(vpn))).Parameters).map((/** @type {any} */ { Default }) => Default);
  assert.deepEqual(of(VARIANTS['before the addresses are known']), [undefined, undefined]);
  assert.deepEqual(of(VARIANTS.bgp), ADDRESSES);
});

/** @param {Record<string, any>} block @param {any} known @param {string} path */
function checkBlock(block, known, path) {
  for (const [field, value] of Object.entries(block)) {
    assert.ok(known.arguments.includes(field), `${path}.${field}`);
    const values = known.values?.[field];
    if (values) assert.ok(values.includes(value), `${path}.${field}: ${value}`);
    const bounds = known.ranges?.[field];
    if (bounds) assert.ok(value >= bounds[0] && value <= bounds[1], `${path}.${field}: ${value}`);
    const blocks = known.blocks?.[field];
    for (const one of blocks ? [value].flat() : []) checkBlock(one, blocks, `${path}.${field}`);
  }
}

/** What is in `${…}` must be there. @param {any} parts @param {string[]} variables */
function checkReferences({ resource, output }, variables) {
  for (const [, text] of JSON.stringify({ resource, output }).matchAll(/\$\{([^}]*)\}/gu)) {
    for (const [reference] of text.matchAll(/[a-z_]+\.[a-z_0-9]+(?:\[0\])?(?:\.[a-z_]+)?/gu)) {
      const [type, name, attribute] = reference.replace('[0]', '').split('.');
      if (type === 'var') {
        assert.ok(variables.includes(name), reference);
      } else {
        assert.ok(resource[type]?.[name], reference);
        assert.equal(reference.includes('[0]'), 'count' in resource[type][name], reference);
        assert.ok(ARGUMENTS[type].attributes.includes(attribute), reference);
      }
    }
  }
}
