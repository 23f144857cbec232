// The yardstick decides as the bundle does: the same results and log lines over every event and vector of the
// repository, and over copies of the events with one part changed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createBundledGate } from '../js-shim/core/bundled-gate.mjs';
import { createGate, sealFile } from '../js-shim/core/gate.mjs';
import { createViewerRequest } from '../js-shim/edge/viewer-request.mjs';
import { readDocumentsWasm, readWasm } from '../cli/wasm-file.mjs';
import { DOCUMENTS, element, signedEvent } from '../tests/shim/fixture.mjs';
import { eventOf, eventOfVector, signedAnew, timesOf } from '../tests/shim/written-requests.mjs';
import { createHandler } from './javascript/handler.mjs';
import { mutations } from './mutations.mjs';

const [wasm, documentsWasm] = await Promise.all([readWasm(), readDocumentsWasm()]);

/** @typedef {import('../tests/shim/written-requests.mjs').Case} Case */

test('over the events of CloudFront', () => {
  const cases = read('shim/events/viewer-request.json').map((/** @type {any} */ { name, now, event }) => ({ id: name, now: Date.parse(now), event }));
  return compare(DOCUMENTS, cases);
});

for (const file of ['malformed/requests.json']) {
  test(`over ${file}`, () => {
    const { config, accessKeys, requests, wellFormed } = read(file);
    const { secrets } = DOCUMENTS;
    const cases = [...requests, ...wellFormed].map((request) => ({ id: request.id, now: Date.parse(request.now), event: eventOf(request) }));
    return compare({ config, accessKeys, secrets }, cases);
  });
}

for (const file of ['signature-v1-header.json', 'signature-v1-url.json', 'signature-v4.json']) {
  test(`over vectors/${file}`, async () => {
    const { configs, vectors } = read(`vectors/${file}`);
    for (const vector of vectors) {
      const { accessKeyId, accessKeySecret, securityToken } = vector;
      const key = securityToken === undefined ? { accessKeyId, accessKeySecret } : { accessKeyId, accessKeySecret, securityToken };
      const documents = { config: configs[vector.style] ?? configs['virtual-hosted'], accessKeys: { accessKeys: [key] }, secrets: DOCUMENTS.secrets };
      const event = eventOfVector(vector);
      await compare(documents, timesOf(vector).map((now) => ({ id: `${vector.id} at ${now}`, now, event })));
    }
  });
}

test('over events in which parts were changed', async () => {
  const cases = read('shim/events/viewer-request.json').flatMap((/** @type {any} */ { name, now, event }) =>
    mutations(event).map(({ what, event: changed }) => ({ id: `${name}, ${what}`, now: Date.parse(now), event: changed })),
  );
  const again = await Promise.all(cases.map(resigned));
  const all = [...cases, ...again.filter((one) => one !== undefined)];
  assert.ok(all.length > 4000);
  await compare(DOCUMENTS, all);
  const headers = { tagging: true, publicAcl: 'dropped', storageClasses: { IA: 'GLACIER_IR' }, kmsKeys: { default: 'arn:aws:kms:a', k: 'b' } };
  const config = { ...DOCUMENTS.config, headers, completeMultipartUpload: 's3', listParts: false, signatureSchemes: ['v1-header', 'v4-header'] };
  await compare({ ...DOCUMENTS, config }, all);
  await compare({ ...DOCUMENTS, config: { ...config, unsealedUploadIds: 'forward', listParts: true } }, all);
});

test('over upload ids that are sealed, were sealed, or say so', async () => {
  const { verifiedUploadIds } = read('vectors/seals.json');
  const config = { ...DOCUMENTS.config, hosts: [{ host: '127.0.0.1', style: 'path' }], buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' }, 'fleet-logs': { s3Bucket: 'fleet-logs-prod', region: 'us-east-1' } } };
  const requests = [['PUT', 'partNumber=7&'], ['POST', ''], ['GET', ''], ['DELETE', '']].flatMap(([method, before]) =>
    verifiedUploadIds.map((/** @type {any} */ { id, uploadId, s3Bucket, key, now }) => {
      const bucket = s3Bucket === 'fleet-logs-prod' ? 'fleet-logs' : 'fleet-uploads';
      const parts = { method, uri: `/${bucket}/${key || 'k'}`, querystring: `${before}uploadId=${encodeURIComponent(uploadId)}`, resource: `/${bucket}/${key || 'k'}?${before}uploadId=${uploadId}` };
      const headers = { host: '127.0.0.1', date: new Date(now).toUTCString(), ...(id.length % 2 === 0 ? {} : { 'content-length': '9', 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==', 'x-oss-meta-a': '1' }) };
      return { id: `${method} ${id}`, now, event: signedEvent({ ...parts, headers }) };
    }),
  );
  await compare({ ...DOCUMENTS, config }, requests);
  await compare({ ...DOCUMENTS, config: { ...config, unsealedUploadIds: 'forward', completeMultipartUpload: 's3' } }, requests);
});

/** The same request with the right signature of version 1, over the text that the answer shows. @param {Case} one */
async function resigned(one) {
  const { result } = await decided((options) => createHandler({ ...DOCUMENTS, ...options }), one.now, one.event);
  return signedAnew(one, element(result.body ?? '', 'StringToSign'));
}

/** @param {{ config: unknown, accessKeys: unknown, secrets: unknown }} documents @param {Case[]} cases */
async function compare({ config, accessKeys, secrets }, cases) {
  const seal = sealFile(documentsWasm, secrets, { uploadIds: true, handOver: true });
  const gate = createBundledGate({ wasm, seal, bytes: createGate({ wasm: documentsWasm, config, accessKeys }).toBytes() });
  for (const { id, now, event } of cases) {
    const [ours, theirs] = await Promise.all([
      decided((options) => createViewerRequest({ gate, ...options }), now, event),
      decided((options) => createHandler({ config, accessKeys, secrets, ...options }), now, event),
    ]);
    assert.deepEqual(theirs, ours, id);
  }
}

/** @param {(options: any) => (event: any) => Promise<any>} create @param {number} now @param {any} event */
async function decided(create, now, event) {
  /** @type {any[]} */
  const lines = [];
  const result = await create({ now: () => now, log: (/** @type {any} */ line) => lines.push(line) })(structuredClone(event));
  return JSON.parse(JSON.stringify({ result, lines }));
}

/** @param {string} file of tests/ */
function read(file) {
  return JSON.parse(readFileSync(new URL(`../tests/${file}`, import.meta.url), 'utf8'));
}
