// The templates of a private entrance: before cfn-lint, before our own rules, and by the command.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { PRIVATE_RULES, privateFaultsOf } from '../../deploy/private/checks.mjs';
import { privatePlanOf } from '../../deploy/private/plan.mjs';
import { readPrivate } from '../../cli/network/private-plan.mjs';
import { cfnLint } from './cfn-lint.mjs';
import { DOCUMENT, GATEWAY, PRIVATE_VARIANTS, privateDeploymentOf } from './private-fixture.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));
const ALL = 'every choice';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-private-'));
after(() => rm(directory, { recursive: true }));

for (const variant of Object.keys(PRIVATE_VARIANTS)) {
  test(`our rules find no fault in a private entrance: ${variant}`, () => {
    const { plan, stacks } = privateDeploymentOf(variant);
    assert.deepEqual(privateFaultsOf(plan, stacks), []);
  });
}

test('cfn-lint finds no fault in any template of a private entrance', async () => {
  for (const variant of Object.keys(PRIVATE_VARIANTS)) {
    for (const { name, region, template } of privateDeploymentOf(variant).stacks) {
      await writeFile(join(directory, `${variant.replaceAll(/\W/gu, '-')}.${name}.${region}.json`), JSON.stringify(template, null, 1));
    }
  }
  assert.deepEqual(await cfnLint(`${directory}/*.json`), { status: 0, stdout: '' });
});

/** @typedef {Record<string, any>} Resources */
/** Of the resources of the stack of each kind. @type {[rule: string, what: string, (of: Record<string, Resources>) => unknown, variant?: string][]} */
const MISTAKES = [
  ['balancer-internal', 'an internet-facing load balancer', ({ provider }) => (provider.Balancer.Properties.Scheme = 'internet-facing')],
  ['balancer-internal', 'a load balancer for HTTP', ({ provider }) => (provider.Balancer.Properties.Type = 'application')],
  ['balancer-internal', 'no security group', ({ provider }) => (provider.Balancer.Properties.SecurityGroups = [])],
  ['client-address', 'a load balancer that sends no header', ({ provider }) => provider.TargetGroup.Properties.TargetGroupAttributes.shift()],
  ['client-address', "the client's address kept", ({ provider }) => (provider.TargetGroup.Properties.TargetGroupAttributes[1].Value = 'true')],
  ['health', 'the path of a relay behind an edge', ({ provider }) => (provider.TargetGroup.Properties.HealthCheckPath = '/health')],
  ['health', 'a port that expects no header', ({ provider }) => (provider.TargetGroup.Properties.HealthCheckPort = '8081')],
  ['tls-ended-once', 'TLS that nobody ends', ({ provider }) => (provider.Listener.Properties.Protocol = 'TCP')],
  ['tls-ended-once', 'TLS that is ended twice', ({ provider }) => (provider.Listener.Properties.Protocol = 'TLS'), 'TLS ended by the relay, and what is there already'],
  ['tls-ended-once', 'TLS 1.0', ({ provider }) => (provider.Listener.Properties.SslPolicy = 'ELBSecurityPolicy-2016-08')],
  ['no-public-address', 'a public address', ({ provider }) => (provider.RelayService.Properties.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = 'ENABLED')],
  ['no-origin-secret', 'an origin secret', ({ provider }) => provider.Task.Properties.ContainerDefinitions[0].Environment.push({ Name: 'ORIGIN_SECRET', Value: 'x' })],
  ['allowed-principals', 'everybody', ({ provider }) => (provider.EndpointServicePermissions.Properties.AllowedPrincipals = ['*'])],
  ['allowed-principals', 'nobody', ({ provider }) => delete provider.EndpointServicePermissions],
  ['acceptance', 'connections that nobody accepts', ({ provider }) => (provider.EndpointService.Properties.AcceptanceRequired = false)],
  ['security-groups', 'everybody let in', ({ consumer }) => (consumer.UploadEndpointNetwork.Properties.SecurityGroupIngress[0].CidrIp = '0.0.0.0/0')],
  ['security-groups', 'every port', ({ provider }) => (provider.BalancerNetwork.Properties.SecurityGroupIngress[0].ToPort = 65_535)],
  ['egress', 'a relay that reaches everything', ({ provider }) => delete provider.RelayNetwork.Properties.SecurityGroupEgress],
  ['egress', 'a gateway that reaches everything', ({ resource }) => (resource.GatewayNetwork.Properties.SecurityGroupEgress[0].CidrIp = '0.0.0.0/0')],
  ['s3-endpoint', 'an endpoint for every bucket', ({ provider }) => (provider.S3Endpoint.Properties.PolicyDocument.Statement[0].Resource = '*')],
  ['s3-endpoint', 'an endpoint for everybody', ({ provider }) => delete provider.S3Endpoint.Properties.PolicyDocument.Statement[0].Condition],
  ['s3-endpoint', 'an endpoint without a policy', ({ provider }) => delete provider.S3Endpoint.Properties.PolicyDocument],
  ['s3-endpoint', 'an endpoint for one bucket of two', ({ provider }) => provider.S3Endpoint.Properties.PolicyDocument.Statement[0].Resource.splice(0, 2)],
  ['bucket-endpoint', 'credentials that work anywhere', ({ provider }) => provider.BucketPolicyFleetUploads.Properties.PolicyDocument.Statement.pop()],
  ['bucket-endpoint', 'no TLS', ({ provider }) => provider.BucketPolicyFleetUploads.Properties.PolicyDocument.Statement.shift()],
  ['bucket-endpoint', 'another who may write', ({ provider }) => provider.BucketPolicyFleetUploads.Properties.PolicyDocument.Statement.push({ Effect: 'Allow', Principal: '*', Action: 's3:PutObject' })],
  ['api-private', 'an API of the Region', ({ api }) => (api.Api.Properties.EndpointConfiguration.Types = ['REGIONAL'])],
  ['api-private', 'an API for every endpoint', ({ api }) => api.Api.Properties.Policy.Statement.pop()],
  ['api-private', 'a domain for every endpoint', ({ api }) => (api.Domain.Properties.Policy.Statement[1].Condition.StringNotEquals['aws:SourceVpce'] = [])],
  ['api-private', "the API's own name", ({ api }) => delete api.Api.Properties.DisableExecuteApiEndpoint],
  ['api-methods', 'bodies of objects', ({ api }) => (api.ProxyPost.Properties.HttpMethod = 'PUT')],
  ['api-methods', 'a way past the link', ({ api }) => (api.RootGet.Properties.Integration.ConnectionType = 'INTERNET')],
  ['ports', 'another port', ({ provider }) => (provider.Listener.Properties.Port = 8443)],
  ['ports', 'a container at another port', ({ provider }) => (provider.Task.Properties.ContainerDefinitions[0].PortMappings[0].ContainerPort = 80)],
];

