// Bodies that are framed twice, or badly, by hand: what each model of CloudFront makes of them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { startDistribution } from '../../local/distribution.mjs';
import { openRequest, signedRequest } from '../../local/origin-access-control.mjs';
import { FRAMINGS } from '../../local/request-framing.mjs';

const MODELS = Object.keys(FRAMINGS);
const BOTH = 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n';
const CHUNKS = '2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n';

/** An S3 that takes whatever comes, and keeps how it came. */
const arrived = [];
const origin = http.createServer({ insecureHTTPParser: true }, async (message, response) => {
  const body = await text(message).catch(() => null);
  const framing = ['content-length', 'transfer-encoding'].filter((name) => message.headers[name] !== undefined);
  arrived.push({ framing, body });
  response.end();
});
origin.listen(0, '127.0.0.1');
await once(origin, 'listening');
after(() => origin.close());

const requestOf = (event) => event.Records[0].cf.request;
let seen;
const handlers = {
  viewerRequest: async (event) => ((seen = Object.keys(requestOf(event).headers)), requestOf(event)),
  originRequest: async (event) => requestOf(event),
  authorizer: async () => null,
};
const s3 = { endpoint: `http://127.0.0.1:${origin.address().port}`, credentials: { accessKeyId: 'a', secretAccessKey: 's' } };
const originDomain = () => 'devices.s3.eu-west-1.amazonaws.com';
const api = { domain: 'abc123.execute-api.eu-west-1.amazonaws.com', path: '/prod', methods: [] };

const distributions = {};
for (const framing of MODELS) distributions[framing] = await startDistribution({ handlers, originDomain, api, s3, framing });
after(() => Promise.all(Object.values(distributions).map((one) => one.close())));

/** The status of a request that is framed by hand. */
async function send(framing, headers, body, { cut = false } = {}) {
  seen = undefined;
  arrived.length = 0;
  const { host, port } = distributions[framing];
  const socket = net.connect(port, host);
  socket.on('error', () => {});
  socket.write(`PUT /k HTTP/1.1\r\nHost: h\r\n${headers}Connection: close\r\n\r\n${body}`);
  if (cut) {
    let answered = false;
    socket.once('data', () => (answered = true));
    while (seen === undefined && !answered) await new Promise((resolve) => setTimeout(resolve, 5));
    return void socket.destroy();
  }
  return Number(/^HTTP\/1\.1 (\d+)/.exec((await buffer(socket)).toString())?.[1]);
}

const length = 'content-length';
const encoding = 'transfer-encoding';
const EXPECTED = {
  'keep-both': { status: 200, functions: [encoding, length], framing: [length, encoding], body: 'abcde' },
  'drop-length': { status: 200, functions: [encoding], framing: [encoding], body: 'abcde' },
  'drop-chunking': { status: 200, functions: [length], framing: [length], body: 'abcde' },
  refuse: { status: 400 },
  'trust-length': { status: 200, functions: [encoding, length], framing: [length], body: '2\r\nab' },
};

for (const framing of MODELS) {
  test(`${framing} makes of two framings what it says`, async () => {
    const status = await send(framing, BOTH, CHUNKS);
    const [sent] = arrived;
    const functions = seen?.filter((name) => [length, encoding].includes(name));
    const { status: expected, ...others } = EXPECTED[framing];
    assert.equal(status, expected);
    assert.deepEqual(sent && { functions, ...sent }, others.body && others);
  });

  test(`${framing} leaves one framing as it is`, async () => {
    assert.equal(await send(framing, 'Content-Length: 5\r\n', 'abcde'), 200);
    assert.deepEqual(arrived, [{ framing: [length], body: 'abcde' }]);
    assert.equal(await send(framing, 'Transfer-Encoding: Chunked\r\n', CHUNKS), 200);
    assert.deepEqual(arrived, [{ framing: [encoding], body: 'abcde' }]);
  });

  test(`${framing} passes nothing on of a body that is cut`, async () => {
    await send(framing, BOTH.replace('5', '50'), '20\r\nhalf', { cut: true });
    await send(framing, 'Content-Length: 50\r\n', 'half', { cut: true });
    assert.equal(await send(framing, 'Content-Length: 0\r\n', ''), 200);
    assert.deepEqual(arrived.filter(({ body }) => body !== null), [{ framing: [length], body: '' }]);
  });
}

