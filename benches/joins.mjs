// `node benches/joins.mjs`: the join of 1,000 staged parts, against the AWS SDK's own upload of the same bytes in parts
// of 8 MiB to the same S3, which is a process of its own: once as fast as it is, and once as late with each answer as
// Amazon S3.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

import { completeStaged } from '../js-shim/operations/complete-staged.mjs';
import { partKey } from '../js-shim/operations/staged-keys.mjs';
import { started } from './bodies.mjs';
import { JOIN_TIMES } from './limits.mjs';
import { printRows, row } from './report.mjs';

const SCRATCH = fileURLToPath(new URL('../target/bench/', import.meta.url));
const KIB = 1024;
const MIB = 1024 * KIB;
const BUCKET = 'fleet-uploads-prod';
const PARTS = 1000;
const JOINED_BYTES = 8 * MIB;

const S3_OPTIONS = /** @type {const} */ ({
  region: 'us-east-1',
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  // As the function has it, which is connected by HTTPS.
  requestHandler: { httpAgent: { keepAlive: true, maxSockets: 128 } },
});

const KINDS = /** @type {const} */ ([
  ['100 KiB', 100 * KIB, JOIN_TIMES.kib100],
  ['1 MiB', MIB, JOIN_TIMES.mib1],
]);

/** As the SDK's own `lib-storage` has it. */
const SDK_AT_ONCE = 4;

/** The best of so many: what else runs on a machine only makes it slower. */
const ROUNDS = 5;

/**
 * Milliseconds until the answer to each request begins. "Best practices design patterns: optimizing Amazon S3 performance"
 * says 100 to 200.
 */
const S3_LATENCIES = [0, 100];

if (process.argv[1] === fileURLToPath(import.meta.url)) printRows('joins', '', await joinRows());

/** @returns {Promise<import('./report.mjs').Row[]>} */
export async function joinRows() {
  const rows = [];
  for (const answersAfter of S3_LATENCIES) rows.push(...(await joinRowsWith(answersAfter)));
  return rows;
}

/** @param {number} answersAfter milliseconds @returns {Promise<import('./report.mjs').Row[]>} */
async function joinRowsWith(answersAfter) {
  await mkdir(SCRATCH, { recursive: true });
  const directory = await mkdtemp(SCRATCH);
  const s3 = await started('s3', { directory, bucket: BUCKET, answersAfter });
  const client = new S3Client({ ...s3.told, ...S3_OPTIONS });
  try {
    const rows = [];
    for (const [what, bytes, limit] of KINDS) {
      const part = Buffer.alloc(bytes, 'oss-edge');
      const joined = await best(s3, () => staged(client, part), (upload) => endJoin(client, upload));
      const direct = await best(s3, async () => {}, () => uploadedBySdk(client, PARTS * bytes));
      const mib = (PARTS * bytes) / MIB;
      const parts = `${PARTS} parts of ${what}${answersAfter ? `, S3 answers after ${answersAfter} ms` : ''}`;
      rows.push(
        row(`${parts}: the AWS SDK's upload, MiB a second`, mib / direct.seconds),
        row(`${parts}: the join, MiB a second`, mib / joined.seconds),
        row(`${parts}: ratio of the times`, joined.seconds / direct.seconds, limit),
        row(`${parts}: ratio of S3's processor times`, joined.s3Seconds / direct.s3Seconds),
      );
    }
    return rows;
  } finally {
    client.destroy();
    s3.close();
    await rm(directory, { recursive: true });
  }
}

/**
 * @template P
 * @param {Awaited<ReturnType<typeof started>>} s3
 * @param {() => Promise<P>} prepare @param {(prepared: P) => Promise<unknown>} work
 * @returns {Promise<{ seconds: number, s3Seconds: number }>} the least of each; `s3Seconds` are S3's processor time
 */
async function best(s3, prepare, work) {
  let [seconds, s3Seconds] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round += 1) {
    const prepared = await prepare();
    await s3.usage({});
    const start = performance.now();
    await work(prepared);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    s3Seconds = Math.min(s3Seconds, (await s3.usage({})).cpuSeconds);
  }
  return { seconds, s3Seconds };
}

/** @param {S3Client} client @param {Buffer} part */
async function staged(client, part) {
  const object = { Bucket: BUCKET, Key: 'joined' };
  const { UploadId: uploadId = '' } = await client.send(new CreateMultipartUploadCommand(object));
  const listed = await atOnce(32, PARTS, async (index) => {
    const put = { Bucket: BUCKET, Key: partKey(uploadId, index + 1), Body: part };
    const { ETag = '' } = await client.send(new PutObjectCommand(put));
    return { PartNumber: index + 1, ETag };
  });
  return { upload: { object, uploadId, folder: uploadId }, listed };
}

/** @param {S3Client} client @param {Awaited<ReturnType<typeof staged>>} upload */
function endJoin(client, { upload, listed }) {
  return completeStaged(client, { upload, listed, headers: {}, maxJoinBytes: Infinity });
}

/** @param {S3Client} client @param {number} bytes */
async function uploadedBySdk(client, bytes) {
  const object = { Bucket: BUCKET, Key: 'direct' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const Body = Buffer.alloc(JOINED_BYTES, 'oss-edge');
  const Parts = await atOnce(SDK_AT_ONCE, Math.ceil(bytes / JOINED_BYTES), async (index) => {
    const body = Body.subarray(0, Math.min(JOINED_BYTES, bytes - index * JOINED_BYTES));
    const part = { ...object, UploadId, PartNumber: index + 1, Body: body };
    return { PartNumber: index + 1, ETag: (await client.send(new UploadPartCommand(part))).ETag };
  });
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
}

/**
 * @template R
 * @param {number} most @param {number} count @param {(index: number) => Promise<R>} work
 */
async function atOnce(most, count, work) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}
