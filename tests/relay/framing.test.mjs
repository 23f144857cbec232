// How a request's end may be told. Node's parser refuses most of what is ambiguous; the rest is decided here.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';

import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';

import { MIB, chunked, exchange, handedOver, head, startRelay } from './fixture.mjs';

const BODY = Buffer.from('hello, world');
const BOTH = { 'transfer-encoding': 'chunked', 'content-length': String(BODY.length) };
const strict = await startRelay();
const lenient = await startRelay({ settings: { bothFramings: 'accept' } });
after(() => Promise.all([strict.close(), lenient.close()]));

const CHUNKED = 'Transfer-Encoding: chunked';
const LENGTH = `Content-Length: ${BODY.length}`;
const FRAMED = chunked(BODY).toString();

/**
 * What follows the headers of the edge, how the parsers take it, and why. 'stored' is always exactly the body.
 *
 * @type {[what: string, lines: string[], body: string, strict: number, lenient: number][]}
 */
const FRAMINGS = [
  ['chunks', [CHUNKED], FRAMED, 200, 200],
  ['a length', [LENGTH], BODY.toString(), 200, 200],
  ['chunks with an extension', [CHUNKED], FRAMED.replace('c\r\n', 'c;a=b\r\n'), 200, 200],
  ['chunks with trailers', [CHUNKED], FRAMED.replace(/\r\n$/u, 'x-oss-meta-a: 1\r\n\r\n'), 200, 200],
  ['both', [CHUNKED, LENGTH], FRAMED, 400, 200],
  ['both, the length first', [LENGTH, CHUNKED], FRAMED, 400, 200],
  ['both, with another length', [CHUNKED, 'Content-Length: 5'], FRAMED, 400, 400],
  ['a length twice', [LENGTH, LENGTH], BODY.toString(), 400, 400],
  ['two lengths', [LENGTH, 'Content-Length: 5'], BODY.toString(), 400, 400],
  ['a length with a sign', [`Content-Length: +${BODY.length}`], BODY.toString(), 400, 400],
  ['a length in a list', [`Content-Length: ${BODY.length}, ${BODY.length}`], BODY.toString(), 400, 400],
  ['chunks twice', [CHUNKED, CHUNKED], FRAMED, 400, 400],
  ['another coding before the chunks', ['Transfer-Encoding: gzip, chunked'], FRAMED, 400, 400],
  ['another coding after the chunks', ['Transfer-Encoding: chunked, gzip'], FRAMED, 400, 400],
  ['another coding', ['Transfer-Encoding: identity'], FRAMED, 400, 400],
  ['a coding in quotes', ['Transfer-Encoding: "chunked"'], FRAMED, 400, 400],
  ['a blank before the colon', ['Transfer-Encoding : chunked'], FRAMED, 400, 400],
  ['a folded coding', ['Transfer-Encoding:\r\n chunked'], FRAMED, 400, 200],
  ['a control character in a header', [CHUNKED, 'X-A: a\x01b'], FRAMED, 400, 400],
  ['a line feed alone after a header', [`${CHUNKED}\nX-A: b`], FRAMED, 400, 200],
  ['a carriage return alone after a header', [`${CHUNKED}\rX-A: b`], FRAMED, 400, 400],
  ['a size that is no number', [CHUNKED], FRAMED.replace('c\r\n', 'cx\r\n'), 400, 400],
  ['a size too large for a number', [CHUNKED], FRAMED.replace('c\r\n', '1000000000000000c\r\n'), 400, 400],
  ['a chunk longer than its size', [CHUNKED], FRAMED.replace('c\r\n', 'b\r\n'), 400, 400],
];

for (const [what, lines, body, whenStrict, whenLenient] of FRAMINGS) {
  for (const [server, mode, expected] of /** @type {const} */ ([[strict, 'strict', whenStrict], [lenient, 'lenient', whenLenient]])) {
    test(`${what}: ${expected} where the parser is ${mode}`, async () => {
      const key = `framing/${what.replaceAll(/\W/gu, '-')}`;
      // The edge saw what it lets pass: a length beside the chunks where there is one.
      const { path, handOver } = await handedOver({ uri: `/${key}`, headers: BOTH });
      const answer = await exchange(server.port, [head({ path, handOver }, lines), body]);
      assert.equal(answer.status, expected, answer.body);
      await assertStored(server, key, expected === 200);
    });
  }
}

// What the lenient parser takes besides, and cannot be seen here: the end of a line within the chunks. Which bytes are
// the body is the same, and the connection is closed, so that nothing after them is taken for a request.
for (const [what, body] of /** @type {const} */ ([
  ['a line feed alone after a size', FRAMED.replace('c\r\n', 'c\n')],
  ['blanks after a size', FRAMED.replace('c\r\n', 'c  \r\n')],
  ['no line end after a chunk', FRAMED.replace('world\r\n', 'world')],
])) {
  test(`${what}: the same bytes or none, and the end of the connection`, async () => {
    const key = `lines/${what.replaceAll(' ', '-')}`;
    const { path, handOver } = await handedOver({ uri: `/${key}`, headers: BOTH });
    const smuggled = head({ path, handOver });
    const answer = await exchange(lenient.port, [head({ path, handOver }, [CHUNKED, LENGTH]), body, smuggled]);
    assert.ok([200, 400].includes(answer.status), String(answer.status));
    assert.equal(answer.headers.Connection, 'close');
    assert.equal(lenient.lines.filter((line) => line.key === key).length <= 1, true);
    await assertStored(lenient, key, answer.status === 200);
    assert.equal((await exchange(strict.port, [head({ path, handOver }, [CHUNKED]), body])).status, 400);
  });
}

for (const version of ['1.0', '0.9', '2.0']) {
  test(`stores nothing of chunks in HTTP/${version}`, async () => {
    for (const server of [strict, lenient]) {
      const { path, handOver } = await handedOver({ uri: '/version', headers: BOTH });
      const answer = await exchange(server.port, [head({ path, handOver, version }, [CHUNKED]), FRAMED]);
      assert.equal(answer.status, 400);
      await assertStored(server, 'version', false);
    }
  });
}

test('stores a large body with both framings where that is accepted, and closes the connection', async () => {
  const body = randomBytes(7 * MIB);
  const { path, handOver } = await handedOver({ uri: '/large', headers: { ...BOTH, 'content-length': String(body.length) } });
  const framing = [CHUNKED, `Content-Length: ${body.length}`];
  const answer = await exchange(lenient.port, [head({ path, handOver }, framing), chunked(body)]);
  assert.deepEqual([answer.status, answer.headers.Connection], [200, 'close']);
  const cut = await exchange(lenient.port, [head({ path, handOver }, framing), chunked(body.subarray(1))]);
  assert.deepEqual([cut.status, cut.code], [400, 'IncompleteBody']);
});

/** @param {typeof strict} server @param {string} key @param {boolean} expected */
async function assertStored({ s3 }, key, expected) {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'fleet-uploads-prod' }));
  assert.equal(Contents.some(({ Key }) => Key === key), expected, key);
  if (!expected) return;
  const object = await s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: key }));
  assert.equal(await object.Body.transformToString(), BODY.toString());
}