for (const [rule, what, mistake, variant = ALL] of MISTAKES) {
  test(`${rule} finds ${what}`, () => {
    const { plan, stacks } = structuredClone(privateDeploymentOf(variant));
    mistake(Object.fromEntries(stacks.map(({ kind, template }) => [kind, template.Resources])));
    const rules = privateFaultsOf(plan, stacks).map((fault) => fault.split(':')[0]);
    assert.ok(rules.includes(rule), `found ${rules.join(', ') || 'nothing'}`);
  });
}

test('each rule of a private entrance has a mistake that it finds', () => {
  assert.deepEqual(Object.keys(PRIVATE_RULES).filter((rule) => !MISTAKES.some(([name]) => name === rule)), []);
});

/** @param {any} object @param {string} path @param {unknown} value */
function changed(object, path, value) {
  const copy = structuredClone(object);
  const names = path.split('.');
  const last = /** @type {string} */ (names.pop());
  const parent = names.reduce((one, name) => (one[name] ??= {}), copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const CONSUMER = PRIVATE_VARIANTS['plain HTTP'].document.consumers[0];

for (const [what, path, value, expected] of /** @type {[string, string, unknown, string][]} */ ([
  ['a field that is unknown', 'provider.regoin', 'x', 'private: provider.regoin: unknown field, expected one of account, region'],
  ['a missing field', 'provider.vpc', undefined, 'private: provider.vpc: expected a value, found none'],
  ['everybody', 'service.allowedPrincipals', ['*'], 'private: service.allowedPrincipals[0]: expected pattern'],
  ['one subnet', 'provider.subnets', ['subnet-0123456789abcdef0'], 'private: provider.subnets: expected'],
  ['bits beyond a prefix', 'provider.ranges', ['10.20.0.1/16'], 'private: provider.ranges[0]: expected a range of IPv4 without bits beyond its prefix, as in `10.0.0.0/16`, found "10.20.0.1/16"'],
  ['a number that is no octet', 'provider.ranges', ['10.300.0.0/16'], 'private: provider.ranges[0]: expected a range of IPv4'],
  ['a name that no host has', 'service.domain', 'other.example.com', 'private: service.domain: expected one of the configuration\'s `hosts`, or the endpoint of one, found "other.example.com"'],
  ['access logs where there are none', 'provider', { ...DOCUMENT.provider, tls: { endedBy: 'nobody' }, accessLogBucket: 'logs' }, 'private: provider.accessLogBucket: expected none'],
  ['TLS that the relay does not end', 'provider.tls', { endedBy: 'relay' }, 'config: listener.tls: expected a certificate and key'],
  ['a consumer that may make no endpoint', 'consumers', [{ ...CONSUMER, account: '999988887777' }], 'private: consumers[0].account: expected one of whose principals `service.allowedPrincipals` has some, found "999988887777"'],
  ['two consumers of one name', 'consumers', [CONSUMER, CONSUMER], 'private: consumers[1].name: expected a name that no other consumer has, found "factory"'],
  ['a private name that the service lacks', 'consumers', [{ ...CONSUMER, dns: 'private-dns-name' }], 'private: consumers[0].dns: expected "hosted-zone"'],
  ['a resource within the VPC', 'resource', { address: '10.20.7.7', port: 443 }, 'private: resource.address: expected an address outside of `provider.ranges`'],
  ['a resource that is no address', 'resource', { address: '10.20.7.700', port: 443 }, 'private: resource.address: expected an IPv4 address'],
  ['an API that no host has', 'api', { domain: 'uploads.internal.example.com', certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/1a', endpoints: ['vpce-0123456789abcdef0'] }, 'private: api.domain: expected one of the configuration\'s `hosts` of style "cname"'],
  ['a bucket that is not there', 'provider.buckets', { other: {} }, 'private: provider.buckets.other: expected one of fleet-uploads, fleet-logs'],
])) {
  test(`refuses ${what} by its path`, () => {
    assert.throws(() => privatePlanOf(readPrivate(changed(DOCUMENT, path, value)), GATEWAY), (error) => error instanceof Error && error.message.startsWith(expected) || assert.fail(String(error)));
  });
}

for (const [what, path, value, expected] of /** @type {[string, string, unknown, string][]} */ ([
  ['CloudFront as the entrance', 'entrance', undefined, 'config: entrance: expected "relay", found "cloudfront"'],
  ['an address by the socket', 'listener', {}, 'config: listener.clientAddress: expected "proxy-protocol"'],
  ['proxies outside of the VPC', 'listener.trustedProxies', ['10.0.0.0/8'], 'config: listener.trustedProxies: expected ranges in `provider.ranges` alone'],
  ['TLS that is ended twice', 'listener.tls', { certificate: '/a', key: '/b' }, 'config: listener.tls: expected none'],
  ['a bucket in another Region', 'buckets.fleet-uploads.region', 'us-east-1', 'config: buckets.fleet-uploads.region: expected eu-west-1'],
])) {
  test(`refuses a gateway with ${what}`, () => {
    assert.throws(() => privatePlanOf(/** @type {any} */ (DOCUMENT), changed(GATEWAY, path, value)), (error) => error instanceof Error && error.message.startsWith(expected) || assert.fail(String(error)));
  });
}

test('the command writes a template for each account, and says what comes next', async () => {
  const [plan, gateway, out] = ['private.json', 'config.json', 'out'].map((name) => join(directory, name));
  const { document, gateway: config = GATEWAY } = PRIVATE_VARIANTS['TLS ended by the relay, and what is there already'];
  await writeFile(plan, JSON.stringify(document));
  await writeFile(gateway, JSON.stringify(config));
  const run = (/** @type {string[]} */ ...more) => promisify(execFile)(process.execPath, [CLI, 'network', 'private', 'plan', '--config', plan, '--gateway', gateway, ...more]);
  const dry = await run('--out', out, '--dry-run', '--json');
  assert.deepEqual([JSON.parse(dry.stdout).written, await readdir(out).catch(() => [])], [false, []]);
  const { stdout } = await run('--out', out);
  assert.match(stdout, /fleet-provider\.eu-west-1\.template\.json {2}\(account 111122223333, eu-west-1\)/u);
  assert.deepEqual((await readdir(out)).sort(), ['fleet-consumer-factory.eu-west-1.template.json', 'fleet-provider.eu-west-1.template.json', 'fleet-uploads-prod.statement.json']);
  const template = JSON.parse(await readFile(join(out, 'fleet-provider.eu-west-1.template.json'), 'utf8'));
  assert.equal(template.Resources.EndpointService.Properties.AcceptanceRequired, false);
  await writeFile(plan, JSON.stringify({ ...document, name: 'Fleet' }));
  const { code, stderr } = await run('--out', out).catch((error) => error);
  assert.deepEqual([code, stderr], [2, 'oss-edge: private: name: expected pattern "^[a-z][a-z0-9-]*[a-z0-9]$", found "Fleet"\n']);
});
