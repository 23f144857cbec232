// CompleteMultipartUpload of staged parts by the AWS SDK, while the local S3 fails at each call by its number: with an error,
// without an answer, with half of one, with none in time. Then the repetition that a client sends.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';

import { startS3Server } from '../../local/s3-server.mjs';
import { BUCKET, KIB, Upload, areJoined } from './device.mjs';

/** Few bytes: what is made of more parts, the tests in memory show. */
const SIZES = [100 * KIB, 1000];

let fault;
let calls = 0;
const directory = await mkdtemp(join(tmpdir(), 'oss-edge-s3-faults-'));
const server = await startS3Server({ directory, buckets: [BUCKET], versioned: true, fault: () => fault?.((calls += 1)) });
const { endpoint, credentials } = server;
const options = { endpoint, credentials, region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' };
const s3 = new S3Client(options);
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const FAULTS = {
  'with 500': { ends: 'InternalError' },
  'with 503': { ends: 'SlowDown' },
  'with 500, and does it': { ends: 'InternalError', done: true },
  'with an error in a 200': { ends: 'InternalError', status: 200 },
  'by closing the connection': { ends: 'cut' },
  'by closing the connection, and does it': { ends: 'cut', done: true },
  'with half of an answer': { ends: 'half' },
  'with no answer in time, and does it': { ends: 'silence', done: true },
};

/** Those that the SDK's own repetitions are tried with. */
const REPEATED = ['with 500', 'by closing the connection, and does it'];

async function completed(upload, sent, faultOf, maxAttempts) {
  const failing = new S3Client({ ...options, maxAttempts, requestHandler: { requestTimeout: 150, throwOnRequestTimeout: true } });
  calls = 0;
  fault = faultOf;
  const answer = await upload.complete(sent, failing);
  fault = undefined;
  failing.destroy();
  return answer;
}

for (const [what, how] of Object.entries(FAULTS)) {
  for (const maxAttempts of REPEATED.includes(what) ? [1, 3] : [1]) {
    test(`S3 fails ${what}, at each call, for an SDK that tries ${maxAttempts === 1 ? 'once' : 'three times'}`, async () => {
      let number = 0;
      let isReached = true;
      while (isReached) {
        number += 1;
        const upload = await Upload.begin(s3, `${what}/${maxAttempts}/${number}`);
        const sent = await upload.parts(SIZES);
        const first = await completed(upload, sent, (call) => (call === number ? how : undefined), maxAttempts);
        isReached = calls >= number;
        if (maxAttempts === 3 && how.status === undefined && !['half', 'silence'].includes(how.ends)) assert.match(first, /^"/u, `call ${number}`);
        const again = await upload.complete(sent);
        assert.match(again, /^"/u, `call ${number}: ${first}`);
        if (first.startsWith('"')) assert.equal(again, first);
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: upload.key }));
        assert.ok(areJoined(await Body.transformToByteArray(), sent), `call ${number}`);
        const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
        const left = [...Versions, ...DeleteMarkers].map(({ Key }) => Key).filter((key) => key.includes(upload.id) || key === upload.key);
        assert.deepEqual(left, [`.oss-edge/uploads/${upload.id}`, upload.key], `call ${number}: ${first}`);
      }
      assert.ok(number > 12, `${number}`);
    });
  }
}

test('S3 fails at every call, and again at every later one', async () => {
  for (let down = 1; down < 15; down += 3) {
    const upload = await Upload.begin(s3, `down/${down}`);
    const sent = await upload.parts([100 * KIB, 100 * KIB]);
    const answer = await completed(upload, sent, (call) => (call >= down ? { ends: 'SlowDown' } : undefined), 1);
    assert.match(answer, /^(?:"|SlowDown$)/u);
    assert.match(await upload.complete(sent), /^"/u);
  }
});
