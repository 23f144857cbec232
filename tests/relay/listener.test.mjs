// Who ends TLS before a relay that is the entrance, and who says what a client's address is: only who may.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';

import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { AddressFamilyType, Command, IPv4Address, IPv4ProxyAddress, IPv6Address, IPv6ProxyAddress, TransportProtocol, UnixProxyAddress, V2ProxyProtocol } from 'proxy-protocol-js';

import { createListener } from '../../js-shim/relay/listener.mjs';
import { HOST, S3_BUCKET, signed, startEntrance } from './entrance-fixture.mjs';
import { exchange } from './fixture.mjs';

const LOOPBACK = ['127.0.0.0/8'];
const BODY = Buffer.from('hello');
const LENGTH = `Content-Length: ${BODY.length}`;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-listener-'));
const proxied = await startEntrance({ listener: { clientAddress: 'proxy-protocol', trustedProxies: LOOPBACK }, settings: { headersSeconds: 1, healthPort: 0 } });
const forwarded = await startEntrance({ listener: { clientAddress: 'x-forwarded-for', trustedProxies: LOOPBACK, trustedHops: 2 } });
after(async () => {
  await Promise.all([proxied.close(), forwarded.close(), rm(directory, { recursive: true })]);
});

const IPV4 = new IPv4ProxyAddress(IPv4Address.createFrom([198, 51, 100, 9]), 40_000, IPv4Address.createFrom([10, 0, 0, 1]), 443);
const IPV6 = new IPv6ProxyAddress(IPv6Address.createFrom([0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 9]), 40_000, IPv6Address.createWithEmptyAddress(), 443);
const MAPPED = new IPv6ProxyAddress(IPv6Address.createFrom([...Array(10).fill(0), 0xff, 0xff, 198, 51, 100, 9]), 1, IPv6Address.createWithEmptyAddress(), 443);

/** A header of version 2 as its library writes it, with extensions; it leaves these out of the length. */
function version2(address = IPV4, { command = Command.PROXY, transport = TransportProtocol.STREAM, extensions = Buffer.alloc(0) } = {}) {
  const header = Buffer.from(new V2ProxyProtocol(command, transport, address, extensions).build());
  header.writeUInt16BE(header.length - 16, 14);
  return header;
}

/** The extension of AWS's that names an interface endpoint. */
function endpointExtension(id) {
  const value = Buffer.from(`\x01${id}`);
  return Buffer.concat([Buffer.from([0xea, 0, value.length]), value]);
}

const NOOP = Buffer.from([0x04, 0, 2, 0, 0]);

