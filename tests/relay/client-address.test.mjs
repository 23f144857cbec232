// The address of a client, as the functions find it: of the connection, in X-Forwarded-For, and in a header of the PROXY
// protocol, without a server. listener.test.mjs has them in one.

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { forwardedFor, ipv6Text, plainAddress, trustedProxies } from '../../js-shim/relay/client-address.mjs';
import { createListener } from '../../js-shim/relay/listener.mjs';
import { ProxyProtocolFault, readProxyHeader } from '../../js-shim/relay/proxy-protocol.mjs';

for (const [address, plain] of /** @type {[string | undefined, string][]} */ ([
  ['198.51.100.9', '198.51.100.9'],
  ['::ffff:198.51.100.9', '198.51.100.9'],
  ['::FFFF:198.51.100.254', '198.51.100.254'],
  ['2001:db8::9', '2001:db8::9'],
  ['2001:db8::ffff:198.51.100.9', '2001:db8::ffff:198.51.100.9'],
  ['64:ff9b::ffff:198.51.100.9', '64:ff9b::ffff:198.51.100.9'],
  ['::ffff:198.51.100', '::ffff:198.51.100'],
  ['::ffff:198.51.100.9%eth0', '::ffff:198.51.100.9%eth0'],
  ['::ffff:a.b.c.d', '::ffff:a.b.c.d'],
  ['::ffff:c633:6409', '::ffff:c633:6409'],
  [undefined, ''],
])) {
  test(`${address} is written ${plain || 'as nothing'}`, () => assert.equal(plainAddress(address), plain));
}

for (const [ranges, trusted, others] of /** @type {[string[] | undefined, string[], string[]][]} */ ([
  [undefined, [], ['127.0.0.1', '::1', '']],
  [['10.0.0.1'], ['10.0.0.1'], ['10.0.0.2', '10.0.0.10', '::1', '', 'localhost', '10.0.0']],
  [['10.0.0.0/8'], ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '::a00:1', '']],
  [['fd00::1'], ['fd00::1', 'fd00:0:0::1'], ['fd00::2', '127.0.0.1', 'fd00']],
  [['fd00::/8', '192.0.2.7'], ['fd00::', 'fdff:ffff::1', '192.0.2.7'], ['fe00::', 'fc00::1', '192.0.2.8']],
])) {
  test(`of proxies, ${ranges ?? 'none'} may say who the client is, and no other`, () => {
    const isTrusted = trustedProxies(ranges);
    assert.deepEqual([trusted.filter((one) => !isTrusted(one)), others.filter(isTrusted)], [[], []]);
  });
}

for (const [lines, hops, address] of /** @type {[string[] | undefined, number | undefined, string | undefined][]} */ ([
  [undefined, undefined, undefined],
  [[], 1, undefined],
  [['198.51.100.9'], undefined, '198.51.100.9'],
  [['203.0.113.7, 198.51.100.9'], undefined, '198.51.100.9'],
  [['203.0.113.7,198.51.100.9', '2001:db8::9 '], 1, '2001:db8::9'],
  [['203.0.113.7,198.51.100.9', '2001:db8::9 '], 2, '198.51.100.9'],
  [['203.0.113.7,198.51.100.9', '2001:db8::9 '], 3, '203.0.113.7'],
  [['203.0.113.7,198.51.100.9', '2001:db8::9 '], 4, undefined],
  [['198.51.100.9, unknown'], 1, undefined],
  [['198.51.100.9,'], 1, undefined],
  [['198.51.100.9 198.51.100.10'], 1, undefined],
])) {
  test(`X-Forwarded-For ${JSON.stringify(lines)} has ${address ?? 'no address'} at ${hops ?? 'the default place'}`, () => {
    assert.equal(forwardedFor(lines, hops), address);
  });
}

test('writes an IPv6 address as people do, and one of IPv4 in it as that', () => {
  assert.equal(ipv6Text([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]), '2001:db8::9');
  assert.equal(ipv6Text([...Array(10).fill(0), 0xff, 0xff, 198, 51, 100, 9]), '198.51.100.9');
});

