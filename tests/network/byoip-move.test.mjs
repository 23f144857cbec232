// `oss-edge network byoip` from the first key to the last range, against a registry, a validator and EC2 that answer in the
// published formats; and that nothing is sent when something doesn't hold.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { BYOIP, CLOUDFRONT, POOL, byoip, roasOf } from './byoip-fixture.mjs';
import { FakeInternet, networkOf } from './fake-internet.mjs';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-byoip-'));
const internet = await new FakeInternet().start();
after(() => {
  internet.stop();
  return rm(directory, { recursive: true });
});

const file = (/** @type {string} */ name) => join(directory, name);
const [FIRST, SECOND] = BYOIP.ranges;

const worker = fork(fileURLToPath(new URL('command-worker.mjs', import.meta.url)), {
  env: {
    PATH: process.env.PATH, AWS_ENDPOINT_URL: internet.endpoint, AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 's', AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  },
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
after(() => worker.disconnect());

/** @param {string} command @param {string[]} args @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
async function run(command, ...args) {
  const common = args.includes('--config') ? [] : ['--config', file('byoip.json')];
  worker.send(['network', 'byoip', command, ...common, '--dir', file('own'), ...args]);
  const [answer] = await once(worker, 'message');
  return answer;
}

const rdap = () => ['--rdap-url', `${internet.endpoint}/rdap`];
const sources = () => [...rdap(), '--validator', internet.endpoint];
const written = async () => (await readdir(file('own'))).sort();

before(async () => {
  await writeFile(file('byoip.json'), JSON.stringify(BYOIP));
  await writeFile(file('cloudfront.json'), JSON.stringify(CLOUDFRONT));
  await writeFile(file('token.json'), JSON.stringify(byoip({ target: 'ipam', pool: POOL, ipam: 'ipam-0a1b2c3d4e5f60718', verification: 'dns-token' })));
});

beforeEach(async () => {
  Object.assign(internet, { calls: [], ranges: new Map(), vrps: roasOf(CLOUDFRONT), account: BYOIP.account, validatorAgeHours: 0 });
  internet.pools = new Map([[POOL, { awsService: 'global-services', publicIpSource: 'byoip', addressFamily: 'ipv4', state: 'create-complete', locale: 'global' }]]);
  const line = await readFile(file('own/certificate.txt'), 'utf8').catch(() => '');
  internet.networks = new Map(CLOUDFRONT.ranges.map((/** @type {string} */ range) => [range, networkOf('arin', { start: '147.1.0.0', end: '147.1.3.255', lines: line === '' ? [] : [line.trim()] })]));
});

test('prepare --dry-run makes nothing', async () => {
  const { status, stdout } = await run('prepare', '--dry-run');
  assert.equal(status, 0);
  assert.match(stdout, /would make .*private-key\.pem/u);
  await assert.rejects(stat(file('own')), /ENOENT/u);
});

test('prepare makes a key that only its owner can read, a certificate of it, and its line; and keeps them', async () => {
  const { status, stdout, stderr } = await run('prepare');
  assert.deepEqual([status, stderr], [0, '']);
  assert.deepEqual(await written(), ['certificate.pem', 'certificate.txt', 'private-key.pem']);
  assert.equal((await stat(file('own/private-key.pem'))).mode & 0o777, 0o600);
  const pem = await readFile(file('own/private-key.pem'), 'utf8');
  const certificate = new X509Certificate(await readFile(file('own/certificate.pem')));
  assert.match(certificate.subject, /O=Example Ltd/u);
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  assert.match(await readFile(file('own/certificate.txt'), 'utf8'), /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=]+-----END CERTIFICATE-----\n$/u);
  assert.match(stdout, /Public Comments of the network/u);
  assert.ok(stdout.indexOf('AS398175') < stdout.indexOf('AS16509'));
  for (const line of pem.split('\n').slice(1, -2)) assert.ok(!stdout.includes(line));
  assert.match((await run('prepare')).stdout, /^unchanged/u);
  assert.equal(await readFile(file('own/private-key.pem'), 'utf8'), pem);
  const { files, roas } = JSON.parse((await run('prepare', '--json')).stdout);
  assert.deepEqual([files.key, roas.length], [file('own/private-key.pem'), 6]);
});

