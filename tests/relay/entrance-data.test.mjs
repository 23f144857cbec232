// The requests of real SDKs, and the malformed ones, over HTTP to a relay that is the entrance: what the core decides of
// them it decides there too.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { METHODS } from 'node:http';
import { test } from 'node:test';

import { DOCUMENTS } from '../shim/fixture.mjs';
import { startEntrance } from './entrance-fixture.mjs';
import { exchange } from './fixture.mjs';

/** What only API Gateway can't carry (tests/malformed.rs). */
const OF_THE_API = ['header-4-kb-to-the-api', 'header-9-kb-to-the-api', 'header-32-kb-to-the-api', 'body-chunked-complete'];

for (const file of ['signature-v1-header', 'signature-v1-url', 'signature-v4']) {
  const { configs, vectors } = await data(`vectors/${file}`);
  const requests = vectors.filter(({ result, sdk }) => result !== undefined || sdk);
  const groups = Object.groupBy(requests, ({ style, accessKeyId, accessKeySecret, securityToken = '' }) =>
    JSON.stringify({ style, accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) }));
  for (const [group, members = []] of Object.entries(groups)) {
    const { style, ...key } = JSON.parse(group);
    test(`decides over ${members.length} requests of ${file}, ${style}, ${key.accessKeyId}`, async (t) => {
      const clock = { now: 0 };
      const relay = await startEntrance({ documents: documents(configs[style], { accessKeys: [key] }), clock });
      t.after(() => relay.close());
      for (const vector of members) {
        clock.now = timeOf(vector);
        const { method, pathAndQuery, host, headers } = vector.request;
        const lines = host === undefined ? headers : [['host', host], ...headers];
        const line = lineOf(relay, await exchange(relay.port, raw(method, pathAndQuery, lines)));
        const refused = vector.result === 'refuse';
        if (refused) assert.equal(line.code, vector.expected.code, `${vector.id}: ${line.detail}`);
        // Some name uploads and digests that aren't those of what is sent here: that is S3's to find.
        else assert.deepEqual([line.generation, line.operation, line.key], ['1', vector.operation ?? vector.expected.operation, vector.key], `${vector.id}: ${line.detail}`);
      }
    });
  }
}

test('refuses each malformed request, and stores nothing', async (t) => {
  const { config, accessKeys, requests, wellFormed } = await data('malformed/requests');
  const clock = { now: 0 };
  const relay = await startEntrance({ documents: documents(config, accessKeys), clock, settings: { headerBytes: 65_536 } });
  t.after(() => relay.close());
  const sent = async (/** @type {any} */ { now, method, uri, query, headers }) => {
    clock.now = Date.parse(now);
    const answer = await exchange(relay.port, raw(method, query === '' ? uri : `${uri}?${query}`, headers));
    return { answer, line: lineOf(relay, answer) };
  };
  let exact = 0;
  for (const entry of requests.filter((one) => !OF_THE_API.includes(one.id) && !hasBlanks(one))) {
    const { answer, line } = await sent(entry);
    const found = `${entry.id}: ${answer.status} ${answer.code} ${line.detail}`;
    assert.equal(line.decision, 'deny', found);
    if (!isPlain(entry)) assert.ok(answer.status >= 400 && answer.status < 500, found);
    else assert.deepEqual([answer.status, line.code], [entry.expected.status, entry.expected.code], found);
    exact += Number(isPlain(entry));
  }
  assert.ok(exact > 90, `${exact}`);
  for (const entry of wellFormed.filter(isPlain)) {
    const { line } = await sent(entry);
    assert.deepEqual([line.generation !== undefined, line.operation], [true, entry.operation], `${entry.id}: ${line.detail}`);
  }
});

/** The line of the request that was answered: it is written before the answer. @param {{ lines: any[] }} relay @param {any} answer */
function lineOf({ lines }, { headers, body, status }) {
  const id = headers['x-oss-request-id'] ?? /<RequestId>(.*)</u.exec(body)?.[1];
  const line = lines.find(({ ossRequestId }) => ossRequestId === id);
  assert.ok(line, `no line of ${id}, status ${status}`);
  return line;
}

/** Whether it is another request over HTTP, where blanks around a value are none of it. @param {{ headers: [string, string][] }} entry */
function hasBlanks({ headers }) {
  return headers.some(([, value]) => /^[ \t]|[ \t]$/u.test(value));
}

/** Methods that Node reads with any target: CONNECT takes an authority alone, which some releases check. */
const OF_PATHS = METHODS.filter((method) => method !== 'CONNECT');

/** Each counts for more than its bytes in Node 22 and 24, and 1,000 are more than `RELAY_HEADER_BYTES`. */
const MOST_HEADERS = 500;

/** Whether HTTP carries a request as it is: what it doesn't, Node refuses, or reads otherwise. @param {any} entry */
function isPlain({ method, uri, query, headers }) {
  const isValue = (/** @type {string} */ value) => !/[\0-\x08\x0a-\x1f\x7f]/u.test(value);
  const names = headers.map((/** @type {string[]} */ [name]) => name.toLowerCase());
  const isOnce = (/** @type {string} */ name) => names.indexOf(name) === names.lastIndexOf(name);
  const areHeaders = headers.every((/** @type {string[]} */ [name, value]) => /^[\w-]+$/u.test(name) && isValue(value));
  const isCoded = headers.every((/** @type {string[]} */ [name, value]) => name.toLowerCase() !== 'transfer-encoding' || /^chunked$/iu.test(value));
  const isFramed = isCoded && isOnce('content-length') && isOnce('transfer-encoding') && !(names.includes('content-length') && names.includes('transfer-encoding'));
  return OF_PATHS.includes(method) && headers.length <= MOST_HEADERS && /^\/[!-"$->@-~]*$/u.test(uri) && /^[!-"$-~]*$/u.test(query) && areHeaders && isFramed;
}

/** @param {string} name @returns {Promise<any>} */
async function data(name) {
  return JSON.parse(await readFile(new URL(`../${name}.json`, import.meta.url), 'utf8'));
}

/** @param {any} config with an API @param {object} accessKeys */
function documents({ api: _, ...config }, accessKeys) {
  return { ...DOCUMENTS, config: { ...config, entrance: 'relay' }, accessKeys };
}

/** When a request was signed, or soon before its URL expires. @param {any} vector */
function timeOf({ now, date, expires }) {
  if (now !== undefined) return Date.parse(now);
  if (date !== undefined) return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, '$1-$2-$3T$4:$5:$6Z'));
  return (Number(expires) - 1) * 1000;
}

/** The bytes of a request with a body as long as it says. @param {string} method @param {string} target @param {[string, string][]} headers */
function raw(method, target, headers) {
  const head = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), 'Connection: close'];
  const valueOf = (/** @type {string} */ wanted) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const length = Number(valueOf('content-length') ?? 0);
  const body = valueOf('transfer-encoding') === undefined ? Buffer.alloc(length > 0 && length < 1e6 ? length : 0) : '0\r\n\r\n';
  return [Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body];
}
