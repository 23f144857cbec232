// An S3 that nobody here wrote: s3s-fs, of crates.io, which verifies SigV4. `./build.sh s3s-fs` runs the end-to-end tests
// against it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Where `./build.sh s3s-fs` installs it. */
const PROGRAM = fileURLToPath(new URL('../../target/tools/bin/s3s-fs', import.meta.url));

/**
 * As `startS3Server` does, but in a process of its own.
 *
 * @param {{ directory: string, buckets: string[],
 *   credentials?: { accessKeyId: string, secretAccessKey: string } }} options
 */
export async function startS3sFs({ directory, buckets, credentials = { accessKeyId: 'AKIAS3SFS', secretAccessKey: 'theSecretOfS3sFs' } }) {
  for (const bucket of buckets) await mkdir(join(directory, bucket), { recursive: true });
  const { accessKeyId, secretAccessKey } = credentials;
  const options = ['--host', '127.0.0.1', '--port', '0', '--access-key', accessKeyId, '--secret-key', secretAccessKey];
  const env = { ...process.env, RUST_LOG: 's3s_fs=info' };
  const child = spawn(PROGRAM, [...options, directory], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const endpoint = await addressIn(createInterface({ input: child.stdout }));
  return {
    endpoint,
    credentials,
    close: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Where it says that it runs. The rest of its log goes nowhere. */
function addressIn(lines) {
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const [, address] = /server is running at (\S+)/u.exec(line) ?? [];
      if (address) resolve(address);
    });
    lines.once('close', () => reject(new Error("s3s-fs didn't start")));
  });
}
