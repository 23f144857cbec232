// An S3 that nobody here wrote: Versity's S3 gateway over a directory, which verifies SigV4. `./build.sh versitygw` runs
// the end-to-end tests against it, and `./build.sh test` those of the SDKs for Java, Android and Go. By itself, this file
// starts and stops it once, to tell whether it runs here.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Where `build/tools.sh` installs it. */
const PROGRAM = fileURLToPath(new URL('../../target/tools/bin/versitygw', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = await mkdtemp(join(tmpdir(), 'versitygw-'));
  const { close } = await startVersityGateway({ directory, buckets: ['a-bucket'] });
  await close();
  await rm(directory, { recursive: true });
}

/**
 * As `startS3Server` does, but in a process of its own.
 *
 * @param {{ directory: string, buckets: string[],
 *   credentials?: { accessKeyId: string, secretAccessKey: string } }} options
 */
export async function startVersityGateway({ directory, buckets, credentials = { accessKeyId: 'AKIAVERSITYGW', secretAccessKey: 'theSecretOfVersityGw' } }) {
  for (const bucket of buckets) await mkdir(join(directory, bucket), { recursive: true });
  const { accessKeyId, secretAccessKey } = credentials;
  const port = await freePort();
  const options = ['--port', `127.0.0.1:${port}`, '--region', 'eu-west-1', '--keep-alive', '--quiet'];
  const env = { ...process.env, ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey };
  const child = spawn(PROGRAM, [...options, 'posix', directory], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  await answering(endpoint, child);
  return {
    endpoint,
    credentials,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** One that was free just now: the gateway takes no 0. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Until it answers, if only with a refusal. */
async function answering(endpoint, child) {
  for (;;) {
    if (child.exitCode !== null) throw new Error("versitygw didn't start: has the file system extended attributes?");
    if (await fetch(endpoint).then(() => true, () => false)) return;
    await wait(20);
  }
}