test('nothing is provisioned without an authorisation', async () => {
  const { status, stdout, stderr } = await run('provision', '--yes', ...sources());
  assert.equal(status, 2);
  assert.match(stdout, /FAILS {4}147\.1\.3\.0\/24: its authorisation: none/u);
  assert.match(stderr, /147\.1\.3\.0\/24: nothing was sent/u);
  assert.deepEqual(internet.calls, []);
});

test('sign writes an authorisation for each range, for its owner only', async () => {
  assert.match((await run('sign', '--dry-run')).stdout, /would sign them/u);
  assert.ok(!(await written()).includes('authorizations.json'));
  const { status, stdout } = await run('sign');
  assert.equal(status, 0);
  assert.match(stdout, /^1\|aws\|111122223333\|147\.1\.3\.0\/24\|20991231\|SHA256\|RSAPSS\n1\|aws\|111122223333\|147\.1\.2\.0\/24\|/u);
  assert.equal((await stat(file('own/authorizations.json'))).mode & 0o777, 0o600);
  const all = JSON.parse(await readFile(file('own/authorizations.json'), 'utf8'));
  for (const { signature } of Object.values(all)) assert.ok(!stdout.includes(signature));
});

test('verify: everything holds', async () => {
  const { status, stdout, stderr } = await run('verify', ...sources());
  assert.deepEqual([status, stderr], [0, ''], stdout);
  assert.doesNotMatch(stdout, /FAILS|unknown/u);
  const files = [['rdap-1.json', internet.networks.get(FIRST)], ['rdap-2.json', internet.networks.get(SECOND)]];
  for (const [name, answer] of files) await writeFile(file(name), JSON.stringify(answer));
  await writeFile(file('vrps.csv'), `ASN,IP Prefix,Max Length,Trust Anchor\n${internet.vrps.map(({ asn, prefix, maxLength }) => `AS${asn},${prefix},${maxLength},arin`).join('\n')}\n`);
  const saved = await run('verify', '--rdap', file('rdap-1.json'), '--rdap', file('rdap-2.json'), '--roas', file('vrps.csv'), '--json');
  assert.equal(saved.status, 0);
  for (const line of saved.stdout.trim().split('\n')) assert.equal(JSON.parse(line).verdict, 'holds');
});

