// What the relay does with a request once it is verified, with an S3 in memory: which operation, what of the body, and how it
// answers. uploads.test.mjs has it in a server.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import { Duplex, Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { endUnreadable, sendAnswer } from '../../js-shim/relay/answer.mjs';
import { performing } from '../../js-shim/relay/perform.mjs';
import { BUCKET, MIB, Upload, areJoined } from '../operations/device.mjs';
import { MemoryS3 } from '../operations/memory-s3.mjs';

const SETTINGS = /** @type {any} */ ({ slots: 2, slotWaitSeconds: 5, bodiesPerKey: 1, joins: 2, joinsPerKey: 2, minBytesPerSecond: 0, rateSeconds: 1 });
const SEALING = /** @type {any} */ ({ seal: { sealUploadId: (/** @type {any} */ { s3UploadId }) => `sealed ${s3UploadId}` }, now: () => 0 });
const CHUNKED = { 'transfer-encoding': 'chunked' };
const HELLO = Buffer.from('hello');

/** A request with a body, or with one that never comes. @param {Buffer | null} body @param {Record<string, string>} headers @returns {any} */
function messageOf(body, headers) {
  const message = Object.assign(new Readable({ read() {} }), { headers });
  if (body !== null) message.push(body);
  if (body !== null) message.push(null);
  return message;
}

/** @param {object} forward what was decided */
function verifiedOf(forward) {
  const usual = { accessKeyId: 'key', bucket: 'fleet-uploads', key: 'k', s3Bucket: BUCKET, query: '', options: [], headers: [] };
  return /** @type {any} */ ({ forward: { ...usual, ...forward }, url: 'http://uploads.example.com/k' });
}

/** An S3 in memory, what it is asked, and a relay's operations on it. */
function relayOf({ isEntrance = /** @type {boolean | undefined} */ (undefined), settings = SETTINGS } = {}) {
  const s3 = new MemoryS3();
  const calls = /** @type {string[]} */ ([]);
  s3.around = ({ name }, run) => (calls.push(name), run());
  const perform = performing(settings, SEALING, { IA: 'STANDARD' }, isEntrance);
  const received = /** @type {number[]} */ ([]);
  return {
    s3,
    calls,
    received,
    perform: (/** @type {object} */ forward, body = /** @type {Buffer | null} */ (HELLO), headers = /** @type {Record<string, string>} */ (CHUNKED)) =>
      perform(/** @type {any} */ (s3), verifiedOf(forward), messageOf(body, headers), (bytes) => void received.push(bytes)),
  };
}

const PUT = { operation: 'PutObject', maxBodyBytes: 100 };

test('stores an object, and tells how many bytes came', async () => {
  const { s3, received, perform } = relayOf();
  const { headers } = await perform(PUT);
  assert.ok(s3.bytesOf('k').equals(HELLO));
  assert.deepEqual([Object.fromEntries(headers ?? []).ETag, received], ['"5d41402abc4b2a76b9719d911017c592"', [5]]);
});

test('stores an empty object that was declared so, whatever the last hop makes of it', async () => {
  const { s3, perform } = relayOf();
  await perform({ ...PUT, bodyLength: 0 }, Buffer.alloc(0), {});
  assert.equal(s3.bytesOf('k')?.length, 0);
});

test('stores a part', async () => {
  const { s3, perform } = relayOf();
  const upload = /** @type {any} */ (await Upload.begin(s3, 'k'));
  await perform({ operation: 'UploadPart', maxBodyBytes: 100, query: `uploadId=${upload.id}&partNumber=3` });
  assert.deepEqual([...s3.uploads.get(upload.id)?.parts.keys() ?? []], [3]);
});

test('lists, aborts and describes, whatever the body', async () => {
  const { s3, calls, received, perform } = relayOf();
  const found = { ContentLength: 5, LastModified: new Date(0), ETag: '"e"' };
  Object.assign(s3, { HeadObject: () => found });
  const { document } = await perform({ operation: 'InitiateMultipartUpload', uploadOptions: '-' });
  const uploadId = /<UploadId>sealed (.*)<\/UploadId>/u.exec(document ?? '')?.[1];
  const query = `uploadId=${uploadId}`;
  assert.match((await perform({ operation: 'ListParts', query, uploadId: 'sealed' })).document ?? '', /<UploadId>sealed<\/UploadId>/u);
  assert.equal((await perform({ operation: 'AbortMultipartUpload', query })).status, 204);
  const classOf = ({ headers = [] }) => Object.fromEntries(headers)['x-oss-storage-class'];
  assert.deepEqual([classOf(await perform({ operation: 'HeadObject' })), classOf(await perform({ operation: 'GetObjectMeta' }))], ['Standard', undefined]);
  Object.assign(found, { StorageClass: 'STANDARD_IA' });
  // The configuration has it for another class.
  assert.equal(classOf(await perform({ operation: 'HeadObject' })), undefined);
  assert.deepEqual(calls, ['CreateMultipartUpload', 'ListParts', 'AbortMultipartUpload', 'HeadObject', 'HeadObject', 'HeadObject']);
  assert.deepEqual(received, []);
});