const V1 = 'PROXY TCP4 198.51.100.9 10.0.0.1 40000 443\r\n';

/** A header of version 2: its signature, the version with the command, the family with the protocol, a length, and the rest. */
function version2(rest, { command = 1, family = 0x11, length = rest.length } = {}) {
  const fixed = Buffer.from([0x20 | command, family, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n'), fixed, Buffer.from(rest)]);
}

const IPV4 = [198, 51, 100, 9, 10, 0, 0, 1, 0x9c, 0x40, 1, 0xbb];
const IPV6 = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 9, 0xfd, ...Array(14).fill(0), 1, 0x9c, 0x40, 1, 0xbb];
const ENDPOINT = [...Buffer.from('vpce-08d2bf15fac5001c9')];
/** @param {number[]} value */
const aws = (value) => [0xea, 0, value.length, ...value];
const CHECKSUM = [0x03, 0, 4, 1, 2, 3, 4];

for (const [what, header, client] of /** @type {[string, Buffer | string, object][]} */ ([
  ['version 1', V1, { address: '198.51.100.9' }],
  ['version 1, IPv4 in IPv6', 'PROXY TCP6 ::ffff:198.51.100.9 fd00::1 1 65535\r\n', { address: '198.51.100.9' }],
  ['version 1, the longest', `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`, {}],
  ['version 1, an unknown client', 'PROXY UNKNOWN\r\n', {}],
  ['version 2', version2(IPV4), { address: '198.51.100.9', vpcEndpointId: undefined }],
  ['version 2, IPv6', version2(IPV6, { family: 0x21 }), { address: '2001:db8::9', vpcEndpointId: undefined }],
  ['version 2, IPv6 through an endpoint', version2([...IPV6, ...aws([1, ...ENDPOINT])], { family: 0x21 }), { address: '2001:db8::9', vpcEndpointId: 'vpce-08d2bf15fac5001c9' }],
  ['version 2, of the proxy itself', version2([...IPV4, ...aws([1, ...ENDPOINT])], { command: 0 }), {}],
  ['version 2, without addresses', version2(aws([1, ...ENDPOINT]), { family: 0 }), { vpcEndpointId: 'vpce-08d2bf15fac5001c9' }],
  ['version 2, an endpoint after other extensions', version2([...IPV4, ...CHECKSUM, 0x04, 0, 0, ...aws([1, ...ENDPOINT])]), { address: '198.51.100.9', vpcEndpointId: 'vpce-08d2bf15fac5001c9' }],
  ['version 2, another of AWS before the endpoint', version2([...IPV4, ...aws([2, ...ENDPOINT, 0x30]), ...aws([1, ...ENDPOINT])]), { address: '198.51.100.9', vpcEndpointId: 'vpce-08d2bf15fac5001c9' }],
  ["version 2, an endpoint's name in another extension", version2([...IPV4, 0xeb, 0, ENDPOINT.length + 1, 1, ...ENDPOINT]), { address: '198.51.100.9', vpcEndpointId: undefined }],
  ['version 2, an endpoint with more before its name', version2([...IPV4, ...aws([1, 0x78, ...ENDPOINT])]), { address: '198.51.100.9', vpcEndpointId: undefined }],
  ['version 2, an endpoint with more after its name', version2([...IPV4, ...aws([1, ...ENDPOINT, 0x22])]), { address: '198.51.100.9', vpcEndpointId: undefined }],
  ['version 2, an extension that isn\'t whole', version2([...IPV4, 0xea, 0]), { address: '198.51.100.9', vpcEndpointId: undefined }],
  ['version 2, the longest', version2([...IPV4, ...longExtension(4096 - 16)]), { address: '198.51.100.9', vpcEndpointId: undefined }],
])) {
  test(`reads a header of the PROXY protocol, ${what}, and leaves what follows`, async () => {
    const bytes = Buffer.from(header);
    for (const cut of [bytes.length, bytes.length + 3, 1, 5, 13, 15, bytes.length - 1]) {
      const socket = new PassThrough();
      const all = Buffer.concat([bytes, Buffer.from('PUT /a')]);
      const reading = readProxyHeader(/** @type {any} */ (socket), 60_000);
      sendInTurns(socket, [all.subarray(0, cut), all.subarray(cut)]);
      assert.deepEqual(await reading, client, `${cut}`);
      assert.equal(socket.isPaused(), true);
      assert.equal(await textOf(socket), 'PUT /a', `${cut}`);
    }
  });
}

for (const [what, header, message] of /** @type {[string, Buffer | string, RegExp][]} */ ([
  ['an end before it', '', /^closed in its header$/u],
  ['an end in it', V1.slice(0, -1), /^closed in its header$/u],
  ['an end in version 2', version2(IPV4).subarray(0, 14), /^closed in its header$/u],
  ['an end in its signature', version2(IPV4).subarray(0, 11), /^closed in its header$/u],
  ['a request', 'PUT /a HTTP/1.1\r\n', /^no header of/u],
  ['one letter of another word', 'X', /^no header of/u],
  ['another beginning', 'PROXZ', /^no header of/u],
  ['a line end that isn\'t the signature', '\r\n\r\n\0\r\nQUIP', /^no header of/u],
  ['an unknown client in a longer word', 'PROXY UNKNOWNS\r\n', /^a malformed header/u],
  ['an unknown client elsewhere', 'PROXY PROXY UNKNOWN \r\n', /^a malformed header/u],
  ['a line without end', `PROXY UNKNOWN ${'f'.repeat(93)}`, /that is too long$/u],
  ['a line that ends too late', `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`, /that is too long$/u],
  ['a destination of another family', 'PROXY TCP4 198.51.100.9 fd00::1 1 2\r\n', /^a malformed header/u],
  ["a destination's port that is none", 'PROXY TCP4 198.51.100.9 10.0.0.1 1 65536\r\n', /^a malformed header/u],
  ['a length of too many bytes', version2([], { length: 4081 }), /that is too long$/u],
  ['an extension that ends beyond it', version2([...IPV4, 0xea, 0, 2, 1]), /^a malformed extension/u],
  ['an extension that ends after its length', version2([...IPV4, 0xea, 0, 2]), /^a malformed extension/u],
  ['datagrams', version2(IPV4, { family: 0x12 }), /^another protocol than TCP$/u],
  ['a socket of the file system', version2(Buffer.alloc(216), { family: 0x31 }), /^another family of addresses/u],
])) {
  test(`takes nothing for a header of the PROXY protocol that has ${what}`, async () => {
    const socket = new PassThrough();
    sendInTurns(socket, [Buffer.from(header)]);
    await assert.rejects(readProxyHeader(/** @type {any} */ (socket), 60_000), (error) => {
      assert.ok(error instanceof ProxyProtocolFault, String(error));
      assert.deepEqual([error.name, message.test(error.message)], ['ProxyProtocolFault', true], error.message);
      return true;
    });
  });
}

test('waits for a header of the PROXY protocol no longer than it may, and leaves nothing on the connection', async () => {
  const socket = new PassThrough();
  socket.write('PROXY');
  const listeners = () => ['end', 'close', 'error', 'data'].map((name) => socket.listenerCount(name));
  const before = listeners();
  // As a server does, it keeps the process alive.
  const server = setInterval(() => {}, 1000);
  await assert.rejects(readProxyHeader(/** @type {any} */ (socket), 20), { message: 'no whole header of the PROXY protocol in time' });
  clearInterval(server);
  assert.deepEqual(listeners(), before);
});

for (const event of ['close', 'error']) {
  test(`a connection whose header ends in its ${event} is told as closed`, async () => {
    const socket = new PassThrough();
    const reading = readProxyHeader(/** @type {any} */ (socket), 60_000);
    socket.destroy(event === 'error' ? new Error('ECONNRESET') : undefined);
    await assert.rejects(reading, { message: 'closed in its header' });
  });
}

/** What a relay with this listener says of a client's address. @param {object} listener @returns {any} */
function listening(listener) {
  const refused = /** @type {object[]} */ ([]);
  return { ...createListener({ listener, headersSeconds: 5, serverOptions: {}, refused: (event) => refused.push(event) }), refused };
}

/** A request as Node has it. @param {string[]} [forwarded] */
const messageFrom = (/** @type {string} */ remoteAddress, forwarded) => ({ socket: { remoteAddress }, headersDistinct: { 'x-forwarded-for': forwarded } });

test('without a proxy, the address is that of the connection, whatever the request says', () => {
  for (const listener of [{}, { clientAddress: 'socket' }]) {
    const { clientOf, addressOf } = listening(listener);
    assert.deepEqual(clientOf(messageFrom('::ffff:198.51.100.9', ['203.0.113.7'])), { address: '198.51.100.9' });
    assert.equal(addressOf({ remoteAddress: '198.51.100.9' }), '198.51.100.9');
  }
});

test('says where X-Forwarded-For has no address, and who may not send one', () => {
  const trustedProxies = ['10.0.0.1'];
  for (const [trustedHops, place] of [[undefined, 1], [2, 2]]) {
    const { clientOf } = listening({ clientAddress: 'x-forwarded-for', trustedProxies, trustedHops });
    assert.deepEqual(clientOf(messageFrom('10.0.0.1', ['unknown, unknown'])), { address: '10.0.0.1', fault: `X-Forwarded-For has no address at \`trustedHops\` ${place} from its end` });
    assert.deepEqual(clientOf(messageFrom('10.0.0.2', ['198.51.100.9'])), { address: '10.0.0.2', fault: "10.0.0.2 isn't one of `listener.trustedProxies`" });
    assert.deepEqual(clientOf(messageFrom('10.0.0.1', ['198.51.100.9, 198.51.100.9'])), { address: '198.51.100.9' });
  }
});

/** A connection of a proxy. @param {number} remotePort @returns {any} */
function connectionOf(remotePort, remoteAddress = '10.0.0.1') {
  return Object.assign(new PassThrough(), { remoteAddress, remotePort, setTimeout() {}, setNoDelay() {}, setKeepAlive() {} });
}

test('each connection of a proxy has its own client, until it is closed', async () => {
  const { server, clientOf, addressOf, refused } = listening({ clientAddress: 'proxy-protocol', trustedProxies: ['10.0.0.1'] });
  const opened = async (/** @type {any} */ socket, /** @type {string} */ address) => {
    server.emit('connection', socket);
    socket.write(`PROXY TCP4 ${address} 10.0.0.9 1 2\r\n`);
    while (clientOf({ socket }).address !== address) await turn();
  };
  const closed = async (/** @type {any} */ socket) => {
    socket.destroy();
    await new Promise((resolve) => socket.once('close', resolve));
  };
  const [first, second, again] = [connectionOf(1), connectionOf(2), connectionOf(1)];
  await opened(first, '198.51.100.1');
  await opened(second, '198.51.100.2');
  assert.deepEqual([first, second].map(addressOf), ['198.51.100.1', '198.51.100.2']);
  assert.equal(clientOf({ socket: first }).fault, undefined);
  // A port may be used again before the former connection is told to be closed.
  await opened(again, '198.51.100.3');
  await closed(first);
  assert.deepEqual([again, second].map(addressOf), ['198.51.100.3', '198.51.100.2']);
  await closed(again);
  assert.deepEqual(clientOf({ socket: again }), { address: '10.0.0.1', fault: 'no client is known' });
  assert.deepEqual([addressOf(second), refused], ['198.51.100.2', []]);
  await closed(second);
});

/** An extension that fills a header's rest up to a length, addresses included. */
function longExtension(/** @type {number} */ length) {
  const rest = length - IPV4.length - 3;
  return [0x04, rest >> 8, rest & 0xff, ...Array(rest).fill(0)];
}

/** As a connection does: what comes later, and its end, are read in another turn. */
async function sendInTurns(/** @type {PassThrough} */ socket, /** @type {Buffer[]} */ pieces) {
  for (const piece of pieces) {
    socket.write(piece);
    await turn();
  }
  socket.end();
}

/** @param {PassThrough} socket */
async function textOf(socket) {
  const received = [];
  for await (const chunk of socket) received.push(chunk);
  return Buffer.concat(received).toString();
}
