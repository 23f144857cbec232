// Load for a while, with faults: `./build.sh soak [--minutes N]`. Two `oss-edge serve`, one with the API and one with the
// relay, over one S3. Devices with published SDKs and a generator upload, others send what must be refused, access keys
// change, and Secrets Manager and S3 misbehave in turns. Then every object that was acknowledged is read from S3 and
// compared, and nothing else may be there. The exit status is 1 when something was lost or stored without right.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { GetObjectCommand, S3Client, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';

import { startS3Server } from '../../local/s3-server.mjs';
import { BUCKET, CONFIG, RELAY_CONFIG, S3_BUCKETS } from '../e2e/fixture.mjs';
import { LogCheck } from '../e2e/log-check.mjs';
import { ENV } from '../keys/moto.mjs';
import { Bodies, device, generator, sdks, sha256 } from './devices.mjs';
import { hostile } from './hostile.mjs';
import { Injection } from './injection.mjs';
import { Samples, quantile } from './samples.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'cli/oss-edge.mjs');
const OUT = join(ROOT, 'target/soak');

/** A key that was removed may serve so long, in milliseconds: the refresh interval, a fetch, and the requests on their way. */
const GRACE = 30_000;
const REFRESH_SECONDS = 5;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const duration = Number(values.minutes) * 60_000;
if (!(duration > 0)) throw new Error('--minutes: expected a number');
/** How long something is wrong at a time. */
const period = Math.min(30_000, duration / 20);

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const directory = await mkdtemp(join(tmpdir(), 'oss-edge-soak-s3-'));
const injection = await Injection.start();
const credentials = { accessKeyId: ENV.AWS_ACCESS_KEY_ID, secretAccessKey: ENV.AWS_SECRET_ACCESS_KEY };
const s3 = await startS3Server({ directory, buckets: Object.values(S3_BUCKETS), credentials, fault: injection.s3Fault });
const servers = [await serve('api', CONFIG), await serve('relay', RELAY_CONFIG)];
const bodies = await Bodies.create();

/** By key, the SHA-256 of what was sent, and of what was acknowledged. */
const [attempted, acknowledged] = [new Map(), new Map()];
const unauthorised = [];
const samples = new Samples(join(OUT, 'samples.jsonl'), servers);
let ended = false;
const run = {
  servers,
  get ended() {
    return ended;
  },
  pause: 50,
  key: (number = 0) => injection.keyOf(number),
  removedKey: () => injection.removedKey,
  attempt: (key, bytes) => attempted.set(key, sha256(bytes)),
  acknowledge: (key, bytes) => acknowledged.set(key, sha256(bytes)),
  tell: (answer) => samples.tell(answer),
  unauthorised: (what, key, access) => {
    const since = Math.max(injection.removedAt.get(access.accessKeyId) ?? -Infinity, injection.secretsWrongAt);
    const mayServe = what === 'a key that was removed' && Date.now() < since + GRACE;
    if (mayServe) attempted.set(key, sha256('hostile'));
    else unauthorised.push(`${what}: ${key}`);
  },
};

samples.begin(Math.min(5000, duration / 10), () => injection.turn);
injection.begin(period);
const began = Date.now();
const clients = sdks(bodies.hosts);
const work = [
  ...clients.map((client, number) => device(client, number, bodies, run)),
  ...[0, 1, 2].map((number) => generator(number, run)),
  hostile(run),
];
const timer = setTimeout(() => (ended = true), duration);
await Promise.all(work).catch((error) => {
  clearTimeout(timer);
  ended = true;
  process.exitCode = 1;
  console.error(error);
});
samples.end();
injection.calm();
const seconds = Math.round((Date.now() - began) / 1000);

const problems = [...(await lost()), ...(await foreign()), ...unauthorised.map((text) => `stored without right: ${text}`)];
for (const server of servers) problems.push(...(await server.close()));
for (const { log } of servers) problems.push(...(await wrongLines(log)));
await s3.close();
await injection.close();
await bodies.remove();
await rm(directory, { recursive: true });