for (const [what, forward, headers, code, detail] of /** @type {[string, object, Record<string, string>, string, string?][]} */ ([
  ['an operation that it has not', { operation: 'DeleteObject', maxBodyBytes: 100 }, CHUNKED, 'Error'],
  ['an operation that is a property of every object', { operation: 'constructor', maxBodyBytes: 100 }, CHUNKED, 'Error'],
  ['a body of which nobody said how large it may be', { operation: 'PutObject' }, CHUNKED, 'Error'],
  ['another length than the edge saw', { ...PUT, bodyLength: 5 }, { 'content-length': '4' }, 'IncompleteBody', 'the length at the edge was another'],
  ['no length, and no chunks', PUT, {}, 'IncompleteBody', 'a hop before the relay dropped the body'],
  ['more bytes than it may have', { ...PUT, maxBodyBytes: 4 }, CHUNKED, 'EntityTooLarge'],
  ['fewer bytes than were declared', { ...PUT, bodyLength: 6 }, CHUNKED, 'IncompleteBody'],
  ['another MD5', { ...PUT, headers: [['content-md5', '1B2M2Y8AsgTpgAmY7PhCfg==']] }, CHUNKED, 'BadDigest'],
])) {
  test(`stores nothing of ${what}`, async () => {
    const { calls, perform } = relayOf();
    await assert.rejects(perform(forward, HELLO, headers), { name: code, ...(detail && { message: detail }) });
    assert.deepEqual(calls, []);
  });
}

test('a body whose chunks a hop took off may still have them behind an edge, and never at the entrance', async () => {
  const body = Buffer.from('5\r\nhel');
  for (const [isEntrance, bodyIsChunked, code] of /** @type {const} */ ([[undefined, true, 'IncompleteBody'], [false, true, 'IncompleteBody'], [false, undefined, undefined], [true, true, undefined]])) {
    const { perform, s3 } = relayOf({ isEntrance });
    const storing = perform({ ...PUT, bodyLength: 6, bodyIsChunked }, body, { 'content-length': '6' });
    if (code !== undefined) await assert.rejects(storing, { name: code });
    else await storing;
    assert.equal(s3.bytesOf('k') === undefined, code !== undefined);
  }
});

test('a key sends so many bodies at once, also lists of parts, and what fails is done', async () => {
  const { perform, received } = relayOf();
  await assert.rejects(perform({ ...PUT, maxBodyBytes: 4 }), { name: 'EntityTooLarge' });
  assert.deepEqual(received, [5]);
  const waiting = perform(PUT, null);
  waiting.catch(() => {});
  await turn();
  for (const forward of [PUT, { operation: 'CompleteMultipartUpload', query: 'uploadId=U' }]) {
    await assert.rejects(perform(forward), { name: 'SlowDown', message: /^the access key has \d+ under way: see RELAY_BODIES_PER_KEY$/u });
  }
  await perform({ ...PUT, accessKeyId: 'other' });
});

test('completes an upload by a list of parts that is no larger than such lists are', async () => {
  const { s3, perform, received } = relayOf();
  const upload = /** @type {any} */ (await Upload.begin(s3, 'k'));
  await perform({ operation: 'UploadPart', maxBodyBytes: 100, query: `uploadId=${upload.id}&partNumber=1` });
  const list = '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>5d41402abc4b2a76b9719d911017c592</ETag></Part></CompleteMultipartUpload>';
  const completing = { operation: 'CompleteMultipartUpload', query: `uploadId=${upload.id}` };
  await assert.rejects(perform(completing, Buffer.from(list.padEnd(4 * MIB + 1))), { name: 'EntityTooLarge' });
  const { document = '' } = await perform(completing, Buffer.from(list.padEnd(4 * MIB)));
  assert.match(document, /<Location>http:\/\/uploads\.example\.com\/k<\/Location>/u);
  assert.ok(s3.bytesOf('k').equals(HELLO));
  // What is logged are the bytes of objects.
  assert.deepEqual(received, [5]);
});