for (const [what, change, expected] of /** @type {[string, () => unknown, RegExp][]} */ ([
  ['no ROA of AWS', () => (internet.vrps = internet.vrps.filter(({ asn }) => asn !== 14618)), /FAILS {4}147\.1\.3\.0\/24 from AS14618: invalid/u],
  ['no certificate', () => internet.networks.set(FIRST, networkOf('arin', { start: '147.1.3.0', end: '147.1.3.255' })), /FAILS {4}147\.1\.3\.0\/24 at ARIN: the certificate: none/u],
  ['no network', () => internet.networks.delete(FIRST), /FAILS {4}147\.1\.3\.0\/24 at ARIN: Not Found/u],
  ['old data', () => (internet.validatorAgeHours = 30), /FAILS {4}the validator's data: 30 h old/u],
])) {
  test(`nothing is sent with ${what}`, async () => {
    change();
    const verified = await run('verify', ...sources());
    assert.equal(verified.status, 1);
    assert.match(verified.stdout, expected);
    assert.equal((await run('provision', '--yes', ...sources())).status, 2);
    assert.deepEqual(internet.calls, []);
  });
}

for (const [what, args, change, expected] of /** @type {[string, () => string[], () => unknown, RegExp][]} */ ([
  ['another registry', () => sources(), () => internet.networks.set(FIRST, 'https://rdap.db.ripe.net/ip/147.1.3.0/24'), /expected its own answer, found a redirect to https:\/\/rdap\.db\.ripe\.net\/ip\/147\.1\.3\.0\/24: it is registered there/u],
  ['no ROAs', () => rdap(), () => {}, /expected --roas FILE or --validator URL/u],
  ['a range of nobody', () => [...sources(), '--range', '147.9.0.0/24'], () => {}, /--range: expected one of 147\.1\.3\.0\/24, 147\.1\.2\.0\/24, found 147\.9\.0\.0\/24/u],
  ['too few answers', () => ['--rdap', file('rdap-1.json'), '--validator', internet.endpoint], () => {}, /--rdap: expected a file for each of/u],
  ['nobody there', () => [...rdap(), '--validator', 'http://127.0.0.1:1'], () => {}, /127\.0\.0\.1:1\/api\/v1\/validity\/AS\d+\/\S+: bad port/u],
])) {
  test(`verify tells ${what}`, async () => {
    change();
    const { status, stderr } = await run('verify', ...args());
    assert.equal(status, 2);
    assert.match(stderr, expected);
  });
}

test('another account, a step before its turn, and nobody to ask: nothing is sent', async () => {
  internet.account = '999988887777';
  assert.match((await run('provision', '--yes', ...sources())).stderr, /byoip: account: expected 999988887777, which the credentials are of, found 111122223333/u);
  internet.account = BYOIP.account;
  assert.match((await run('provision', '--yes', '--range', SECOND, ...sources())).stderr, /147\.1\.2\.0\/24: expected 147\.1\.3\.0\/24 first, which is not provisioned/u);
  assert.match((await run('advertise', '--yes', '--validator', internet.endpoint)).stderr, /expected a state after which to advertise it, found none/u);
  assert.match((await run('withdraw', '--yes', '--range', FIRST)).stderr, /expected the state advertised or pending-advertising, found absent/u);
  assert.match((await run('withdraw', '--yes')).stderr, /expected --range RANGE/u);
  assert.match((await run('provision', ...sources())).stderr, /expected --yes, as nobody can be asked/u);
  const dry = await run('provision', '--dry-run', ...sources());
  assert.equal(dry.status, 0);
  assert.match(dry.stdout, /would send \{"operation":"ProvisionByoipCidr",.*"Signature":"344 characters"/u);
  assert.deepEqual(internet.calls, []);
});

test('two ranges, one after the other, and the way back', async () => {
  const moved = [];
  for (const range of [FIRST, SECOND]) {
    const provisioned = await run('provision', '--yes', ...sources());
    assert.equal(provisioned.status, 0, provisioned.stderr);
    assert.match(provisioned.stdout, new RegExp(`${range}: pending-provision`, 'u'));
    assert.match((await run('status')).stdout, new RegExp(`Next: wait ${range}`, 'u'));
    assert.match((await run('status')).stdout, new RegExp(`Next: advertise ${range}`, 'u'));
    const advertised = await run('advertise', '--yes', '--json', '--validator', internet.endpoint);
    assert.equal(JSON.parse(advertised.stdout.trim().split('\n').at(-1) ?? '').state, 'advertised');
    moved.push(range);
  }
  assert.deepEqual(internet.calls.map(({ operation, input }) => [operation, input.Cidr]), moved.flatMap((range) => [['ProvisionByoipCidr', range], ['AdvertiseByoipCidr', range]]));
  assert.match((await run('status')).stdout, /Next: nothing/u);
  assert.match((await run('provision', '--yes', ...sources())).stderr, /every range is where it is to go/u);

  assert.match((await run('withdraw', '--yes', '--deprovision', '--range', SECOND)).stderr, /expected the state provisioned or/u);
  assert.equal((await run('withdraw', '--yes', '--range', SECOND)).status, 0);
  await run('status');
  assert.equal((await run('withdraw', '--yes', '--deprovision', '--range', SECOND)).status, 0);
  assert.deepEqual(internet.calls.slice(4).map(({ operation }) => operation), ['WithdrawByoipCidr', 'DeprovisionByoipCidr']);
  const rows = (await run('status', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map(({ range, state, next }) => [range, state, next]), [[FIRST, 'advertised', 'done'], [SECOND, 'pending-deprovision', 'wait']]);
});

test('advertise looks at the ROAs again', async () => {
  internet.ranges.set(FIRST, { state: 'provisioned' });
  internet.vrps = internet.vrps.filter(({ asn }) => asn !== 16509);
  const { status, stderr } = await run('advertise', '--yes', '--validator', internet.endpoint);
  assert.equal(status, 2);
  assert.match(stderr, /nothing was sent: networks that validate would drop/u);
  assert.deepEqual(internet.calls, []);
});

test("EC2's own message is shown", async () => {
  internet.ranges.set(FIRST, { state: 'failed-provision', message: 'No X509 certificate could be found in the WHOIS remarks' });
  const { stdout } = await run('status');
  assert.match(stdout, /147\.1\.3\.0\/24: No X509 certificate could be found/u);
  assert.match(stdout, /Next: provision 147\.1\.3\.0\/24/u);
});

test('for CloudFront all three go to the pool before one is announced', async () => {
  const config = ['--config', file('cloudfront.json')];
  await run('sign', ...config);
  for (const range of CLOUDFRONT.ranges) {
    const { status, stdout, stderr } = await run('provision', '--yes', ...config, ...sources());
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`${range}: pending-provision`, 'u'));
    await run('status', ...config);
  }
  assert.deepEqual(internet.calls.map(({ operation, input }) => [operation, input.IpamPoolId, input.Cidr]), CLOUDFRONT.ranges.map((/** @type {string} */ range) => ['ProvisionIpamPoolCidr', POOL, range]));
  internet.pools.set(POOL, { ...internet.pools.get(POOL), awsService: 'ec2', locale: 'us-east-1' });
  internet.ranges.delete(CLOUDFRONT.ranges[2]);
  const refused = await run('provision', '--yes', ...config, ...sources());
  assert.equal(refused.status, 2);
  assert.match(refused.stdout, /FAILS {4}ipam-pool-\S+: its locale: us-east-1/u);
  await writeFile(file('distributions.json'), JSON.stringify({ DistributionList: { Items: [{ Id: 'E1', PriceClass: 'PriceClass_100', IsIPV6Enabled: false }] } }));
  assert.match((await run('verify', ...config, ...sources(), '--distributions', file('distributions.json'))).stdout, /FAILS {4}E1: price class: PriceClass_100/u);
});

test('a DNS token in place of a certificate', async () => {
  const config = ['--config', file('token.json')];
  internet.pools.set(POOL, { ...internet.pools.get(POOL), awsService: 'ec2', locale: 'us-east-1' });
  const prepared = await run('prepare', '--yes', ...config);
  assert.match(prepared.stdout, /86950620\.REVERSE-ZONE {2}TXT {2}"a34597c3"/u);
  assert.match((await run('provision', '--yes', ...config, ...sources())).stderr, /expected --token ID/u);
  assert.match((await run('sign', ...config)).stderr, /byoip: verification: expected "x509" to sign/u);
  const { status, stderr } = await run('provision', '--yes', ...config, '--token', 'ipam-ext-res-ver-token-0a', ...sources());
  assert.equal(status, 0, stderr);
  assert.deepEqual(internet.calls.map(({ operation }) => operation), ['CreateIpamExternalResourceVerificationToken', 'ProvisionIpamPoolCidr']);
  const { ClientToken: _, ...input } = internet.calls[1].input;
  assert.deepEqual(input, { IpamPoolId: POOL, Cidr: FIRST, VerificationMethod: 'dns-token', IpamExternalResourceVerificationTokenId: 'ipam-ext-res-ver-token-0a' });
});

test('refuses a key that others can read, one of another kind, and one that is missing', async () => {
  await chmod(file('own/private-key.pem'), 0o640);
  assert.match((await run('sign')).stderr, /private-key\.pem: expected a file that only its owner can read: chmod 600/u);
  await chmod(file('own/private-key.pem'), 0o600);
  await writeFile(file('own/private-key.pem'), 'hello');
  assert.match((await run('sign')).stderr, /private-key\.pem: expected a private key as PEM, without a passphrase/u);
  await rm(file('own/private-key.pem'));
  assert.match((await run('sign')).stderr, /private-key\.pem: no such file: make it with `prepare`/u);
});
