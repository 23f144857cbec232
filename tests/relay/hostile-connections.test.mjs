// Whoever reaches the relay's port, without an access key: what he sends, cut anywhere and ended in any way, ends neither
// the process nor what others send, and leaves nothing behind.

import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Duplex } from 'node:stream';
import { after, describe, test } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { writeFunctions } from '../../cli/bundle.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { NOW } from '../shim/fixture.mjs';
import { S3_BUCKET, documents, signed } from './entrance-fixture.mjs';
import { MIB, RELAYED, SECRET, handedOver, head } from './fixture.mjs';

const PROCESS = fileURLToPath(new URL('relay-process.mjs', import.meta.url));
const SEED = 20_261_130;
const SETTINGS = { headersSeconds: 1, requestSeconds: 2, keepAliveSeconds: 1, idleSeconds: 10 };
const HOST = 'Host: uploads.example.com';

/** Of requests without an access key, and of what is none. @type {[what: string, bytes: string | Buffer][]} */
const DIALOGUES = [
  ['nothing', ''],
  ['GET', `GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ['GET of HTTP/1.0', 'GET /a HTTP/1.0\r\n\r\n'],
  ['no Host', 'GET /a HTTP/1.1\r\n\r\n'],
  ['a whole URL', `GET http://other.example.com/a HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ['several requests', `GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(5)],
  ['more requests than may wait for their answers', `GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(1000)],
  ['requests with a wrong expectation', `GET /a HTTP/1.1\r\n${HOST}\r\nExpect: more\r\n\r\n`.repeat(50)],
  ['a length', `PUT /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 100\r\n\r\n${'x'.repeat(100)}`],
  ['a length that is none', `PUT /a HTTP/1.1\r\n${HOST}\r\nContent-Length: -1\r\n\r\nx`],
  ['an absurd length', `PUT /a HTTP/1.1\r\n${HOST}\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\nx`],
  ['chunks', `PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`],
  ['chunks and trailers', `PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n3\r\nabc\r\n0\r\na: b\r\n\r\n`],
  ['a chunk with a wrong size', `PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n`],
  ['a chunk with an absurd size', `PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\nabc`],
  ['a chunk with a long extension', `PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
  ['both framings', `PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n`],
  ['an expectation', `PUT /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc`],
  ['a wrong expectation', `PUT /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 3\r\nExpect: more\r\n\r\nabc`],
  ['an upgrade', `GET /a HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00`],
  ['an upgrade with a body', `PUT /a HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc`],
  ['a tunnel', `CONNECT ${HOST.slice(6)}:443 HTTP/1.1\r\n${HOST}\r\n\r\nabc`],
  ['a tunnel after requests', `${`GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(3)}CONNECT ${HOST.slice(6)}:443 HTTP/1.1\r\n${HOST}\r\n\r\nabc`],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
  ['large headers', `GET /a HTTP/1.1\r\n${HOST}\r\na: ${'b'.repeat(40_000)}\r\n\r\n`],
  ['many headers', `GET /a HTTP/1.1\r\n${HOST}\r\n${'a: b\r\n'.repeat(3000)}\r\n`],
  ["headers with an object's names", `GET /a HTTP/1.1\r\n${HOST}\r\n__proto__: a\r\n__proto__: b\r\nconstructor: c\r\nOrigin: \xff\xfe\r\n\r\n`],
  ['a folded header', `GET /a HTTP/1.1\r\n${HOST}\r\na: b\r\n c\r\n\r\n`],
  ['NUL', `GET /a\0 HTTP/1.1\r\n${HOST}\r\nb: \0\r\n\r\n`],
  ['NULs', Buffer.alloc(500)],
  ['a URL that is no UTF-8', Buffer.from(`GET /%ff\xff?\xfe=%zz HTTP/1.1\r\n${HOST}\r\nAuthorization: OSS \xff:\xfe\r\n\r\n`, 'latin1')],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
];

const VERSION_1 = Buffer.from('PROXY TCP4 198.51.100.9 10.0.0.1 40000 443\r\n');
const VERSION_2 = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1'), Buffer.from([198, 51, 100, 9, 10, 0, 0, 1, 156, 64, 1, 187])]);

/** What comes before what a listener expects. @type {typeof DIALOGUES} */
const PROXIED = [
  ['nothing', ''],
  ['no header', `GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ['two headers', Buffer.concat([VERSION_1, VERSION_2, Buffer.from(`GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`)])],
  ['a header of version 1 that is too long', `PROXY TCP6 ${'f'.repeat(200)}\r\n`],
  ['a header of version 2 that is too long', Buffer.concat([VERSION_2.subarray(0, 14), Buffer.from([0xff, 0xff]), Buffer.alloc(5000)])],
  ['a header of version 2 for its proxy', Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1')],
];
const ENCRYPTED = [
  ['nothing', ''],
  ['the beginning of TLS', await clientHello()],
  ['no TLS', `GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ['a record that is too long', Buffer.concat([Buffer.from([22, 3, 1, 0xff, 0xff]), Buffer.alloc(2000)])],
  ['the beginning of TLS, and no more of it', Buffer.concat([await clientHello(), Buffer.from('GET / HTTP/1.1\r\n\r\n')])],
];

/** How a client leaves, after what it wrote. @type {Record<string, (raw: net.Socket, stream: net.Socket) => void>} */
const ENDS = {
  'ends its half': (_, stream) => void stream.end(),
  resets: (raw) => raw.resetAndDestroy(),
  'resets at the answer': (raw, stream) => void stream.once('data', () => raw.resetAndDestroy()),
  'is silent': () => {},
  'is silent, and reads nothing': (raw) => void raw.pause(),
};

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-hostile-'));
const { endpoint, credentials, close } = await startS3Server({ directory: join(directory, 's3'), buckets: [S3_BUCKET] });
const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=relay', '-keyout', files.key, '-out', files.certificate]);
await writeFunctions(RELAYED, join(directory, 'edge'));
await writeFunctions({ ...documents(), secrets: RELAYED.secrets }, join(directory, 'entrance'));
after(async () => {
  await close();
  await rm(directory, { recursive: true });
});

const BODY = 'hello';
const LENGTH = `Content-Length: ${BODY.length}`;
const BY_PROXIES = { clientAddress: 'proxy-protocol', trustedProxies: ['127.0.0.0/8'] };

/** @type {Record<string, any>} */
const MODES = {
  'behind an edge': { functions: 'edge', options: { originSecret: SECRET } },
  'with both framings behind an edge': { functions: 'edge', options: { originSecret: SECRET, settings: { ...SETTINGS, bothFramings: 'accept' } } },
  'as the entrance': { functions: 'entrance', options: { entrance: {} } },
  'behind a proxy': { functions: 'entrance', options: { entrance: BY_PROXIES }, before: [VERSION_1, VERSION_2], raw: PROXIED },
  'with TLS': { functions: 'entrance', options: { entrance: { tls: files } }, raw: ENCRYPTED, isTls: true },
  'with TLS behind a proxy': {
    functions: 'entrance',
    options: { entrance: { tls: files, ...BY_PROXIES } },
    before: [VERSION_2],
    raw: [...PROXIED, ...ENCRYPTED, ...ENCRYPTED.map(([what, bytes]) => [what, Buffer.concat([VERSION_2, Buffer.from(bytes)])])],
    isTls: true,
  },
};

// They mostly wait for the relay's time-outs.
describe('outlives who connects without an access key', { concurrency: true }, () => {
  for (const [mode, { functions, options, before = [Buffer.alloc(0)], raw = [], isTls = false }] of Object.entries(MODES)) {
    test(mode, { timeout: 120_000 }, async (t) => {
      const random = randomFrom(SEED);
      const relay = await started(functions, options);
      t.after(() => relay.child.kill());
      const dialogue = (bytes) => opened(relay.port, { before: before[random(before.length)], isTls, bytes });
      const upload = functions === 'edge' ? head(await handedOver({ uri: '/a' }), [LENGTH]) : signed({ key: 'a' }, [LENGTH]);
      const answered = async (bytes) => {
        const { stream } = await dialogue(bytes);
        const answer = await new Promise((resolve) => stream.once('data', resolve).once('close', resolve));
        stream.destroy();
        return String(answer).split('\r\n', 1)[0];
      };
      // On a busy machine its time-outs may end what is good: it gets a few tries.
      const isServed = async (bytes) => {
        for (let tries = 1; tries < 20; tries += 1) if ((await answered(bytes)) === 'HTTP/1.1 200 OK') return true;
        return false;
      };
      const good = async () => {
        for (const bytes of [`${upload}${BODY}`, `GET /.oss-edge/health HTTP/1.1\r\n${HOST}\r\n\r\n`]) assert.ok(await isServed(bytes), bytes);
      };
      const hostile = async () => {
        const clients = [];
        for (const [what, text, isRaw] of [...DIALOGUES.map(([what, text]) => [what, text, false]), ...raw.map(([what, text]) => [what, text, true])]) {
          const bytes = Buffer.from(text, 'latin1');
          for (const [how, end] of Object.entries(ENDS)) {
            for (const length of [bytes.length, random(Math.min(bytes.length, 200) + 1)]) {
              clients.push(attempt(`${what}, ${length} bytes, ${how}`, bytes.subarray(0, length), isRaw, end));
              if (clients.length % 32 === 0) await Promise.all(clients);
            }
          }
        }
        return Promise.all(clients);
      };
      const attempt = async (what, bytes, isRaw, end) => {
        const { raw, stream } = await (isRaw ? opened(relay.port, { before: Buffer.alloc(0), isTls: false, bytes }) : dialogue(bytes));
        end(raw, stream);
        return { what, raw };
      };
      // One is kept to S3.
      const connections = (await relay.connections()) + 1;
      await good();
      // Once before it is measured: what is compiled and allocated at first stays.
      const first = await hostile();
      await relay.holds(connections, first);
      const heap = await relay.heap();
      const second = await hostile();
      await relay.holds(connections, second);
      [...first, ...second].forEach(({ raw }) => raw.destroy());
      await good();
      assert.ok((await relay.heap()) - heap < MIB, `${heap} bytes, then ${await relay.heap()}`);
      assert.deepEqual(relay.lines.filter(({ level }) => level !== undefined), []);
      assert.equal(relay.child.exitCode, null);
    });
  }
});

/** A relay in a process of its own. */
async function started(functions, options) {
  const given = { now: NOW, settings: SETTINGS, ...options, s3Options: { endpoint, credentials, forcePathStyle: true } };
  const child = fork(PROCESS, [join(directory, functions, 'relay', 'index.mjs'), JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: ['--expose-gc'] });
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const answer = async () => (await once(child, 'message'))[0];
  const port = await answer();
  const connections = async () => (await readdir(`/proc/${child.pid}/fd`)).length;
  return {
    child,
    port,
    lines,
    connections,
    /** Until it has no more open files than these, though the clients have theirs. */
    async holds(most, clients) {
      for (let tries = 0; (await connections()) > most; tries += 1) {
        assert.ok(tries < 1000, `still open: ${clients.filter(({ raw }) => !raw.closed).map(({ what }) => what).join('; ')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async heap() {
      child.send('heap');
      return answer();
    },
  };
}

/** A connection on which these bytes were sent; `raw` is the one below TLS. */
async function opened(port, { before, isTls, bytes }) {
  const raw = net.connect({ port, host: '127.0.0.1' });
  raw.on('error', () => {});
  await once(raw, 'connect');
  raw.write(before);
  if (!isTls) {
    await written(raw, bytes);
    return { raw, stream: raw.resume() };
  }
  const stream = tls.connect({ socket: raw, rejectUnauthorized: false });
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('secureConnect', resolve).once('close', resolve));
  await written(stream, bytes);
  return { raw, stream: stream.resume() };
}

/** @param {net.Socket} stream @param {string | Buffer} bytes */
function written(stream, bytes) {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.write(bytes, 'latin1', resolve);
  });
}

/** The first bytes of a TLS client. @returns {Promise<Buffer>} */
function clientHello() {
  return new Promise((resolve) => {
    tls.connect({ socket: new Duplex({ read() {}, write: (bytes) => resolve(bytes) }) }).on('error', () => {});
  });
}

/** Pseudo-random integers below a bound, the same each time. @param {number} state */
function randomFrom(state) {
  return (/** @type {number} */ bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
