// Route origin validation, the exports of validators, and what registries answer.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import fc from 'fast-check';

import { byoipPlanOf } from '../../network/byoip/plan.mjs';
import { onOneLine, registryFindings } from '../../network/byoip/registry.mjs';
import { originFindings, originState, readVrps } from '../../network/byoip/roa.mjs';
import { BYOIP, byoip, roasOf } from './byoip-fixture.mjs';
import { networkOf } from './fake-internet.mjs';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-byoip-'));
after(() => rm(directory, { recursive: true }));

/** A self-signed certificate, by AWS's instructions. @param {string} days */
async function certificateOf(days) {
  const { stdout } = await promisify(execFile)('openssl', ['req', '-new', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(directory, `${days}.key`), '-days', days, '-subj', '/O=Example']);
  return { pem: stdout, line: onOneLine(stdout), certificate: new X509Certificate(stdout) };
}
const [OURS, OTHERS] = await Promise.all([certificateOf('365'), certificateOf('30')]);
const NOW = Date.now() + 60_000;

// RFC 6811, section 2: the AS, the length, both, neither; and RFC 6483's AS 0.
const VRPS = [
  { asn: 65000, prefix: '147.1.0.0/16', maxLength: 20 },
  { asn: 65001, prefix: '147.1.2.0/24', maxLength: 24 },
  { asn: 0, prefix: '147.3.0.0/16', maxLength: 32 },
  { asn: 65002, prefix: '2a00:1450::/32', maxLength: 48 },
];
for (const [asn, prefix, state, reason] of /** @type {[number, string, string, RegExp][]} */ ([
  [65001, '147.1.2.0/24', 'valid', /^147\.1\.2\.0\/24 up to \/24$/u],
  [65000, '147.1.16.0/20', 'valid', /up to \/20$/u],
  [65000, '147.1.0.0/16', 'valid', /^147\.1\.0\.0\/16/u],
  [65000, '147.1.2.0/24', 'invalid', /^too long for its ROAs: .*AS65000 147\.1\.0\.0\/16 up to \/20/u],
  [65003, '147.1.2.0/24', 'invalid', /^only others are allowed: .*AS65001/u],
  [65003, '147.1.0.0/16', 'invalid', /^only others/u],
  [65000, '147.0.0.0/15', 'not-found', /no ROA covers it/u],
  [65000, '147.2.0.0/16', 'not-found', /no ROA/u],
  [0, '147.3.0.0/16', 'invalid', /AS0/u],
  [65002, '2a00:1450:1::/48', 'valid', /up to \/48/u],
  [65002, '2a00:1450:1:8000::/49', 'invalid', /too long/u],
  [65002, '147.2.0.0/16', 'not-found', /no ROA/u],
])) {
  test(`AS${asn} ${prefix} is ${state}`, () => {
    const found = originState(VRPS, asn, prefix);
    assert.equal(found.state, state);
    assert.match(found.reason, reason);
  });
}

test('agrees with the same rules over strings of bits', () => {
  const bitsOf = (/** @type {string} */ prefix) => {
    const [address, length] = prefix.split('/');
    return address.split('.').map((octet) => Number(octet).toString(2).padStart(8, '0')).join('').slice(0, Number(length));
  };
  const prefix = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 1, max: 6 })).map(([value, length]) => {
    const top = ((value << 4) >> (8 - length)) << (8 - length);
    return `${top & 0xff}.0.0.0/${length}`;
  });
  const vrp = fc.record({ asn: fc.integer({ min: 0, max: 2 }), prefix, more: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(vrp, { maxLength: 5 }), fc.integer({ min: 1, max: 2 }), prefix, (list, asn, route) => {
      const vrps = list.map(({ more, ...rest }) => ({ ...rest, maxLength: Number(rest.prefix.split('/')[1]) + more }));
      const bits = bitsOf(route);
      const covering = vrps.filter((one) => bits.startsWith(bitsOf(one.prefix)));
      const matches = covering.some((one) => one.asn === asn && bits.length <= one.maxLength);
      assert.equal(originState(vrps, asn, route).state, covering.length === 0 ? 'not-found' : matches ? 'valid' : 'invalid');
    }),
  );
});

