// A relay whose process is killed while it joins parts, at each of its calls to S3 by number, before S3 does it and after.
// Another one takes the repetition that a client sends.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { CreateMultipartUploadCommand, GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { writeFunctions } from '../../cli/bundle.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { NOW, element, sealedUploadId } from '../shim/fixture.mjs';
import { RELAYED, SECRET, chunked, exchange, handedOver, head } from './fixture.mjs';

const Bucket = 'fleet-uploads-prod';
const PROCESS = fileURLToPath(new URL('relay-process.mjs', import.meta.url));
const PART = Buffer.alloc(150_000, 'part');
const LAST = Buffer.from('the last part');

/** Told of each call by its number; what it returns becomes of the call. */
let onCall = () => undefined;
let calls = 0;
const directory = await mkdtemp(join(tmpdir(), 'oss-edge-killed-'));
const { endpoint, credentials, close } = await startS3Server({ directory: join(directory, 's3'), buckets: [Bucket], versioned: true, fault: () => onCall((calls += 1)) });
const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
await writeFunctions(RELAYED, join(directory, 'functions'));
after(async () => {
  s3.destroy();
  await close();
  await rm(directory, { recursive: true });
});

async function started() {
  const options = { originSecret: SECRET, now: NOW, s3Options: { endpoint, credentials, forcePathStyle: true, maxAttempts: 1 } };
  const child = fork(PROCESS, [join(directory, 'functions', 'relay', 'index.mjs'), JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = await once(child, 'message');
  return { child, port };
}

/** An upload with staged parts, and the request that ends it. */
async function staged(key) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: key }));
  const etags = [];
  for (const [index, Body] of [PART, PART, LAST].entries()) {
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: `.oss-edge/parts/${UploadId}/0000${index + 1}`, Body }));
    etags.push(ETag);
  }
  const querystring = `uploadId=${sealedUploadId(key, UploadId, 's')}`;
  const request = { method: 'POST', uri: `/${key}`, querystring, headers: { 'transfer-encoding': 'chunked' }, resource: `/fleet-uploads/${key}?${querystring}` };
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const document = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  const framed = [head({ ...(await handedOver(request)), method: 'POST' }, ['Transfer-Encoding: chunked']), chunked(document)];
  return { UploadId, complete: ({ port }) => exchange(port, framed) };
}

test('the object is right, and made once', { timeout: 120_000 }, async () => {
  let standby = await started();
  for (const done of [false, true]) {
    for (let number = 1, isReached = true; isReached; number += 1) {
      const key = `killed/${number}-${done}`;
      const { UploadId, complete } = await staged(key);
      const relay = standby;
      const starting = started();
      calls = 0;
      isReached = false;
      onCall = (call) => {
        if (call !== number) return undefined;
        isReached = true;
        const killed = once(relay.child, 'exit');
        relay.child.kill('SIGKILL');
        // The answer goes to nobody.
        return done ? { ends: killed } : { ends: 'cut' };
      };
      const first = await complete(relay);
      onCall = () => undefined;
      relay.child.kill('SIGKILL');
      standby = await starting;
      const again = await complete(standby);
      assert.equal(again.status, 200, `call ${number}: ${again.body}`);
      if (first.status === 200) assert.equal(element(again.body, 'ETag'), element(first.body, 'ETag'));
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
      assert.ok(Buffer.from(await Body.transformToByteArray()).equals(Buffer.concat([PART, PART, LAST])), `call ${number}`);
      const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      const left = [...Versions, ...DeleteMarkers].map(({ Key }) => Key).filter((one) => one.includes(UploadId) || one === key);
      assert.deepEqual(left, [`.oss-edge/uploads/${UploadId}`, key], `call ${number}`);
    }
    assert.ok(calls > 12, `${calls}`);
  }
  standby.child.kill('SIGKILL');
});
