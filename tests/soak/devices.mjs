// Devices with published SDKs, each a process that uploads one object after the other, and a generator of small uploads
// that signs by itself.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BUCKET } from '../e2e/fixture.mjs';
import { commandOf } from '../e2e/sdks/build.mjs';
import { CLIENTS } from '../e2e/sdks/clients.mjs';
import { Driver } from '../e2e/sdks/driver.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** How each SDK is asked; `relay` where a body has no length, or parts are small. */
const CASES = [
  { operation: 'putBytes', size: [0, 64 * KIB] },
  { operation: 'putFile', size: [1, 256 * KIB] },
  { operation: 'putStream', size: [1, 256 * KIB], only: 'relay' },
  { operation: 'upload', size: [100 * KIB, 6 * MIB], partSize: 512 * KIB },
  { operation: 'upload', size: [5 * MIB, 12 * MIB], partSize: 5 * MIB },
  { operation: 'abort', size: [1, 1] },
];

/** Bodies of many sizes, in files: the seed of a run's content. */
export class Bodies {
  static async create() {
    const bodies = new Bodies();
    bodies.folder = await mkdtemp(join(tmpdir(), 'oss-edge-soak-'));
    bodies.hosts = join(bodies.folder, 'hosts');
    const names = ['uploads.test', 'localhost', 'oss.test', `${BUCKET}.oss.test`];
    await writeFile(bodies.hosts, `127.0.0.1 ${names.join(' ')}\n`);
    return bodies;
  }

  async random([least, most], name) {
    // Small ones are the more frequent.
    const bytes = randomBytes(Math.floor(least + (most - least) * Math.random() ** 3));
    const file = join(this.folder, name);
    await writeFile(file, bytes);
    return { bytes, file };
  }

  remove() {
    return rm(this.folder, { recursive: true });
  }
}

/** The commands of the SDKs that this machine can run, by name. */
export function sdks(hosts) {
  const latest = ['java-v1', 'java-v2', 'go-v1', 'go-v2'].flatMap((id) => {
    const client = CLIENTS.find((one) => one.id === id);
    const release = client.releases.at(-1);
    const command = commandOf(client, release, hosts);
    const built = existsSync(command[0]) || (client.language === 'java' && existsSync(command.at(-2).split(':')[0]));
    return built ? [{ name: `${client.name} ${release}`, command, host: client.host }] : [];
  });
  return [
    { name: 'ali-oss', command: [process.execPath, here('ali-oss-driver.mjs')], host: 'localhost' },
    { name: 'oss2', command: [here('../../.venv/bin/python'), here('oss2_driver.py')], host: '127.0.0.1' },
    ...latest,
  ];
}

/**
 * One device until `run.ends`: `run` has the servers, `key()`, and takes what was attempted and what was acknowledged.
 */
export async function device({ name, command, host }, number, bodies, run) {
  const driver = new Driver(command);
  try {
    for (let count = 0; !run.ended; count += 1) {
      const server = run.servers[count % run.servers.length];
      const { size, only, ...fields } = CASES[Math.floor(Math.random() * CASES.length)];
      if (only && only !== server.name) continue;
      const { bytes, file } = await bodies.random(size, `device-${number}`);
      const key = `soak/${name}/${number}/${count}`;
      const signature = count % 3 === 0 ? 'v4' : 'v1';
      const access = { ...run.key(number), region: name === 'ali-oss' ? 'oss-cn-hangzhou' : 'cn-hangzhou' };
      const endpoint = `http://${host}:${server.port}`;
      if (fields.operation !== 'abort') run.attempt(key, bytes);
      const began = performance.now();
      const answer = await driver.run({ id: key, ...fields, ...access, signature, endpoint, bucket: BUCKET, key, file });
      const milliseconds = performance.now() - began;
      if (answer.unsupported) continue;
      run.tell({ name, key, milliseconds, outcome: answer.error ? (answer.error.code ?? answer.error.type) : 'stored' });
      if (!answer.error && fields.operation !== 'abort') run.acknowledge(key, bytes);
    }
  } finally {
    await driver.close();
  }
}

/** One small PutObject after the other, signed by version 1. */
export async function generator(number, run) {
  const agent = new http.Agent({ keepAlive: true });
  for (let count = 0; !run.ended; count += 1) {
    const server = run.servers[count % run.servers.length];
    const key = `soak/generator/${number}/${count}`;
    const bytes = randomBytes(Math.floor(4 * KIB * Math.random()));
    run.attempt(key, bytes);
    const began = performance.now();
    const { status, error } = await put({ port: server.port, agent, key, bytes, access: run.key(number) });
    run.tell({ name: 'generator', key, milliseconds: performance.now() - began, outcome: status === 200 ? 'stored' : (error ?? String(status)) });
    if (status === 200) run.acknowledge(key, bytes);
    await new Promise((resolve) => setTimeout(resolve, run.pause));
  }
  agent.destroy();
}

/**
 * A signed PutObject; `change` makes it something else after it was signed.
 *
 * @returns {Promise<{ status?: number, error?: string }>}
 */
export function put({ port, agent, key, bytes, access, date = new Date(), change = (request) => request }) {
  const when = date.toUTCString();
  const signed = `PUT\n\n\n${when}\n/${BUCKET}/${key}`;
  const signature = createHmac('sha1', access.accessKeySecret).update(signed).digest('base64');
  const { path, headers, body, method } = change({
    method: 'PUT',
    path: `/${encodeURI(key)}`,
    headers: { Host: 'localhost', Date: when, Authorization: `OSS ${access.accessKeyId}:${signature}`, 'Content-Length': bytes.length },
    body: bytes,
  });
  return new Promise((resolve) => {
    const request = http.request({ port, host: '127.0.0.1', agent, method, path, headers }, (response) => {
      response.on('error', (error) => resolve({ error: error.code }));
      response.resume().once('end', () => resolve({ status: response.statusCode }));
    });
    request.setTimeout(60_000, () => request.destroy(Object.assign(new Error('slow'), { code: 'ETIMEDOUT' })));
    request.once('error', ({ code }) => resolve({ error: code }));
    request.end(body);
  });
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