const REFUSED = [
  ['another coding', 'Transfer-Encoding: identity\r\nContent-Length: 5\r\n', 'abcde'],
  ['a coding more', 'Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n', CHUNKS],
  ['Transfer-Encoding twice', `Transfer-Encoding: chunked\r\n${BOTH}`, CHUNKS],
  ['a blank before the colon', 'Transfer-Encoding : chunked\r\nContent-Length: 5\r\n', CHUNKS],
  ['Content-Length twice', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'abcdef'],
  ['a Content-Length with a sign', 'Content-Length: +5\r\n', 'abcde'],
  ['a list of lengths', 'Content-Length: 5, 5\r\n', 'abcde'],
  ['a hexadecimal length', 'Content-Length: 0x5\r\n', 'abcde'],
  ['an empty Content-Length', 'Content-Length:\r\n', 'abcde'],
  ['a chunk size with a sign', BOTH, '-5\r\nabcde\r\n0\r\n\r\n', ['trust-length']],
  ['a chunk size that is no number', BOTH, '0x5\r\nabcde\r\n0\r\n\r\n', ['trust-length']],
];

for (const [name, headers, body, exempt = []] of REFUSED) {
  test(`refuses ${name}`, async () => {
    for (const framing of MODELS.filter((model) => !exempt.includes(model))) {
      assert.equal(await send(framing, headers, body), 400, framing);
      assert.deepEqual(arrived.filter((one) => one.body !== null), [], framing);
    }
  });
}

const TAKEN = [
  ['chunk extensions', BOTH, '5;name="a;b"\r\nabcde\r\n0;last\r\n\r\n'],
  ['trailers', `${BOTH}Trailer: x-a\r\n`, '5\r\nabcde\r\n0\r\nx-a: 1\r\nContent-Length: 9\r\n\r\n'],
  ['a folded Transfer-Encoding', 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n', CHUNKS],
  ['a folded Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length:\r\n\t5\r\n', CHUNKS],
  ['the headers in the other order', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', CHUNKS],
];

for (const [name, headers, body] of TAKEN) {
  test(`passes the content on, or nothing, with ${name}`, async () => {
    for (const framing of MODELS.filter((model) => model !== 'trust-length')) {
      const status = await send(framing, headers, body);
      assert.deepEqual(arrived.map((one) => one.body), status === 200 ? ['abcde'] : [], framing);
    }
  });
}

for (const [name, declared] of [['longer', 4], ['shorter', 6]]) {
  test(`drop-chunking answers 400 to a body that is ${name} than its Content-Length, and ends the upload`, async () => {
    assert.equal(await send('drop-chunking', BOTH.replace('5', String(declared)), CHUNKS), 400);
    assert.deepEqual(arrived.filter(({ body }) => body !== null), []);
  });
}

test('sends a body without a length over HTTP/2 in chunks, and neither header for none over HTTP/1.1', async () => {
  const request = { method: 'PUT', uri: '/k', querystring: '', headers: {}, origin: { s3: { domainName: originDomain(), path: '', customHeaders: {} } } };
  for (const [hasBody, expected] of [[true, [encoding]], [false, []]]) {
    arrived.length = 0;
    const upstream = openRequest(await signedRequest(request, s3), { hasBody });
    for (const part of hasBody ? ['ab', 'cde'] : []) upstream.write(part);
    upstream.end();
    const [response] = await once(upstream, 'response');
    response.resume();
    assert.deepEqual(arrived, [{ framing: expected, body: hasBody ? 'abcde' : '' }]);
  }
});