test('an upload without small parts is completed whatever is joined', async () => {
  const { s3, perform } = relayOf({ settings: { ...SETTINGS, bodiesPerKey: 10, joins: 1, joinsPerKey: 1 } });
  /** @type {(value?: unknown) => void} */
  let go = () => {};
  const held = new Promise((resolve) => (go = resolve));
  const uploads = [await Upload.begin(s3, 'k'), await Upload.begin(s3, 'k')];
  for (const { id } of /** @type {any[]} */ (uploads)) await perform({ operation: 'UploadPart', maxBodyBytes: 100, query: `uploadId=${id}&partNumber=1` });
  s3.around = async ({ name }, run) => (name === 'CompleteMultipartUpload' && (await held), run());
  const list = Buffer.from('<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>5d41402abc4b2a76b9719d911017c592</ETag></Part></CompleteMultipartUpload>');
  const both = /** @type {any[]} */ (uploads).map(({ id }) => perform({ operation: 'CompleteMultipartUpload', query: `uploadId=${id}` }, list));
  await turn();
  go();
  assert.equal((await Promise.all(both)).length, 2);
});

test('joins small parts once, however often the same is asked, and what differs by itself', async () => {
  const { s3, calls, perform } = relayOf({ settings: { ...SETTINGS, bodiesPerKey: 10, joinsPerKey: 1 } });
  const upload = /** @type {any} */ (await Upload.begin(s3, 'k'));
  const sent = await upload.parts([4 * MIB, 4 * MIB]);
  const listOf = (/** @type {any[]} */ parts) => Buffer.from(`<CompleteMultipartUpload>${parts.map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`);
  const completing = { operation: 'CompleteMultipartUpload', query: `uploadId=${upload.id}`, staging: upload.id, maxJoinBytes: 100 * MIB };
  /** @type {(value?: unknown) => void} */
  let go = () => {};
  const held = new Promise((resolve) => (go = resolve));
  const usual = s3.around;
  s3.around = async (call, run) => {
    if (call.name === 'ListParts') await held;
    return usual(call, run);
  };
  const both = [perform(completing, listOf(sent)), perform(completing, listOf(sent))];
  await turn();
  for (const [more, list] of /** @type {[object, any[]][]} */ ([[{}, sent.slice(1)], [{ query: 'uploadId=V' }, sent], [{ key: 'l' }, sent], [{ s3Bucket: 'c' }, sent], [{ options: ['complete-all'] }, sent]])) {
    // It would wait for another join of its key, which has one at most.
    await assert.rejects(perform({ ...completing, ...more }, listOf(list)), { name: 'SlowDown', message: 'the access key has 1 under way: see RELAY_JOINS_PER_KEY' });
  }
  go();
  const [first, second] = await Promise.all(both);
  assert.deepEqual(first, second);
  assert.equal(first.joinedBytes, 8 * MIB);
  assert.equal(calls.filter((name) => name === 'CompleteMultipartUpload').length, 1);
  assert.ok(areJoined(s3.bytesOf('k'), sent));
});

