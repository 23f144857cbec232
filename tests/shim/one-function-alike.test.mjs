// One function at origin request decides as viewer-request does: over every vector, over the events with one part changed,
// and over these signed anew.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { mutations } from '../../benches/mutations.mjs';
import { POLICY_WITH_HOST } from '../../deploy/distribution.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { createOneFunction } from '../../js-shim/edge/one-function.mjs';
import { createViewerRequest } from '../../js-shim/edge/viewer-request.mjs';
import { violation } from '../../local/cloudfront-rules.mjs';
import { originRequestEvent } from '../../local/origin-request-event.mjs';
import { READ_ONLY_HEADERS } from '../../local/header-rules.mjs';
import { DOCUMENTS, element } from './fixture.mjs';
import { eventOfVector, signedAnew, timesOf } from './written-requests.mjs';

const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_documents_bg.wasm', import.meta.url));
const CONDITIONS = READ_ONLY_HEADERS['origin-request'].filter((name) => name.startsWith('if-'));

/** @typedef {import('./written-requests.mjs').Case} Case */

for (const [file, least] of /** @type {[string, number][]} */ ([['signature-v1-header.json', 30], ['signature-v1-url.json', 5], ['signature-v4.json', 20]])) {
  test(`over vectors/${file}`, async () => {
    const { configs, vectors } = read(`../vectors/${file}`);
    let forwarded = 0;
    for (const vector of vectors) {
      const { accessKeyId, accessKeySecret, securityToken } = vector;
      const accessKeys = { accessKeys: [{ accessKeyId, accessKeySecret, ...(securityToken === undefined ? {} : { securityToken }) }] };
      const decide = pair({ config: configs[vector.style] ?? configs['virtual-hosted'], accessKeys });
      for (const now of timesOf(vector)) {
        const { isForwarded } = await decide({ id: `${vector.id} at ${now}`, now, event: eventOfVector(vector) });
        if (isForwarded) forwarded += 1;
      }
    }
    assert.ok(forwarded >= least, `${forwarded} were sent on`);
  });
}

test('over events in which parts were changed, and over these signed anew', async () => {
  const cases = read('events/viewer-request.json').flatMap((/** @type {any} */ { name, now, event }) =>
    mutations(event).map(({ what, event: changed }) => ({ id: `${name}, ${what}`, now: Date.parse(now), event: changed })),
  );
  assert.ok(cases.length > 2000);
  const { api, ...withoutApi } = DOCUMENTS.config;
  for (const config of [DOCUMENTS.config, { ...DOCUMENTS.config, completeMultipartUpload: 's3', unsealedUploadIds: 'forward' }, { ...withoutApi, relay: api, bodiesWithoutLength: 'relay' }]) {
    const decide = pair({ ...DOCUMENTS, config });
    let forwarded = 0;
    for (const one of cases) {
      const { text } = await decide(one);
      const again = signedAnew(one, text);
      if (again && (await decide(again)).isForwarded) forwarded += 1;
    }
    assert.ok(forwarded > 100, `${forwarded} were sent on`);
  }
});

/**
 * Decides by both: whether the request is sent on; the text that should have been signed, where they said one.
 *
 * @param {{ config: any, accessKeys: unknown, secrets?: unknown }} documents
 * @returns {(one: Case) => Promise<{ isForwarded: boolean, text: string | undefined }>}
 */
function pair({ config, accessKeys, secrets }) {
  const { api, relay } = config;
  const gates = ['viewer-request', 'origin-request'].map((triggers) => createGate({ wasm, config: { ...config, triggers }, accessKeys, secrets }));
  const buckets = gates[0].buckets();
  return async ({ id, now, event }) => {
    const options = { now: () => now, log: () => {} };
    const expected = /** @type {any} */ (await createViewerRequest({ gate: gates[0], ...options })(structuredClone(event)));
    const { request } = event.Records[0].cf;
    const domainName = buckets.find(({ domain }) => domain === expected.headers['x-ossedge-origin']?.[0].value)?.domain ?? buckets[0].domain;
    const shown = originRequestEvent(request, { requestId: event.Records[0].cf.config.requestId, domainName }, POLICY_WITH_HOST);
    // Where there is none, the model shows the origin's.
    if (!('host' in request.headers)) delete shown.Records[0].cf.request.headers.host;
    const found = /** @type {any} */ (await createOneFunction({ gate: gates[1], api, relay, ...options })(structuredClone(shown)));
    // CloudFront shows no function a name or a value with a NUL, and takes none from one.
    if (!/\0|bad name/u.test(JSON.stringify(request).replaceAll('\\u0000', '\0'))) assert.equal(violation('origin-request', shown, found), null, id);
    assert.deepEqual(summary(found), expectedOf(expected, request, relay), id);
    return { isForwarded: !('status' in found), text: element(expected.body ?? '', 'StringToSign') };
  };
}

/** What was decided: a refusal's status and code; or the origin, path, query and headers. @param {any} result */
function summary(result) {
  if ('status' in result) return { status: result.status, code: element(documentOf(result), 'Code') };
  const { uri, querystring, origin, headers } = result;
  const domain = origin.custom?.domainName ?? origin.s3.domainName;
  assert.equal(headers.host[0].value, domain);
  return { domain, uri, querystring, headers: decidedHeaders(headers) };
}

/**
 * The same of viewer-request's result, but for what can't be done at origin request.
 *
 * @param {any} result @param {any} request that the viewer sent @param {unknown} relay
 */
function expectedOf(result, request, relay) {
  if ('status' in result) return summary(result);
  const { uri, querystring, headers } = result;
  const domain = headers['x-ossedge-origin'][0].value;
  if (domain.includes('.s3.')) {
    const mustNotReplace = 'if-none-match' in headers;
    if (!relay && request.method === 'PUT' && 'transfer-encoding' in request.headers && 'content-length' in request.headers) return { status: '411', code: 'MissingContentLength' };
    if (mustNotReplace && (relay || request.method === 'POST')) return expectedBehind(result, relay);
    if (mustNotReplace || CONDITIONS.some((name) => name in request.headers)) return { status: '400', code: 'NotImplemented' };
  }
  return { domain, uri, querystring, headers: decidedHeaders(headers) };
}

/** Of an object, or the end of an upload, that must not replace another. @param {any} result @param {any} relay */
function expectedBehind({ method }, relay) {
  const domain = (relay ?? DOCUMENTS.config.api).domain;
  const uri = method === 'PUT' ? '/put-object' : '/complete-multipart-upload';
  return { domain, uri, querystring: '', headers: ['x-ossedge-request'] };
}

/** Those that were decided, sorted; of a hand-over, whose lines are in the order of the event, the name. @param {Record<string, { value: string }[]>} headers */
function decidedHeaders(headers) {
  const others = ['x-ossedge-origin', 'x-ossedge-seal', 'host', 'user-agent', 'x-forwarded-for', ...READ_ONLY_HEADERS['origin-request']];
  if ('x-ossedge-request' in headers) return ['x-ossedge-request'];
  return Object.entries(headers).flatMap(([name, [{ value }]]) => (others.includes(name) ? [] : [`${name}: ${value}`])).sort();
}

/** @param {any} result */
function documentOf({ body, headers }) {
  return body || Buffer.from(headers['x-oss-err']?.[0].value ?? '', 'base64').toString();
}

/** @param {string} file beside this one */
function read(file) {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
