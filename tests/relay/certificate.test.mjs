// The files of a relay's certificate: what is taken, what is refused by its field, and what follows a change of them.
// listener.test.mjs serves them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { followCertificate, readCertificate } from '../../js-shim/relay/certificate.mjs';

const directory = mkdtempSync(join(tmpdir(), 'oss-edge-certificate-'));
after(() => rmSync(directory, { recursive: true }));

const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
const [FIRST, SECOND] = ['first', 'second'].map(made);
const NO_PAIR = /^listener\.tls(?:: expected a certificate and its key in PEM \(ERR_\w+\)|\.(?:certificate|key): expected PEM, found \S+, which is empty)$/u;

/** A certificate and its key in PEM. @param {string} name */
function made(name) {
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
  execFileSync('openssl', [...options, '-keyout', files.key, '-out', files.certificate], { stdio: 'ignore' });
  return { cert: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
}

/** @param {{ cert: string, key: string }} pair */
function write({ cert, key }) {
  writeFileSync(files.certificate, cert);
  writeFileSync(files.key, key);
}

/** What is no pair: files are written one after another, and each from its beginning. */
const FAULTS = [
  { ...FIRST, cert: '' },
  { ...FIRST, key: '' },
  { cert: '', key: '' },
  { ...FIRST, cert: FIRST.cert.slice(0, -40) },
  { ...FIRST, key: FIRST.key.slice(0, -40) },
  { ...FIRST, cert: 'damaged' },
  { ...FIRST, cert: FIRST.key },
  { ...FIRST, key: FIRST.cert },
  { ...FIRST, key: SECOND.key },
];

test('takes a certificate and its key, and no half of them', () => {
  write(FIRST);
  assert.deepEqual(readCertificate(files), FIRST);
  for (const [at, fault] of FAULTS.entries()) {
    write(fault);
    assert.throws(() => readCertificate(files), ({ message }) => NO_PAIR.test(message), String(at));
  }
});

test('names the file that it cannot read', () => {
  write(FIRST);
  for (const field of ['certificate', 'key']) {
    const nowhere = join(directory, 'nowhere');
    assert.throws(() => readCertificate({ ...files, [field]: nowhere }), { message: `listener.tls.${field}: expected a file that can be read, found ${nowhere} (ENOENT)` });
  }
});

test('serves what its files have once it is whole, and tells each fault once', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  write(FIRST);
  const served = /** @type {any[]} */ ([]);
  const server = /** @type {any} */ (Object.assign(new EventEmitter(), { setSecureContext: (/** @type {object} */ pair) => served.push(pair) }));
  const told = /** @type {string[]} */ ([]);
  followCertificate(server, files, FIRST, { milliseconds: 60_000, failed: (detail) => told.push(detail) });
  const pass = (/** @type {number} */ times) => t.mock.timers.tick(60_000 * times);
  t.mock.timers.tick(59_999);
  write(SECOND);
  assert.deepEqual([served, told], [[], []]);
  t.mock.timers.tick(1);
  pass(2);
  assert.deepEqual([served, told], [[SECOND], []]);
  for (const fault of FAULTS) {
    write(fault);
    pass(2);
  }
  assert.deepEqual(served, [SECOND]);
  assert.ok(told.length > 1 && told.every((detail, at) => detail !== told[at - 1] && NO_PAIR.test(detail)), told.join('\n'));
  const before = told.length;
  // It is whole again, and damaged as before.
  write(SECOND);
  pass(1);
  write(FAULTS[8]);
  pass(1);
  assert.deepEqual([served, told.length], [[SECOND], before + 1]);
  write(FIRST);
  pass(1);
  assert.deepEqual(served, [SECOND, FIRST]);
  server.emit('close');
  write(SECOND);
  pass(1);
  assert.deepEqual(served, [SECOND, FIRST]);
});