const report = {
  seconds,
  clients: clients.map(({ name }) => name),
  answered: sum(Object.values(samples.outcomes).flatMap((outcomes) => Object.values(outcomes))),
  acknowledged: acknowledged.size,
  milliseconds: { median: quantile(samples.latencies, 0.5), p99: quantile(samples.latencies, 0.99) },
  outcomes: samples.outcomes,
  injected: injection.counts,
  problems,
};
await writeFile(join(OUT, 'report.json'), JSON.stringify(report, null, 1));
console.log(`${report.answered} requests in ${seconds} s, ${report.acknowledged} objects acknowledged, all read back and compared`);
console.log(`injected: ${injection.counts.turns} turns, ${injection.counts.s3Faults} calls of S3, ${injection.counts.rotations} sets of access keys`);
for (const problem of problems.slice(0, 20)) console.log(problem);
console.log(`${acknowledged.size - problems.length} passed, ${problems.length} failed`);
if (problems.length > 0) process.exitCode = 1;

/** `oss-edge serve` in a process of its own. */
async function serve(name, config) {
  const { endpoint, secretId } = injection;
  const source = { source: 'secrets-manager', secretId, regions: ['us-east-1'], endpoint };
  const file = join(OUT, `${name}.json`);
  const whole = { ...config, smallParts: 'stage', credentials: { ...source, refreshSeconds: REFRESH_SECONDS, maxStaleSeconds: 3600 } };
  await writeFile(file, JSON.stringify(whole));
  const log = join(OUT, `${name}.functions.jsonl`);
  const options = ['--config', file, '--port', '0', '--s3-endpoint', s3.endpoint, '--json', '--function-log', log];
  const env = { ...process.env, ...ENV };
  const child = spawn(process.execPath, [CLI, 'serve', ...options], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-2000)));
  const lines = createInterface({ input: child.stdout });
  const [first] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [errors])]);
  const port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/u.exec(first)?.[1]);
  if (!port) throw new Error(`serve: ${first}`);
  const broken = [];
  lines.on('line', (line) => void (line.includes('"violation"') && broken.push(`a rule of CloudFront was broken: ${line}`)));
  const ended = once(child, 'exit');
  return {
    name,
    port,
    pid: child.pid,
    log,
    close: async () => {
      const alive = child.exitCode === null;
      child.kill();
      const [status] = await ended;
      return [...broken, ...(alive && status === 0 ? [] : [`serve (${name}) ended with ${status}: ${errors}`])];
    },
  };
}

/** Objects that were acknowledged and that S3 doesn't have as they were sent. */
async function lost() {
  const client = s3Client();
  const limit = pLimit(8);
  const found = await Promise.all(
    [...acknowledged].map(([key, hash]) =>
      limit(async () => {
        const object = await client.send(new GetObjectCommand({ Bucket: S3_BUCKETS[BUCKET], Key: key })).catch(({ name }) => ({ name }));
        const stored = object.Body ? sha256(await object.Body.transformToByteArray()) : object.name;
        return stored === hash ? [] : [`lost: ${key}: ${stored}`];
      }),
    ),
  );
  client.destroy();
  return found.flat();
}

/** Objects that nobody sent. */
async function foreign() {
  const client = s3Client();
  const found = [];
  for (const bucket of Object.values(S3_BUCKETS)) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
      // Parts that wait, and records of uploads.
      const keys = Contents.map(({ Key }) => Key).filter((key) => !key.startsWith('.oss-edge/'));
      found.push(...keys.filter((key) => !attempted.has(key)).map((key) => `nobody sent ${bucket}/${key}`));
    }
  }
  client.destroy();
  return found;
}

/** Lines of a log that don't follow their schema, or have a secret. */
async function wrongLines(log) {
  const check = new LogCheck({ accessKeys: injection.keys, secret: ENV.AWS_SECRET_ACCESS_KEY });
  for await (const line of createInterface({ input: createReadStream(log) })) check.add(line);
  return check.end();
}

function s3Client() {
  return new S3Client({ endpoint: s3.endpoint, credentials, region: 'eu-west-1', forcePathStyle: true });
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
