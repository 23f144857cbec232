// `oss-edge network vpn plan` as it is used: the files, their modes, what is printed, and AWS's configuration read back.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readAwsConfiguration } from '../../network/vpn/aws-configuration.mjs';
import { genericOf, xmlOf } from './aws-configuration.mjs';
import { ADDRESSES, VARIANTS, VPN, ossEdge } from './fixture.mjs';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-vpn-'));
after(() => rm(directory, { recursive: true }));
const file = (/** @type {string} */ name) => join(directory, name);

/** Connection 1 has the plan's first tunnel, and one that stays unused. */
const END_1 = { inside: /** @type {[string, string]} */ (['169.254.116.209', '169.254.116.210']), outside: '3.64.1.8', key: 'awsMadeThisKey.number_1_ofTheTunnels' };
const END_2 = { inside: /** @type {[string, string]} */ (['169.254.214.97', '169.254.214.98']), outside: '3.64.1.9', key: 'awsMadeThisKey.number_2_ofTheTunnels' };
const UNUSED = { inside: /** @type {[string, string]} */ (['169.254.33.1', '169.254.33.2']), outside: '3.64.2.2', key: 'nobodyNeedsThisOne.' };
const CONNECTIONS = [{ customer: ADDRESSES[0], ends: [END_1, UNUSED] }, { customer: ADDRESSES[1], ends: [UNUSED, END_2] }];

await writeFile(file('vpn.json'), JSON.stringify(VPN));
await writeFile(file('bgp.json'), JSON.stringify(VARIANTS.bgp));
await writeFile(file('1.xml'), xmlOf(CONNECTIONS[0]));
await writeFile(file('2.txt'), genericOf(CONNECTIONS[1]));
const plan = (/** @type {string[]} */ ...args) => ossEdge(['network', 'vpn', 'plan', ...args]);
const READ_BACK = ['--aws-configuration', file('1.xml'), '--aws-configuration', file('2.txt')];

test('both forms of the configuration file say the same', () => {
  for (const connection of CONNECTIONS) {
    const [xml, generic] = [readAwsConfiguration(xmlOf(connection)), readAwsConfiguration(genericOf(connection))];
    assert.deepEqual(xml, generic);
    assert.deepEqual(xml.map(({ awsOutside, awsInside, customerInside, key }) => ({ outside: awsOutside, inside: [awsInside, customerInside], key })), connection.ends);
    assert.deepEqual(xml[0], {
      ...xml[0], customerOutside: connection.customer, awsAsn: '64512', customerAsn: '65530',
    });
  }
});

for (const [what, text, message] of [
  ['another file', 'hello', /found no tunnel$/u],
  ['XML that is cut', xmlOf(CONNECTIONS[0]).slice(0, 900), /^Error: expected XML that is well-formed$/u],
  ['a tunnel without a key', xmlOf(CONNECTIONS[0]).replace(/<pre_shared_key>.*<\/pre_shared_key>/u, ''), /^Error: expected a pre-shared key for each tunnel, found none$/u],
]) {
  test(`refuses ${what}`, () => assert.throws(() => readAwsConfiguration(String(text)), /** @type {RegExp} */ (message)));
}