/** What the server answers next. @type {{ answer: any, client?: object }} */
let next;
const server = http.createServer(async (request, response) => {
  // As the relay does, it answers once the core has decided.
  await turn();
  await sendAnswer(request, response, next.answer, next.client).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
after(() => (server.close(), server.closeAllConnections()));

/** What is answered to a request. @param {string} method @param {Buffer} [body] @returns {Promise<any>} */
async function answered(method, body = Buffer.alloc(0)) {
  const request = http.request({ port, host: '127.0.0.1', method, headers: { 'Content-Length': body.length, Connection: 'keep-alive' } });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks = await response.toArray();
  if (!request.writableFinished) await Promise.race([once(request, 'finish'), once(request, 'close')]);
  const sent = request.writableFinished;
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString(), sent };
}

for (const [what, method, answer, headers, body] of /** @type {[string, string, object, object, string][]} */ ([
  ['a document', 'GET', { status: 200, body: '设' }, { 'content-length': '3' }, '设'],
  ['no document', 'GET', { status: 200, body: '' }, { 'content-length': '0' }, ''],
  ['nothing', 'DELETE', { status: 204, body: '' }, { 'content-length': undefined }, ''],
  ['headers beyond ASCII', 'GET', { status: 200, body: '', headers: [['x-oss-meta-a', '设'], ['x-oss-meta-a', 'b']] }, { 'x-oss-meta-a': `${Buffer.from('设').toString('latin1')}, b` }, ''],
  ['the size of an object', 'HEAD', { status: 200, body: '', objectBytes: 7 }, { 'content-length': '7' }, ''],
  ['an object without a byte', 'HEAD', { status: 200, body: 'x', objectBytes: 0 }, { 'content-length': '0' }, ''],
  ['the size of its own body', 'HEAD', { status: 404, body: 'abc' }, { 'content-length': '3' }, ''],
  ['a document, whatever the object', 'GET', { status: 200, body: 'abc', objectBytes: 7 }, { 'content-length': '3' }, 'abc'],
  ['a request that is wholly there', 'PUT', { status: 200, body: '' }, { connection: 'keep-alive' }, ''],
])) {
  test(`answers with ${what}`, async () => {
    next = { answer: { headers: [], ...answer } };
    const found = await answered(method);
    assert.deepEqual([found.status, found.headers['cache-control'], found.body], [next.answer.status, 'no-store', body]);
    assert.deepEqual(Object.fromEntries(Object.keys(headers).map((name) => [name, found.headers[name]])), headers);
  });
}

test('reads the rest of a body that it refuses, so that the client reads the answer, and then ends the connection', async () => {
  next = { answer: { status: 400, headers: [], body: 'refused' } };
  const { status, headers, body, sent } = await answered('PUT', Buffer.alloc(8 * MIB));
  assert.deepEqual([status, headers.connection, body, sent], [400, 'close', 'refused', true]);
});

/** A request of which the rest hasn't come, its answer, and what becomes of both. */
function refusedOf(/** @type {object} */ client) {
  const calls = /** @type {string[]} */ ([]);
  const called = (/** @type {string} */ name) => () => void calls.push(name);
  const request = Object.assign(new EventEmitter(), { method: 'PUT', complete: false, resume: called('resume'), destroy: called('destroy') });
  const response = { appendHeader() {}, writeHead() {}, write: called('write'), end: called('end') };
  const sent = sendAnswer(/** @type {any} */ (request), /** @type {any} */ (response), { status: 400, headers: [], body: '' }, client);
  return { calls, request, sent };
}

test('waits for the rest of a body that it refuses, but not of one that the client keeps back', async (t) => {
  const late = new AbortController();
  t.mock.method(AbortSignal, 'timeout', (/** @type {number} */ milliseconds) => (assert.equal(milliseconds, 5000), late.signal));
  assert.deepEqual(refusedOf({ waits: true }).calls, ['write', 'end']);
  const whole = refusedOf({});
  assert.deepEqual(whole.calls, ['write', 'resume']);
  assert.equal(whole.request.listenerCount('data'), 1);
  whole.request.emit('close');
  await whole.sent;
  assert.deepEqual(whole.calls, ['write', 'resume', 'end']);
  const failing = refusedOf({ waits: false });
  failing.request.emit('error', new Error('ECONNRESET'));
  await failing.sent;
  const endless = refusedOf({});
  late.abort();
  await endless.sent;
  for (const { calls } of [failing, endless]) assert.deepEqual(calls, ['write', 'resume', 'destroy', 'end']);
});

test('ends a connection on which there was no request, and outlives a client that has gone', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answer = { code: 'InvalidArgument', status: 400, statusDescription: 'Bad Request', headers: /** @type {[string, string][]} */ ([['Date', 'D']]), body: '设' };
  const written = /** @type {Buffer[]} */ ([]);
  const write = (/** @type {Buffer} */ chunk, /** @type {string} */ _, /** @type {() => void} */ done) => (written.push(chunk), done());
  for (const socket of [new Duplex({ read() {}, write }), new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(new Error('ECONNRESET')) })]) {
    const destroy = t.mock.method(socket, 'destroy');
    endUnreadable(/** @type {any} */ (socket), answer);
    for (let turns = 0; turns < 100 && !socket.closed; turns += 1) await turn();
    assert.equal(socket.closed, true);
    const calls = destroy.mock.callCount();
    // Nothing waits for it any more.
    t.mock.timers.tick(5000);
    assert.equal(destroy.mock.callCount(), calls);
  }
  assert.equal(Buffer.concat(written).toString(), 'HTTP/1.1 400 Bad Request\r\nDate: D\r\nConnection: close\r\nContent-Length: 3\r\n\r\n设');
});

test('waits for a client that takes no answer to what is no request only so long', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const socket = new Duplex({ read() {}, write() {} });
  endUnreadable(/** @type {any} */ (socket), { code: 'InvalidArgument', status: 400, statusDescription: 'Bad Request', headers: [], body: '' });
  await turn();
  t.mock.timers.tick(4999);
  assert.equal(socket.destroyed, false);
  t.mock.timers.tick(1);
  assert.equal(socket.destroyed, true);
});
