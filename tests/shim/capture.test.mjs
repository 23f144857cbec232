// What viewer-request logs of a request that `capture` of the configuration names.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { createExplainer } from '../../cli/explain/explainer.mjs';
import { subjectsOf } from '../../cli/explain/input.mjs';
import { loadFunctions } from '../../cli/load-functions.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { logText } from '../../js-shim/log.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, SECOND_KEY, functions, memoryLog, signedEvent, viewerEvent } from './fixture.mjs';

const TOKEN = 'CAIS+test/token==';
const STS_KEY = { accessKeyId: 'STS.NUTestDevice0003', accessKeySecret: 'testSecret0003abcdefghijklmno' };
const accessKeys = { accessKeys: [ACCESS_KEY, SECOND_KEY, { ...STS_KEY, securityToken: TOKEN }] };

test('captures the requests of the named keys, forwarded or refused, and of no other', async () => {
  const capturing = await logged({ accessKeyIds: [ACCESS_KEY.accessKeyId] });
  const right = await capturing(signedEvent());
  assert.equal(right.decision, 'forward');
  const presented = signatureOf(signedEvent());
  assert.deepEqual(right.captured, {
    uri: '/logs/boot.txt',
    query: [],
    headers: [
      ['authorization', `OSS ${ACCESS_KEY.accessKeyId}:sha256-${sha256(presented)}`],
      ['date', 'Tue, 24 Nov 2026 01:52:57 GMT'],
    ],
  });
  assert.equal((await capturing(signedEvent({ accessKey: { ...ACCESS_KEY, accessKeySecret: 'wrong' } }))).captured?.uri, '/logs/boot.txt');
  assert.equal((await capturing(signedEvent({ accessKey: SECOND_KEY }))).captured, undefined);
  assert.equal((await logWith(functions, signedEvent())).captured, undefined);
});

test('captures a share of refusals, the same one each time', async () => {
  const wrong = (/** @type {number} */ id) => {
    const event = signedEvent({ accessKey: { ...ACCESS_KEY, accessKeySecret: 'wrong' } });
    event.Records[0].cf.config.requestId = `request-${id}`;
    return event;
  };
  const count = async (/** @type {object} */ capture) => {
    const capturing = await logged(capture);
    const lines = [];
    for (let id = 0; id < 200; id += 1) lines.push(await capturing(wrong(id)));
    return lines.filter(({ captured }) => captured !== undefined).map(({ cloudFrontRequestId }) => cloudFrontRequestId);
  };
  const [all, half, again, none] = [await count({ refusedShare: 1 }), await count({ refusedShare: 0.5 }), await count({ refusedShare: 0.5 }), await count({})];
  assert.deepEqual([all.length, none.length], [200, 0]);
  assert.ok(half.length > 70 && half.length < 130, String(half.length));
  assert.deepEqual(half, again);
  assert.equal((await (await logged({ refusedShare: 1 }))(signedEvent())).captured, undefined);
});

test('has no signature and no token in a captured line, and explain finds the cause by it', async () => {
  const capturing = await logged({ refusedShare: 1 });
  const explain = createExplainer({ wasm: await readDocumentsWasm(), documents: { config: DOCUMENTS.config, accessKeys } });
  const event = signedEvent({
    accessKey: STS_KEY,
    headers: { 'x-oss-security-token': TOKEN, 'content-type': 'text/plain', cookie: 'c' },
    resource: '/other-bucket/logs/boot.txt',
  });
  // The device signs another bucket and no Content-Type: with one of them set right, explain finds the other.
  event.Records[0].cf.request.headers.host[0].value = 'other-bucket.d111111abcdef8.cloudfront.net';
  delete event.Records[0].cf.request.headers['content-type'];
  event.Records[0].cf.request.headers['content-type'] = [{ key: 'Content-Type', value: 'text/plain; charset=utf-8' }];
  const line = await capturing(event);
  const text = logText(line);
  for (const hidden of [signatureOf(event), TOKEN, encodeURIComponent(TOKEN), STS_KEY.accessKeySecret, 'cookie']) {
    assert.ok(!text.includes(hidden), `${hidden} in ${text}`);
  }
  const [explanation] = subjectsOf(text, 'log').map((subject) => explain(subject));
  assert.deepEqual([explanation.input, explanation.cause?.hypotheses], ['captured-line', ['charset-added']]);

  const strange = createExplainer({ wasm: await readDocumentsWasm(), documents: { config: DOCUMENTS.config, accessKeys: DOCUMENTS.accessKeys } });
  const [untested] = subjectsOf(text, 'log').map((subject) => strange(subject));
  assert.deepEqual([untested.cause, untested.signature], [null, 'unknown']);
  assert.match(untested.notes.join(' '), /a security token that no access key has/u);

  // As a derived key has it: its token is nobody's but the maker's.
  const { securityToken: _, ...withoutToken } = STS_KEY;
  const documents = { config: DOCUMENTS.config, accessKeys: { accessKeys: [...DOCUMENTS.accessKeys.accessKeys, withoutToken] } };
  for (const [tokens, expected] of /** @type {[string[], string[] | undefined][]} */ ([[['CAIS', TOKEN], ['charset-added']], [['CAIS'], undefined]])) {
    const given = createExplainer({ wasm: await readDocumentsWasm(), documents, tokens });
    const [found] = subjectsOf(text, 'log').map((subject) => given(subject));
    assert.deepEqual(found.cause?.hypotheses, expected);
    assert.ok(!JSON.stringify(found).includes(TOKEN));
  }
});

test('hashes the signature of a URL, and redacts one that is part of a key or a value', async () => {
  const capturing = await logged({ refusedShare: 1 });
  const querystring = `OSSAccessKeyId=${ACCESS_KEY.accessKeyId}&Expires=${NOW / 1000 + 60}&Signature=c2lnbmF0dXJl`;
  const inUrl = await capturing(viewerEvent({ method: 'PUT', uri: '/logs/boot.txt', querystring, headers: { host: 'uploads.example.com' } }));
  assert.deepEqual(inUrl.captured.query.at(-1), ['Signature', `sha256-${sha256('c2lnbmF0dXJl')}`]);
  const nested = signedEvent({ uri: '/a%3FSignature%3Dc2lnbmF0dXJl', resource: '/', headers: { 'x-oss-meta-url': 'http://h/k?Signature=c2lnbmF0dXJl' } });
  assert.ok(!logText(await capturing(nested)).includes('c2lnbmF0dXJl'));
});

test('logs no more than 4 KB of a request', async () => {
  const capturing = await logged({ refusedShare: 1 });
  const line = await capturing(signedEvent({ resource: '/', headers: { 'x-oss-meta-a': 'a'.repeat(5000) } }));
  assert.deepEqual(Object.keys(line.captured), ['tooLarge']);
  assert.ok(line.captured.tooLarge > 5000);
  const bare = await capturing(viewerEvent({ method: 'PUT', uri: '/k', headers: { host: 'uploads.example.com' } }));
  assert.deepEqual([bare.code, bare.captured], ['AccessDenied', undefined]);
});

/** @param {object} capture */
async function logged(capture) {
  const capturing = await loadFunctions({ config: { ...DOCUMENTS.config, capture }, accessKeys });
  return (/** @type {any} */ event) => logWith(capturing, event);
}

/** @param {any} bundled @param {any} event */
async function logWith(bundled, event) {
  const { lines, log } = memoryLog();
  await bundled['viewer-request'].create({ now: () => NOW, log })(event);
  return lines[0];
}

/** @param {any} event */
function signatureOf(event) {
  return event.Records[0].cf.request.headers.authorization[0].value.split(':')[1];
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
