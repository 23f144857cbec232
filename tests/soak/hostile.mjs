// Requests that must store nothing: wrong and removed keys, changed requests, other operations, and bytes that are no HTTP.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

import { put } from './devices.mjs';

const HOUR = 3_600_000;

/** Each is a PutObject that isn't what its sender may do; `access` in place of the right key. */
const REQUESTS = {
  'a wrong secret': ({ key }) => ({ access: { ...key, accessKeySecret: 'theSecretOfSomebodyElse00000001' } }),
  'an unknown key': () => ({ access: { accessKeyId: `LTAI5t${randomBytes(7).toString('hex')}`, accessKeySecret: 'x'.repeat(30) } }),
  'a key that was removed': ({ removedKey }) => ({ access: removedKey }),
  'a date of yesterday': () => ({ date: new Date(Date.now() - 24 * HOUR) }),
  'another path than was signed': () => ({ change: (request) => ({ ...request, path: `${request.path}-other` }) }),
  'a header that was not signed': () => ({ change: ({ headers, ...request }) => ({ ...request, headers: { ...headers, 'x-oss-meta-a': 'b' } }) }),
  'a copy of another object': () => ({ change: ({ headers, ...request }) => ({ ...request, headers: { ...headers, 'x-amz-copy-source': '/uploads-in-s3/soak', 'x-oss-copy-source': '/fleet-uploads/soak' } }) }),
  'a path with dots': () => ({ change: (request) => ({ ...request, path: `/soak/../${randomBytes(4).toString('hex')}` }) }),
  'a part of nobody\'s upload': () => ({ change: (request) => ({ ...request, path: `${request.path}?partNumber=1&uploadId=s1.1.1.-.x.y` }) }),
  'a staged part': () => ({ change: (request) => ({ ...request, path: '/.oss-edge/parts/a/00001' }) }),
  'a forged hand-over': () => ({ change: ({ headers, ...request }) => ({ ...request, headers: { ...headers, Authorization: 'OSS a:b', 'x-ossedge-origin': 's3', 'x-ossedge-seal': 'forged' } }) }),
  'GetObject': () => ({ change: (request) => ({ ...request, method: 'GET', body: '' }) }),
  'DeleteObject': () => ({ change: (request) => ({ ...request, method: 'DELETE', body: '' }) }),
  'many headers': () => ({ change: ({ headers, ...request }) => ({ ...request, headers: { ...headers, ...Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`x-oss-meta-${n}`, 'v'.repeat(100)])) } }) }),
  'no signature': () => ({ change: ({ headers: { Authorization: _, ...headers }, ...request }) => ({ ...request, headers }) }),
  'bytes behind the name of the scheme': () => ({ change: ({ headers, ...request }) => ({ ...request, headers: { ...headers, Authorization: `OSS ${randomBytes(60).toString('latin1').replace(/[^\x21-\x7e]/gu, '.')}` } }) }),
};

/** What is written to a socket as it is; then it is left or cut. */
const BYTES = {
  'garbage': () => randomBytes(2000),
  'a body that is cut': () => `PUT /soak/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(500)}`,
  'two lengths': () => 'PUT /soak/two HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
  'a chunk that lies': () => 'PUT /soak/chunk HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc\r\n',
  'half a request line': () => 'PUT /soak/ha',
};

/** Sends one after the other until `run.ended`. What is answered with 2xx is told to `run.unauthorised`. */
export async function hostile(run) {
  const requests = Object.entries(REQUESTS);
  const bytes = Object.entries(BYTES);
  for (let count = 0; !run.ended; count += 1) {
    const { port } = run.servers[count % run.servers.length];
    const [what, make] = requests[count % requests.length];
    const key = `soak/hostile/${count}`;
    const made = make({ key: run.key(), removedKey: run.removedKey() });
    const access = 'access' in made ? made.access : run.key();
    if (access) {
      const { status, error } = await put({ port, key, bytes: Buffer.from('hostile'), ...made, access });
      run.tell({ name: 'hostile', key, outcome: outcomeOf(status, error) });
      if (status !== undefined && status < 300) run.unauthorised(what, key, access);
    }
    if (count % 8 === 0) await throwAt(port, bytes[(count / 8) % bytes.length][1]());
    await new Promise((resolve) => setTimeout(resolve, run.pause));
  }
}

function outcomeOf(status, error) {
  if (status === undefined) return error ?? 'cut';
  return status < 300 ? 'served' : `refused ${status}`;
}

async function throwAt(port, bytes) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume().write(bytes);
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 300))]);
  socket.destroy();
}