const EXPORTS = {
  // routinator vrps --format json
  routinator: JSON.stringify({ metadata: { generated: 1_795_000_000, generatedTime: '2026-11-18T11:06:40Z' }, roas: [{ asn: 'AS16509', prefix: '147.1.3.0/24', maxLength: 24, ta: 'arin' }] }),
  // rpki-client -j
  'rpki-client': JSON.stringify({ metadata: { buildmachine: 'a', buildtime: '2026-11-18T11:06:40Z', roas: 1 }, roas: [{ asn: 16509, prefix: '147.1.3.0/24', maxLength: 24, ta: 'arin', expires: 1_795_100_000 }] }),
  // routinator vrps --format csv, rpki-client -c
  csv: 'ASN,IP Prefix,Max Length,Trust Anchor,Expires\nAS16509,147.1.3.0/24,24,arin,1795100000\n',
  // the daily CSV of the RIPE NCC's archive
  'csv of the archive': 'URI,ASN,IP Prefix,Max Length,Not Before,Not After\r\nrsync://r/a.roa,AS16509,147.1.3.0/24,,2026-01-01 00:00:00,2027-01-01 00:00:00\r\n',
  // Routinator's /api/v1/validity/AS16509/147.1.3.0/24, as in AWS's guide to BYOIP
  validity: JSON.stringify({
    validated_route: {
      route: { origin_asn: 'AS16509', prefix: '147.1.3.0/24' },
      validity: { state: 'valid', description: 'At least one VRP Matches the Route Prefix', VRPs: { matched: [{ asn: 'AS16509', prefix: '147.1.3.0/24', max_length: '24' }], unmatched_as: [], unmatched_length: [] } },
    },
    generatedTime: '2026-11-18T11:06:40Z',
  }),
};
for (const [name, text] of Object.entries(EXPORTS)) {
  test(`reads ${name}`, () => {
    const { vrps, generatedAt } = readVrps(text);
    assert.deepEqual(vrps, [{ asn: 16509, prefix: '147.1.3.0/24', maxLength: 24 }]);
    assert.equal(generatedAt, name.startsWith('csv') ? undefined : 1_795_000_000_000);
  });
}

for (const [what, text, message] of /** @type {[string, string, RegExp][]} */ ([
  ['something else', '<html>', /expected the columns ASN, IP Prefix and Max Length/u],
  ['JSON of something else', '{"a":1}', /expected "roas" or "validated_route"/u],
  ['JSON that is cut', '{"roas":[', /expected JSON or CSV/u],
  ['host bits', '{"roas":[{"asn":1,"prefix":"147.1.3.1/24","maxLength":24}]}', /expected a prefix and a length that fits it/u],
  ['a length that does not fit', '{"roas":[{"asn":1,"prefix":"147.1.3.0/24","maxLength":23}]}', /a length that fits it/u],
  ['another ASN', '{"roas":[{"asn":"AS-SET","prefix":"147.1.3.0/24","maxLength":24}]}', /expected an ASN, found "AS-SET"/u],
  ['a state that contradicts its payloads', EXPORTS.validity.replace('"valid"', '"invalid"'), /expected the state "valid" for its VRPs, found "invalid"/u],
])) {
  test(`refuses ${what}`, () => assert.throws(() => readVrps(text), message));
}

const PLAN = byoipPlanOf(BYOIP, NOW);
const RANGE = '147.1.3.0/24';
const failed = (/** @type {any[]} */ findings) => findings.filter(({ verdict }) => verdict === 'fails');

test('ROAs of AWS and of the present origin', () => {
  assert.deepEqual(failed(originFindings(PLAN, RANGE, roasOf())), []);
  const without = (/** @type {number} */ asn) => failed(originFindings(PLAN, RANGE, roasOf().filter((vrp) => vrp.asn !== asn)));
  assert.deepEqual(without(14618).map(({ what, found }) => [what, found.split(':')[0]]), [['147.1.3.0/24 from AS14618', 'invalid']]);
  assert.deepEqual(without(398_175).map(({ what }) => what), ['147.1.3.0/24 from AS398175, which announces it now']);
  assert.match(failed(originFindings(PLAN, RANGE, [])).at(-1).follows, /the first ROA makes every other origin invalid/u);
  const wide = roasOf().map((vrp) => (vrp.asn === 16509 ? { ...vrp, maxLength: 28 } : vrp));
  assert.deepEqual(failed(originFindings(PLAN, RANGE, wide)).map(({ found }) => found), ['allows up to /28']);
});