test('writes both sides and the keys, which only the owner can read and nothing shows', async () => {
  const { status, stdout, stderr } = await plan('--config', file('vpn.json'), '--out', file('out'));
  assert.deepEqual([status, stderr], [0, '']);
  assert.deepEqual((await readdir(file('out'))).sort(), ['addresses.auto.tfvars.json', 'aws.template.json', 'keys.auto.tfvars.json', 'main.tf.json']);
  const keys = JSON.parse(await readFile(file('out/keys.auto.tfvars.json'), 'utf8'));
  assert.deepEqual(Object.keys(keys), ['tunnel1_key', 'tunnel2_key']);
  assert.equal((await stat(file('out/keys.auto.tfvars.json'))).mode & 0o777, 0o600);
  for (const key of Object.values(keys)) {
    assert.ok(!stdout.includes(key));
    for (const name of ['aws.template.json', 'main.tf.json']) assert.ok(!(await readFile(file(`out/${name}`), 'utf8')).includes(key));
  }
  assert.match(stdout, /169\.254\.116\.209/u);
  assert.match(stdout, /Next: make Alibaba Cloud's gateway/u);
});

test('keeps the keys that are there', async () => {
  const before = await readFile(file('out/keys.auto.tfvars.json'), 'utf8');
  const { status, stdout } = await plan('--config', file('bgp.json'), '--out', file('out'));
  assert.equal(status, 0);
  assert.equal(await readFile(file('out/keys.auto.tfvars.json'), 'utf8'), before);
  assert.match(stdout, /unchanged\s+\S+keys\.auto\.tfvars\.json/u);
  assert.match(stdout, /changed\s+\S+aws\.template\.json/u);
  assert.match(stdout, /create-secret .*oss-edge-vpn-pre-shared-keys/u);
});

test('refuses keys that others can read', async () => {
  await chmod(file('out/keys.auto.tfvars.json'), 0o644);
  const { status, stderr } = await plan('--config', file('bgp.json'), '--out', file('out'));
  assert.equal(status, 2);
  assert.match(stderr, /keys\.auto\.tfvars\.json: expected a file that only its owner can read: chmod 600/u);
  await chmod(file('out/keys.auto.tfvars.json'), 0o600);
});

test('without --out it writes nothing, and --json has the plan without keys', async () => {
  const before = await readdir(directory);
  const { status, stdout } = await plan('--config', file('bgp.json'), '--json');
  assert.equal(status, 0);
  assert.deepEqual(await readdir(directory), before);
  const shown = JSON.parse(stdout);
  assert.deepEqual(shown.tunnels.map((/** @type {any} */ { alibabaOutside }) => alibabaOutside), ADDRESSES);
  assert.doesNotMatch(stdout, /key/iu);
});

test('--dry-run says what would be written', async () => {
  const { status, stdout } = await plan('--config', file('vpn.json'), '--out', file('dry'), '--dry-run');
  assert.equal(status, 0);
  assert.equal(stdout.match(/^new /gmu)?.length, 4);
  await assert.rejects(stat(file('dry')), /ENOENT/u);
});

test("takes AWS's addresses and keys from its configuration files", async () => {
  const { status, stdout } = await plan('--config', file('bgp.json'), '--out', file('read-back'), ...READ_BACK);
  assert.equal(status, 0);
  const read = async (/** @type {string} */ name) => JSON.parse(await readFile(file(`read-back/${name}`), 'utf8'));
  assert.deepEqual(await read('addresses.auto.tfvars.json'), { tunnel1_aws_address: '3.64.1.8', tunnel2_aws_address: '3.64.1.9' });
  assert.deepEqual(await read('keys.auto.tfvars.json'), { tunnel1_key: END_1.key, tunnel2_key: END_2.key });
  for (const { key } of [END_1, END_2, UNUSED]) assert.ok(!stdout.includes(key));
  assert.match(stdout, /Next: make the rest of Alibaba Cloud's side/u);
});

for (const [what, connection, message] of /** @type {[string, any, RegExp][]} */ ([
  ['another ASN', { ...CONNECTIONS[0], asn: 65000 }, /x\.xml: tunnel 1: ASN: expected 65530 as in the plan, found 65000/u],
  ["another ASN of AWS's", { ...CONNECTIONS[0], awsAsn: 7224 }, /x\.xml: tunnel 1: ASN at AWS: expected 64512 as in the plan, found 7224/u],
  ['another gateway', { ...CONNECTIONS[0], customer: ADDRESSES[1] }, /x\.xml: tunnel 1: address: expected 8\.211\.10\.146 as in the plan, found 8\.211\.20\.74/u],
  ['no tunnel of the plan', { customer: ADDRESSES[0], ends: [UNUSED] }, /x\.xml: expected a tunnel whose inside address at AWS is 169\.254\.116\.209 or 169\.254\.214\.97, found none/u],
])) {
  test(`refuses a configuration file with ${what}`, async () => {
    await writeFile(file('x.xml'), xmlOf(connection));
    const { status, stderr } = await plan('--config', file('bgp.json'), '--out', file('refused'), '--aws-configuration', file('x.xml'));
    assert.equal(status, 2);
    assert.match(stderr, message);
    await assert.rejects(stat(file('refused')), /ENOENT/u);
  });
}

test('says that AWS has another key, and neither of the two', async () => {
  const { status, stderr } = await plan('--config', file('bgp.json'), '--out', file('out'), ...READ_BACK);
  assert.equal(status, 2);
  assert.match(stderr, /1\.xml: the key of tunnel 1 is another than tunnel1_key in \S+keys\.auto\.tfvars\.json/u);
  assert.ok(!stderr.includes(END_1.key));
});

test('refuses a plan by its path, and a missing option', async () => {
  await writeFile(file('bad.json'), JSON.stringify({ ...VPN, tunnels: ['169.254.0.0/30', '169.254.1.0/24'] }));
  const { status, stderr, stdout } = await plan('--config', file('bad.json'), '--out', file('bad'));
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^oss-edge: vpn: tunnels\[0\]: 169\.254\.0\.0\/30 is reserved by AWS\nvpn: tunnels\[0\]: .* by Alibaba Cloud\nvpn: tunnels\[1\]: expected a \/30/u);
  assert.match((await plan()).stderr, /expected --config FILE/u);
});
