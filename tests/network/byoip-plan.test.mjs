// Plans of ranges, the authorisation, the states, the calls, and what CloudFront asks for.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { checkBySchema, readSchema } from '../../cli/checked-document.mjs';
import { authorization, checkKey, encoded, isSignedBy, messageOf } from '../../network/byoip/authorization.mjs';
import { advertiseCall, deprovisionCall, provisionCall, shownCall, tokenCall, withdrawCall } from '../../network/byoip/calls.mjs';
import { distributionFindings, poolFindings } from '../../network/byoip/cloudfront.mjs';
import { phasesOf, roasOf } from '../../network/byoip/phases.mjs';
import { byoipPlanOf } from '../../network/byoip/plan.mjs';
import { STATES, nextStep, orderFault } from '../../network/byoip/states.mjs';
import { checkInput, modelOf } from '../deploy/service-model.mjs';
import { BYOIP, CLOUDFRONT, POOL, byoip } from './byoip-fixture.mjs';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const directory = await mkdtemp(join(tmpdir(), 'oss-edge-byoip-'));
after(() => rm(directory, { recursive: true }));
const openssl = (/** @type {string[]} */ ...args) => promisify(execFile)('openssl', args, { encoding: 'buffer' });

/** @param {any} document @param {number | undefined} [now] */
function planOf(document, now = NOW) {
  checkBySchema(readSchema('byoip'), document, { name: 'byoip' });
  return byoipPlanOf(document, now);
}

const PLAN = planOf(BYOIP);

for (const [fields, message] of /** @type {[object, string][]} */ ([
  [{ account: '12345' }, 'byoip: account: expected pattern "^\\d{12}$", found "12345"'],
  [{ registry: 'lacnic' }, 'byoip: registry: expected one of arin, ripe, apnic, found "lacnic"'],
  [{ partition: 'aws-cn' }, 'byoip: partition: expected one of aws, aws-us-gov, aws-eusc'],
  [{ rangs: [] }, 'byoip: rangs: unknown field, expected one of'],
  [{ ranges: [] }, 'byoip: ranges: expected'],
  [{ organization: 'a/CN=b' }, 'byoip: organization: expected pattern'],
  [{ ranges: ['147.1.3.0/25'] }, 'byoip: ranges[0]: expected a /24 or larger, found 147.1.3.0/25'],
  [{ ranges: ['147.1.3.1/24'] }, 'byoip: ranges[0]: expected a range such as 192.0.2.0/24, found "147.1.3.1/24"'],
  [{ ranges: ['2a00:1450::/56'] }, 'byoip: ranges[0]: expected a /48 or larger, found 2a00:1450::/56'],
  [{ ranges: ['10.1.2.0/24'] }, 'byoip: ranges[0]: expected public addresses, found 10.1.2.0/24 (private)'],
  [{ ranges: ['192.0.2.0/24'] }, 'byoip: ranges[0]: expected public addresses, found 192.0.2.0/24 (reserved)'],
  [{ ranges: ['147.1.2.0/23', '147.1.3.0/24'] }, 'byoip: ranges[1]: 147.1.3.0/24 overlaps ranges[0], 147.1.2.0/23'],
  [{ presentOrigin: 16509 }, "byoip: presentOrigin: expected the autonomous system that announces the ranges before AWS does, found AWS's 16509"],
  [{ expires: '2026-11-30' }, 'byoip: expires: expected a day to come, found 2026-11-30'],
  [{ expires: '2027-02-30' }, 'byoip: expires: expected a day of the calendar, found 2027-02-30'],
  [{ expires: '31.12.2026' }, 'byoip: expires: expected pattern'],
  [{ region: 'us-gov-west-1' }, 'byoip: region: expected a Region of the partition aws, found us-gov-west-1'],
  [{ partition: 'aws-eusc' }, 'byoip: region: expected a Region of the partition aws-eusc, found us-east-1'],
  [{ target: 'ipam' }, 'byoip: pool: expected the id of an IPAM pool with the target "ipam", found none'],
  [{ pool: POOL }, 'byoip: pool: expected none with the target "ec2"'],
  [{ verification: 'dns-token', ipam: 'ipam-0a' }, 'byoip: verification: expected "x509" with the target "ec2": a DNS token needs IPAM'],
  [{ verification: 'dns-token', target: 'ipam', pool: POOL }, 'byoip: ipam: expected the id of the IPAM that makes the DNS token, found none'],
  [{ ...CLOUDFRONT, ranges: CLOUDFRONT.ranges.slice(1) }, 'byoip: ranges: expected three /24, three /48 or both for CloudFront, found 2 of IPv4 and 0 of IPv6'],
  [{ ...CLOUDFRONT, ranges: ['147.1.4.0/23', '147.1.2.0/24', '147.1.3.0/24'] }, 'byoip: ranges[0]: expected a /24 for CloudFront, found 147.1.4.0/23'],
])) {
  test(`refuses ${JSON.stringify(fields).slice(0, 70)}`, () => {
    assert.throws(() => planOf(byoip(fields)), (error) => (error instanceof Error && error.message.startsWith(message)) || assert.fail(String(error)));
  });
}