for (const [what, header, address, vpcEndpointId] of /** @type {[string, Buffer, string, string?][]} */ ([
  ['version 1', Buffer.from('PROXY TCP4 198.51.100.9 10.0.0.1 40000 443\r\n'), '198.51.100.9'],
  ['version 1, IPv6', Buffer.from('PROXY TCP6 2001:db8::9 fd00::1 40000 443\r\n'), '2001:db8::9'],
  ['version 1, an unknown client', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
  ['version 1, an unknown client with addresses', Buffer.from('PROXY UNKNOWN 198.51.100.9 10.0.0.1 40000 443\r\n'), '127.0.0.1'],
  ['version 2', version2(), '198.51.100.9'],
  ['version 2, IPv6', version2(IPV6), '2001:db8::9'],
  ['version 2, IPv4 in IPv6', version2(MAPPED), '198.51.100.9'],
  ['version 2, of the proxy itself', version2(IPV4, { command: Command.LOCAL }), '127.0.0.1'],
  ['version 2, through an interface endpoint', version2(IPV4, { extensions: Buffer.concat([NOOP, endpointExtension('vpce-08d2bf15fac5001c9')]) }), '198.51.100.9', 'vpce-08d2bf15fac5001c9'],
  ['version 2, an endpoint that is none', version2(IPV4, { extensions: endpointExtension('vpce-"}{') }), '198.51.100.9'],
])) {
  test(`takes the client's address from the PROXY protocol, ${what}`, async () => {
    const request = signed({ key: 'proxied' }, [LENGTH, 'X-Forwarded-For: 203.0.113.7']);
    for (const pieces of [[header, request, BODY], [Buffer.concat([header, Buffer.from(request), BODY])], [...header].map((byte) => Buffer.from([byte])).concat(Buffer.from(request), BODY)]) {
      const before = proxied.lines.length;
      assert.equal((await exchange(proxied.port, pieces)).status, 200);
      const [line, ...others] = proxied.lines.slice(before);
      assert.deepEqual([line.clientIp, line.vpcEndpointId, others], [address, vpcEndpointId, []]);
    }
  });
}

test('a connection has one client, however many requests', async () => {
  const socket = net.connect({ port: proxied.port, host: '127.0.0.1' });
  const request = signed({ key: 'kept' }, [LENGTH]);
  const before = proxied.lines.length;
  socket.write(Buffer.concat([version2(), Buffer.from(request), BODY]));
  await proxied.logged(before + 1);
  socket.write(request + BODY);
  await proxied.logged(before + 2);
  // A second header is no request.
  socket.write(version2(IPV6));
  await once(socket.resume(), 'close');
  const told = proxied.lines.slice(before).map(({ clientIp, status }) => [clientIp, status]);
  assert.deepEqual(told, [['198.51.100.9', 200], ['198.51.100.9', 200], ['198.51.100.9', 400]]);
});

for (const [what, bytes] of /** @type {[string, Buffer | string][]} */ ([
  ['no header', ''],
  ['an end in the header of version 1', 'PROXY TCP4 198.51.100.9'],
  ['an unknown protocol', 'PROXY UDP4 198.51.100.9 10.0.0.1 1 2\r\n'],
  ['an address that is none', 'PROXY TCP4 localhost 10.0.0.1 1 2\r\n'],
  ['an address of the other family', 'PROXY TCP4 2001:db8::9 fd00::1 1 2\r\n'],
  ['a port that is none', 'PROXY TCP4 198.51.100.9 10.0.0.1 1 70000\r\n'],
  ['more fields', 'PROXY TCP4 198.51.100.9 10.0.0.1 1 2 3\r\n'],
  ['a header of version 1 that is too long', `PROXY TCP6 ${'f'.repeat(120)}\r\n`],
  ['a header in lower case', 'proxy TCP4 198.51.100.9 10.0.0.1 1 2\r\n'],
  ['a version 3', Buffer.concat([version2().subarray(0, 12), Buffer.from([0x31]), version2().subarray(13)])],
  ['an unknown command', Buffer.concat([version2().subarray(0, 12), Buffer.from([0x22]), version2().subarray(13)])],
  ['a length beside the address', Buffer.concat([version2().subarray(0, 14), Buffer.from([0, 4]), version2().subarray(16, 20)])],
  ['a header that is too long', Buffer.concat([version2().subarray(0, 14), Buffer.from([0xff, 0xff])])],
  ['an extension that ends beyond the header', version2(IPV4, { extensions: Buffer.from([0xea, 0, 9, 1]) })],
  ['datagrams', version2(IPV4, { transport: TransportProtocol.DGRAM })],
  ['a socket of the file system', version2(UnixProxyAddress.from(Buffer.alloc(216)))],
])) {
  test(`closes a connection with ${what}, and says why in one line`, async () => {
    const before = proxied.lines.length;
    const answer = await exchange(proxied.port, [bytes, signed({ key: 'never' }, [LENGTH]), BODY]);
    assert.equal(answer.status, 0, answer.body);
    const [line, ...others] = proxied.lines.slice(before);
    assert.deepEqual([line.decision, line.clientIp, others], ['deny', '127.0.0.1', []]);
    assert.ok(line.detail, JSON.stringify(line));
    assert.ok(!(await keys(proxied)).includes('never'));
  });
}

test('waits for a header no longer than for a request', async () => {
  for (const bytes of ['', 'PROXY TCP4 198']) {
    const before = proxied.lines.length;
    const socket = net.connect({ port: proxied.port, host: '127.0.0.1' });
    socket.write(bytes);
    await once(socket.resume(), 'close');
    assert.match((await proxied.logged(before + 1)).detail, /in time/u);
  }
});

test('says of a client that has gone before its address was known that it has gone', async () => {
  const told = [];
  const { server } = createListener({ listener: { clientAddress: 'proxy-protocol', trustedProxies: LOOPBACK }, headersSeconds: 5, serverOptions: {}, refused: (event) => told.push(event) });
  const gone = new Duplex({ read() {} });
  server.emit('connection', gone);
  await once(gone, 'close');
  assert.deepEqual(told, [{ clientIp: '', detail: 'closed before its address was known' }]);
});

test('takes no header from who may not send one', async () => {
  const strict = await startEntrance({ listener: { clientAddress: 'proxy-protocol', trustedProxies: ['10.0.0.0/8', 'fd00::/8'] } });
  const answer = await exchange(strict.port, [Buffer.concat([version2(), Buffer.from(signed({}, [LENGTH])), BODY])]);
  assert.equal(answer.status, 0);
  assert.deepEqual(strict.lines.map(({ clientIp, detail }) => [clientIp, detail]), [['127.0.0.1', "127.0.0.1 isn't one of `listener.trustedProxies`"]]);
  await strict.close();
});

test('answers checks of health at a port of their own, without a header', async () => {
  const { port } = /** @type {net.AddressInfo} */ (proxied.relay.health.address());
  const alive = await exchange(port, [`GET /.oss-edge/health HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`]);
  assert.deepEqual([alive.status, alive.body], [200, 'ok\n']);
  const other = await exchange(port, [signed({ key: 'never' }, [LENGTH]), BODY]);
  assert.equal(other.status, 404);
});

for (const [what, lines, address] of /** @type {[string, string[], string?][]} */ ([
  ['the one before the last', ['X-Forwarded-For: 198.51.100.9, 10.0.0.1'], '198.51.100.9'],
  ['not what the client wrote before it', ['X-Forwarded-For: 203.0.113.7, 198.51.100.9, 10.0.0.1'], '198.51.100.9'],
  ['over several lines', ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-For: 2001:db8::9', 'x-forwarded-for: 10.0.0.1'], '2001:db8::9'],
  ['none where there are too few', ['X-Forwarded-For: 10.0.0.1']],
  ['none where there is no header', []],
  ['none where it is no address', ['X-Forwarded-For: unknown, 10.0.0.1']],
  ['none where it is empty', ['X-Forwarded-For: , 10.0.0.1']],
  ['none with a port', ['X-Forwarded-For: 198.51.100.9:4711, 10.0.0.1']],
])) {
  test(`of X-Forwarded-For it takes the address that the first trusted proxy saw: ${what}`, async () => {
    const before = forwarded.lines.length;
    const answer = await exchange(forwarded.port, [signed({ key: 'forwarded' }, [LENGTH, ...lines]), BODY]);
    const line = await forwarded.logged(before + 1);
    if (address !== undefined) assert.deepEqual([answer.status, line.clientIp], [200, address]);
    else assert.deepEqual([answer.status, answer.code, line.clientIp], [403, 'AccessDenied', '127.0.0.1']);
  });
}

test('takes X-Forwarded-For from trusted proxies only', async () => {
  const strict = await startEntrance({ listener: { clientAddress: 'x-forwarded-for', trustedProxies: ['10.0.0.1'] } });
  const answer = await exchange(strict.port, [signed({}, [LENGTH, 'X-Forwarded-For: 198.51.100.9']), BODY]);
  assert.deepEqual([answer.status, answer.code, strict.lines[0].clientIp], [403, 'AccessDenied', '127.0.0.1']);
  await strict.close();
});

test('ends TLS itself, after the header of a load balancer, and with a certificate that may change', async () => {
  const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
  await newCertificate(files, 'first');
  const relay = await startEntrance({ listener: { tls: files, clientAddress: 'proxy-protocol', trustedProxies: LOOPBACK } });
  const first = await overTls(relay.port, version2(), [signed({ key: 'tls' }, [LENGTH, 'Connection: close']), BODY]);
  assert.deepEqual([first.status, first.name, relay.lines.at(-1).clientIp], [200, 'first', '198.51.100.9']);
  // In one piece with the header, as a client that begins at once sends it.
  const plain = await exchange(relay.port, [Buffer.concat([version2(), Buffer.from(signed({ key: 'never' }, [LENGTH]))]), BODY]);
  assert.equal(plain.status, 0);
  assert.ok(!(await keys(relay)).includes('never'));
  await relay.close();
});

test('closes a connection on which there is no TLS, or none in time, and says why in one line', async () => {
  const files = { certificate: join(directory, 'needed.crt'), key: join(directory, 'needed.key') };
  await newCertificate(files, 'needed');
  const relay = await startEntrance({ listener: { tls: files }, settings: { headersSeconds: 0.5 } });
  for (const [bytes, code] of /** @type {[string, string][]} */ ([['', 'ERR_TLS_HANDSHAKE_TIMEOUT'], ['\x16\x03', 'ERR_TLS_HANDSHAKE_TIMEOUT'], ['GET / HTTP/1.1\r\n\r\n', 'ERR_SSL_HTTP_REQUEST']])) {
    assert.equal((await exchange(relay.port, [bytes])).status, 0);
    const { clientIp, detail } = await relay.logged(1);
    assert.deepEqual([clientIp, detail, relay.lines.splice(0).length], ['127.0.0.1', `no TLS connection (${code})`, 1]);
  }
  // A check whether the port is open is told of in none.
  const check = net.connect({ port: relay.port, host: '127.0.0.1' });
  const [connection] = await once(relay.relay.server, 'connection');
  check.resetAndDestroy();
  await new Promise((resolve) => connection.once('close', resolve));
  assert.deepEqual(relay.lines, []);
  await relay.close();
});

test('serves the certificate that its files have, and keeps the one before if they have none', async () => {
  const files = { certificate: join(directory, 'rotated.crt'), key: join(directory, 'rotated.key') };
  await newCertificate(files, 'before');
  const told = [];
  const { server } = createListener({
    listener: { tls: files },
    headersSeconds: 5,
    serverOptions: {},
    certificateMilliseconds: 20,
    refused: (event) => told.push(event),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  const served = async () => (await overTls(port, Buffer.alloc(0), [])).name;
  assert.equal(await served(), 'before');
  await writeFile(files.certificate, 'damaged');
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await served(), 'before');
  await newCertificate(files, 'after');
  while ((await served()) !== 'after') await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(told.every(({ event, detail }) => event === 'certificate' && detail.startsWith('listener.tls')), JSON.stringify(told));
  server.close();
});

test('does not start without its certificate, and names the field', async () => {
  const create = (/** @type {{ certificate: string, key: string }} */ tls) => () =>
    createListener({ listener: { tls }, headersSeconds: 5, serverOptions: {}, refused: () => {} });
  assert.throws(create({ certificate: '/nowhere/tls.crt', key: '/nowhere/tls.key' }), /listener\.tls\.certificate: expected a file that can be read, found \/nowhere\/tls\.crt \(ENOENT\)/u);
  const file = join(directory, 'none.pem');
  await writeFile(file, 'none');
  assert.throws(create({ certificate: file, key: file }), /listener\.tls: expected a certificate and its key in PEM/u);
});

/** @param {{ certificate: string, key: string }} files @param {string} name */
async function newCertificate({ certificate, key }, name) {
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
  await promisify(execFile)('openssl', [...options, '-keyout', key, '-out', certificate]);
}

/** What is answered over TLS, after bytes before it, and the name in the certificate. */
async function overTls(port, before, pieces) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(before);
  const secure = tls.connect({ socket, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  const name = secure.getPeerCertificate().subject.CN;
  const received = [];
  secure.on('data', (data) => received.push(data));
  for (const piece of pieces) secure.write(piece);
  if (pieces.length > 0) await once(secure, 'close');
  secure.destroy();
  return { name, status: Number(Buffer.concat(received).toString().split(' ')[1]) };
}

async function keys({ s3 }) {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: S3_BUCKET }));
  return Contents.map(({ Key }) => Key);
}
