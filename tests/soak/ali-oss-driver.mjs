// The driver of ali-oss: as those of tests/e2e/sdks, it answers each case, a JSON line of standard input, with one line.

import { readFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import OSS from 'ali-oss';

import { localAgent } from '../e2e/local-agent.mjs';

// What the SDK prints must not mix with the answers.
console.log = console.error;

const agent = localAgent();

const operations = {
  putBytes: async (client, { key, file }) => client.put(key, await readFile(file)),
  putFile: (client, { key, file }) => client.put(key, file),
  putStream: (client, { key, file }) => client.putStream(key, createReadStream(file)),
  upload: (client, { key, file, partSize }) => client.multipartUpload(key, file, { partSize, parallel: 2 }),
  abort: async (client, { key }) => {
    const { uploadId } = await client.initMultipartUpload(key);
    return client.abortMultipartUpload(key, uploadId);
  },
};

async function run({ id, operation, endpoint, signature, region, accessKeyId, accessKeySecret, bucket, ...rest }) {
  try {
    const version = { authorizationV4: signature === 'v4', region };
    const client = new OSS({ accessKeyId, accessKeySecret, bucket, endpoint, cname: true, agent, retryMax: 0, timeout: 60_000, ...version });
    await operations[operation](client, rest);
    return { id };
  } catch ({ name, message, status, code, requestId }) {
    return { id, error: { type: name, message, status, code, requestId } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
agent.destroy();