test('what has been announced can be looked at after the authorisation has expired', () => {
  assert.equal(byoipPlanOf(byoip({ expires: '2020-01-01' })).expires, '2020-01-01');
});

test('the message has seven parts, and no end of line', () => {
  assert.equal(messageOf(PLAN, '147.1.3.0/24'), '1|aws|111122223333|147.1.3.0/24|20991231|SHA256|RSAPSS');
  const gov = planOf(byoip({ partition: 'aws-us-gov', region: 'us-gov-west-1', ranges: ['2600:1f00::/40'] }));
  assert.equal(messageOf(gov, '2600:1f00::/40'), '1|aws-us-gov|111122223333|2600:1f00::/40|20991231|SHA256|RSAPSS');
});

test("openssl verifies our signature, and we verify the one that AWS's instructions make", async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = (/** @type {string} */ name) => join(directory, name);
  await writeFile(file('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(file('public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const pss = ['-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'];
  for (let count = 0; count < 5; count += 1) {
    const ours = authorization(messageOf(PLAN, '147.1.3.0/24'), privateKey);
    assert.match(ours.signature, /^[A-Za-z0-9~-]{342}__$/u);
    await writeFile(file('message'), ours.message);
    await writeFile(file('signature'), Buffer.from(ours.signature.replaceAll('-', '+').replaceAll('~', '/').replaceAll('_', '='), 'base64'));
    const { stdout } = await openssl('dgst', ...pss, '-verify', file('public.pem'), '-signature', file('signature'), file('message'));
    assert.equal(stdout.toString(), 'Verified OK\n');
    const { stdout: theirs } = await openssl('dgst', ...pss, '-sign', file('key.pem'), '-keyform', 'PEM', file('message'));
    const signature = theirs.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');
    assert.ok(isSignedBy({ message: ours.message, signature }, publicKey));
    assert.ok(!isSignedBy({ message: `${ours.message}\n`, signature }, publicKey));
  }
});

test("AWS's alphabet", () => {
  assert.equal(encoded(Buffer.from([0xfb, 0xff, 0xfe, 0xff])), '-~~-~w__');
});

test('refuses a key of another kind or size', () => {
  for (const { privateKey } of [generateKeyPairSync('rsa', { modulusLength: 1024 }), generateKeyPairSync('ec', { namedCurve: 'P-256' })]) {
    assert.throws(() => checkKey(privateKey, 'key.pem'), /^Error: key\.pem: expected an RSA key of 2048 bits, found /u);
  }
});

test('every state of EC2 and IPAM has its meaning', () => {
  const { shapes } = modelOf('ec2');
  const all = ['ByoipCidrState', 'IpamPoolCidrState'].flatMap((name) => shapes[name].enum);
  assert.deepEqual(Object.keys(STATES).sort(), [...new Set([...all, 'absent'])].sort());
});

test('one range after the other, and CloudFront all at once', () => {
  const step = (/** @type {any} */ plan, /** @type {string[]} */ ...states) => {
    const next = nextStep(plan, new Map(plan.ranges.flatMap((/** @type {string} */ range, /** @type {number} */ index) => (states[index] ? [[range, states[index]]] : []))));
    return next && `${next.step} ${plan.ranges.indexOf(next.range)}`;
  };
  assert.equal(step(PLAN), 'provision 0');
  assert.equal(step(PLAN, 'pending-provision'), 'wait 0');
  assert.equal(step(PLAN, 'provisioned'), 'advertise 0');
  assert.equal(step(PLAN, 'failed-provision'), 'provision 0');
  assert.equal(step(PLAN, 'advertised'), 'provision 1');
  assert.equal(step(PLAN, 'advertised', 'advertised'), undefined);
  const three = planOf(CLOUDFRONT);
  assert.equal(step(three, 'provisioned'), 'provision 1');
  assert.equal(step(three, 'provisioned', 'provisioned', 'pending-provision'), 'wait 2');
  assert.equal(step(three, 'provisioned', 'provisioned', 'provisioned'), 'advertise 0');
});

test('refuses a step before its turn', () => {
  const [first, second] = PLAN.ranges;
  assert.match(orderFault(PLAN, new Map(), second, 'provision') ?? '', /expected 147\.1\.3\.0\/24 first, which is not provisioned/u);
  assert.match(orderFault(PLAN, new Map([[first, 'provisioned']]), second, 'provision') ?? '', /first, which is provisioned/u);
  assert.equal(orderFault(PLAN, new Map([[first, 'advertised']]), second, 'provision'), undefined);
  assert.match(orderFault(PLAN, new Map(), first, 'advertise') ?? '', /expected a state after which to advertise it, found none/u);
  assert.match(orderFault(PLAN, new Map([[first, 'advertised']]), first, 'provision') ?? '', /found advertised/u);
  const three = planOf(CLOUDFRONT);
  const states = new Map([[three.ranges[0], 'provisioned']]);
  assert.match(orderFault(three, states, three.ranges[0], 'advertise') ?? '', /expected 147\.1\.2\.0\/24 first/u);
  assert.equal(orderFault(three, states, three.ranges[2], 'provision'), undefined);
});

test('the present origin gets its ROA first', () => {
  assert.deepEqual(roasOf(PLAN).map(({ asn }) => asn), [398_175, 398_175, 16509, 16509, 14618, 14618]);
  assert.deepEqual(roasOf(planOf(byoip({ partition: 'aws-eusc', region: 'eusc-de-east-1', presentOrigin: undefined }))).map(({ asn }) => asn), [16509, 16509, 214101, 214101]);
  for (const line of [...phasesOf(PLAN), phasesOf(planOf(CLOUDFRONT)).at(-1)]) assert.match(String(line), /back: announce it from where it was, then withdraw$/u);
});

test('the calls are what EC2 takes, and none shows a signature', () => {
  const pooled = planOf(byoip({ target: 'ipam', pool: POOL, ipam: 'ipam-0a', verification: 'dns-token' }));
  const proof = { authorization: { message: 'm', signature: 's'.repeat(344) } };
  const calls = [
    provisionCall(PLAN, '147.1.3.0/24', proof), advertiseCall('147.1.3.0/24'), withdrawCall('147.1.3.0/24'), deprovisionCall(PLAN, '147.1.3.0/24'),
    provisionCall({ ...pooled, verification: 'x509' }, '147.1.3.0/24', proof), provisionCall(pooled, '147.1.3.0/24', { token: 'ipam-ext-res-ver-token-0a' }),
    deprovisionCall(pooled, '147.1.3.0/24'), tokenCall(pooled),
  ];
  for (const call of calls) {
    checkInput('ec2', call.operation, call.input);
    assert.ok(!JSON.stringify(shownCall(call)).includes('ssss'));
  }
  assert.deepEqual(calls.map(({ operation }) => operation), [
    'ProvisionByoipCidr', 'AdvertiseByoipCidr', 'WithdrawByoipCidr', 'DeprovisionByoipCidr',
    'ProvisionIpamPoolCidr', 'ProvisionIpamPoolCidr', 'DeprovisionIpamPoolCidr', 'CreateIpamExternalResourceVerificationToken',
  ]);
});

const fails = (/** @type {any[]} */ findings) => findings.filter(({ verdict }) => verdict === 'fails').map(({ what, found }) => `${what}: ${found}`);

test('what CloudFront asks of the pool', () => {
  const pool = { AwsService: 'global-services', PublicIpSource: 'byoip', AddressFamily: 'ipv4', State: 'create-complete', Locale: 'global' };
  const plan = planOf(CLOUDFRONT);
  assert.deepEqual(fails(poolFindings(plan, pool)), []);
  assert.deepEqual(fails(poolFindings(plan, { ...pool, AwsService: 'ec2' })), [`${POOL}: what it is for: ec2, byoip`]);
  assert.deepEqual(fails(poolFindings(plan, { ...pool, Locale: 'us-east-1' })), [`${POOL}: its locale: us-east-1`]);
  assert.deepEqual(fails(poolFindings(plan, { ...pool, AddressFamily: 'ipv6' })), [`${POOL}: its family: ipv6`]);
  assert.deepEqual(fails(poolFindings(plan, { ...pool, State: 'create-in-progress' })), [`${POOL}: its state: create-in-progress`]);
  assert.deepEqual(fails(poolFindings(plan, undefined)), [`${POOL}: none`]);
});

test('what CloudFront asks of distributions', () => {
  const plan = planOf(CLOUDFRONT);
  const report = (/** @type {object[]} */ ...items) => ({ DistributionList: { Items: items } });
  const one = { Id: 'E1', PriceClass: 'PriceClass_All', IsIPV6Enabled: false, Staging: false, ViewerCertificate: { SSLSupportMethod: 'sni-only' } };
  assert.deepEqual(fails(distributionFindings(plan, report(one))), []);
  assert.deepEqual(fails(distributionFindings(plan, report({ ...one, PriceClass: 'PriceClass_100', IsIPV6Enabled: true }))), ['E1: price class: PriceClass_100', 'E1: IPv6: true']);
  assert.deepEqual(fails(distributionFindings(plan, report({ ...one, ViewerCertificate: { SSLSupportMethod: 'vip' } }))), ['E1: TLS: vip']);
  assert.deepEqual(fails(distributionFindings(plan, report({ ...one, Staging: true }))), ['E1: a staging distribution']);
  assert.deepEqual(fails(distributionFindings(plan, report(one), ['E2'])), ['distributions of the list: 0', 'E2: none']);
  const many = Array.from({ length: 101 }, (_, index) => ({ ...one, Id: `E${index}` }));
  assert.deepEqual(fails(distributionFindings(plan, report(...many))), ['distributions of the list: 101']);
  const both = planOf(byoip({ ...CLOUDFRONT, ranges: [...CLOUDFRONT.ranges, '2a00:1450:1::/48', '2a00:1450:2::/48', '2a00:1450:3::/48'] }));
  assert.deepEqual(fails(distributionFindings(both, report({ ...one, IsIPV6Enabled: true }))), []);
  assert.throws(() => distributionFindings(plan, {}), /expected the JSON of list-distributions/u);
});