const HELD = { start: '147.1.2.0', end: '147.1.3.255' };
const known = { own: OURS.certificate, now: NOW };

for (const registry of /** @type {const} */ (['arin', 'ripe', 'apnic'])) {
  const plan = byoipPlanOf(byoip({ registry }), NOW);
  const of = (/** @type {any} */ network, /** @type {any} */ what = known) => failed(registryFindings(plan, RANGE, network, what)).map(({ what: name, found }) => `${name.split(': ')[1] ?? 'network'}: ${found}`);

  test(`${registry}: the certificate on its line`, () => {
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: [OURS.line] })), []);
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: ['hello', OTHERS.line, OURS.line] })), []);
  });

  test(`${registry}: no certificate, another's, a damaged one, several lines, an expired one`, () => {
    assert.deepEqual(of(networkOf(registry, HELD)), ['the certificate: none']);
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: [OTHERS.line] })), ['the certificate: of another key']);
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: [OURS.line.replace('MII', 'MI!')] })), ['the certificate: damaged']);
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: [OURS.line.slice(0, 300) + OURS.line.slice(700)] })), ['the certificate: damaged']);
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: OURS.pem.trim().split('\n') })), ['the certificate: on several lines']);
    assert.deepEqual(of(networkOf(registry, { ...HELD, lines: [OURS.line] }), { ...known, now: NOW + 366 * 86_400_000 }), [`the certificate: of our key, until ${OURS.certificate.validTo}`]);
  });

  test(`${registry}: a certificate with a changed bit is damaged, wherever the bit is`, () => {
    const der = Buffer.from(OURS.line.replaceAll(/-----[A-Z ]+-----/gu, ''), 'base64');
    for (let at = 0; at < der.length; at += 37) {
      const changed = Buffer.from(der);
      changed[at] ^= 1;
      const line = `-----BEGIN CERTIFICATE-----${changed.toString('base64')}-----END CERTIFICATE-----`;
      assert.deepEqual(of(networkOf(registry, { ...HELD, lines: [line] })), ['the certificate: damaged'], String(at));
    }
  });

  test(`${registry}: another range, another kind, and no network`, () => {
    const lines = [OURS.line];
    assert.deepEqual(of(networkOf(registry, { start: '147.1.3.0', end: '147.1.3.127', lines })).length, 1);
    assert.deepEqual(of(networkOf(registry, { start: '147.1.4.0', end: '147.1.5.255', lines })).length, 1);
    assert.match(of(networkOf(registry, { ...HELD, lines, type: 'REASSIGNED' }))[0], /^its kind: REASSIGNED/u);
    assert.deepEqual(of({ errorCode: 404, title: 'Not Found' }), ['network: Not Found']);
  });

  test(`${registry}: with a DNS token no certificate is looked for`, () => assert.deepEqual(of(networkOf(registry, HELD), { own: undefined, now: NOW }), []));
}

test('a certificate at the organisation, or in a description at APNIC, is at another place', () => {
  const arin = networkOf('arin', HELD);
  arin.entities = [{ remarks: [{ title: 'Registration Comments', description: [OURS.line] }] }];
  assert.equal(failed(registryFindings(PLAN, RANGE, arin, known))[0].found, 'at another place of the answer');
  const apnic = networkOf('apnic', HELD);
  apnic.remarks = [{ title: 'description', description: [OURS.line] }];
  assert.equal(failed(registryFindings(byoipPlanOf(byoip({ registry: 'apnic' }), NOW), RANGE, apnic, known))[0].found, 'at another place of the answer');
});

test('ranges of IPv6', () => {
  const plan = byoipPlanOf(byoip({ ranges: ['2a00:1450:1::/48'] }), NOW);
  const network = networkOf('arin', { start: '2a00:1450::', end: '2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff', lines: [OURS.line] });
  assert.deepEqual(failed(registryFindings(plan, '2a00:1450:1::/48', network, known)), []);
  assert.equal(failed(registryFindings(plan, '2a00:1451:1::/48', network, known)).length, 1);
});
