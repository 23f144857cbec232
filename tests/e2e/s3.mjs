// An S3 in a process of its own, for tests in other languages: first the fixture's documents on one
// line of standard output, then for each JSON line of standard input what S3 has. It ends with its input.
//
//   {"get": [key, bucket]}  an object with the length and the digest of its body, or null
//   {"everything": []}      every object and every file
//   {"empty": []}           nothing any more

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { startS3Server } from '../../local/s3-server.mjs';
import { ACCESS_KEYS, BUCKET, CONFIG, IS_VERSITY_GATEWAY, OTHER_BUCKET, S3_BUCKETS, StoredObjects } from './fixture.mjs';
import { startVersityGateway } from './versitygw.mjs';

const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-e2e-'));
const start = IS_VERSITY_GATEWAY ? startVersityGateway : startS3Server;
const server = await start({ directory, buckets: Object.values(S3_BUCKETS), credentials: { accessKeyId, secretAccessKey } });
const stored = new StoredObjects({ ...server, directory });

const answers = {
  get: async (key, bucket) => {
    const object = await stored.get(key, bucket);
    return object && { ...object, body: undefined, length: object.body.length };
  },
  everything: () => stored.everything(),
  empty: () => stored.empty().then(() => null),
};

print({ endpoint: server.endpoint, config: CONFIG, accessKeys: ACCESS_KEYS, bucket: BUCKET, otherBucket: OTHER_BUCKET });
for await (const line of createInterface({ input: process.stdin })) {
  const [[what, question]] = Object.entries(JSON.parse(line));
  print(await answers[what](...question));
}
stored.close();
await server.close();
await rm(directory, { recursive: true });

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
