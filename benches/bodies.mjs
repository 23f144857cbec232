// `node benches/bodies.mjs`: bodies without a length through the relay, each process that they pass through by itself.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { writeFunctions } from '../cli/bundle.mjs';
import { documents, putEvent } from './events.mjs';
import { CPU_RATIO, RELAY_MIB } from './limits.mjs';
import { printRows, row } from './report.mjs';
import { NOW } from './signing.mjs';

const SCRATCH = fileURLToPath(new URL('../target/bench/', import.meta.url));
const PROCESS = fileURLToPath(new URL('body-process.mjs', import.meta.url));
const MIB = 1024 * 1024;
const BUCKET = 'fleet-uploads-prod';
const ORIGIN_SECRET = 'the-origin-secret-of-the-benchmark';

/** As many as the relay's default has slots. */
const BODIES = 32;

/** One chunk of a body, with its framing. */
const CHUNK_BYTES = 64 * 1024;
const CHUNK = Buffer.concat([
  Buffer.from(`${CHUNK_BYTES.toString(16)}\r\n`),
  Buffer.alloc(CHUNK_BYTES, 'oss-edge'),
  Buffer.from('\r\n'),
]);

/** @typedef {import('./body-process.mjs').Usage} Usage */

if (process.argv[1] === fileURLToPath(import.meta.url)) printRows('bodies', '', await bodyRows());

/**
 * @param {number} [mib] of the one large body
 * @returns {Promise<import('./report.mjs').Row[]>}
 */
export async function bodyRows(mib = 1024) {
  await mkdir(SCRATCH, { recursive: true });
  const directory = await mkdtemp(SCRATCH);
  const s3 = await started('s3', { directory: join(directory, 's3'), bucket: BUCKET });
  const sdk = await started('sdk', { s3: s3.told, bucket: BUCKET });
  const relay = await startedRelay(directory, s3.told);
  try {
    await relay.upload(1, 64);
    const direct = await timed(() => sdk.usage({ bytes: mib * MIB }));
    const alike = await timed(() => sdk.usage({ bytes: mib * MIB, digests: true }));
    const relayed = await timed(() => relay.upload(1, mib));
    const [ofRelay, ofDirect, ofAlike] = [relayed, direct, alike].map(({ usage }) => (usage.cpuSeconds * 1024) / mib);
    const [small, large] = [await relay.upload(BODIES, 16), await relay.upload(BODIES, 64)];
    return [
      row(`a body of ${mib} MiB with the AWS SDK alone: MiB a second`, mib / direct.seconds),
      row(`the same through the relay, without a length: MiB a second`, mib / relayed.seconds),
      row('processor seconds a GiB, with the AWS SDK alone', ofDirect),
      row('processor seconds a GiB, of the relay', ofRelay),
      row('ratio of the processor times', ofRelay / ofDirect, CPU_RATIO),
      row('processor seconds a GiB, with the AWS SDK alone, in parts and with the digests that OSS answers', ofAlike),
      row('ratio of the processor times, with the same digests', ofRelay / ofAlike),
      row(`one body of ${mib} MiB: peak of the relay's memory, MiB`, relayed.usage.peakMib),
      row(`${BODIES} bodies of 16 MiB at once: peak, MiB`, small.peakMib, RELAY_MIB),
      row(`${BODIES} bodies of 64 MiB at once: peak, MiB`, large.peakMib, RELAY_MIB),
    ];
  } finally {
    for (const one of [relay, sdk, s3]) one.close();
    await rm(directory, { recursive: true });
  }
}

/** @param {string} directory @param {object} s3 */
async function startedRelay(directory, s3) {
  const { config, ...rest } = documents(1);
  const { api: _, ...withoutApi } = config;
  const relaying = { ...withoutApi, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay' };
  await writeFunctions({ config: relaying, ...rest }, join(directory, 'functions'));
  const index = (/** @type {string} */ name) => join(directory, 'functions', name, 'index.mjs');
  const { create } = await import(pathToFileURL(index('viewer-request')).href);
  const viewerRequest = create({ now: () => NOW, log: () => {} });
  const settings = { port: 0, bodiesPerKey: BODIES };
  const relay = await started('relay', { index: index('relay'), s3, originSecret: ORIGIN_SECRET, settings });
  const upload = async (/** @type {number} */ bodies, /** @type {number} */ mib) => {
    const heads = await Promise.all(
      Array.from({ length: bodies }, async (_one, index) => headOf(await viewerRequest(putEvent(index)))),
    );
    await relay.usage({});
    await Promise.all(heads.map((head) => send(relay.told.port, head, mib)));
    return relay.usage({});
  };
  return { ...relay, upload };
}

/** What CloudFront would send the relay. @param {any} forwarded by viewer-request */
function headOf({ uri, headers }) {
  const lines = [
    `PUT ${uri} HTTP/1.1`,
    'Host: relay.example.com',
    `x-ossedge-request: ${headers['x-ossedge-request'][0].value}`,
    `x-ossedge-origin-secret: ${ORIGIN_SECRET}`,
    'Transfer-Encoding: chunked',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Sends a body in chunks, without a length. @param {number} port @param {string} head @param {number} mib */
async function send(port, head, mib) {
  const socket = connect({ port, host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  await once(socket, 'connect');
  socket.write(head);
  for (let left = (mib * MIB) / CHUNK_BYTES; left > 0; left -= 1) {
    if (!socket.write(CHUNK)) await once(socket, 'drain');
  }
  socket.write('0\r\n\r\n');
  while (!answer.includes('\r\n\r\n')) await once(socket, 'data');
  socket.destroy();
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`the relay answered ${answer}`);
}

/**
 * @param {string} role @param {object} options
 * @returns {Promise<{ told: any, usage: (asked: object) => Promise<Usage>, close: () => void }>}
 */
export async function started(role, options) {
  const child = fork(PROCESS, [role, JSON.stringify(options)]);
  const [told] = await once(child, 'message');
  const usage = async (/** @type {object} */ asked) => {
    child.send(asked);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { told, usage, close: () => child.disconnect() };
}

/** @param {() => Promise<Usage>} work */
async function timed(work) {
  const start = performance.now();
  const usage = await work();
  return { usage, seconds: (performance.now() - start) / 1000 };
}
