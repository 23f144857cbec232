// A process that bodies pass through, forked by bodies.mjs with a role and its options: the local S3, the relay as it is
// deployed, or a program that stores an object with the AWS SDK. First it sends what `ROLES` returns. Then it answers each
// message, once it has done what that asks for, with the processor time since the last one and, of the relay, the peak of
// resident memory.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

import { PART_BYTES } from '../js-shim/operations/body.mjs';
import { Crc64 } from '../js-shim/operations/crc64.mjs';
import { readSettings } from '../js-shim/relay/settings.mjs';
import { startS3Server } from '../local/s3-server.mjs';
import { NOW } from './signing.mjs';

/** @typedef {{ cpuSeconds: number, peakMib: number }} Usage */

const SAMPLE_MILLIS = 5;
const PIECE = Buffer.alloc(64 * 1024, 'oss-edge');

/** @type {Record<string, (options: any) => Promise<{ tells: object, does?: (asked: any) => Promise<unknown> }>>} */
const ROLES = {
  s3: async ({ directory, bucket, answersAfter = 0 }) => {
    const fault = answersAfter === 0 ? undefined : () => wait(answersAfter, undefined);
    const { endpoint, credentials } = await startS3Server({ directory, buckets: [bucket], fault });
    return { tells: { endpoint, credentials } };
  },
  relay: async ({ index, s3, originSecret, settings }) => {
    const { create } = await import(pathToFileURL(index).href);
    const relay = create({
      originSecret,
      settings: { ...readSettings({}), ...settings },
      s3Options: { ...s3, forcePathStyle: true },
      now: () => NOW,
      log: () => {},
    });
    return { tells: { port: await relay.listen('127.0.0.1') } };
  },
  sdk: async ({ s3, bucket }) => {
    const options = { region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' };
    const client = new S3Client(/** @type {any} */ ({ ...s3, ...options }));
    const does = (/** @type {{ bytes: number, digests?: boolean }} */ { bytes, digests }) =>
      digests ? putWithDigests(client, bucket, bytes) : put(client, bucket, bytes);
    return { tells: {}, does };
  },
};

/** @param {S3Client} client @param {string} bucket @param {number} bytes */
function put(client, bucket, bytes) {
  const Body = Readable.from(pieces(bytes), { objectMode: false });
  return client.send(new PutObjectCommand({ Bucket: bucket, Key: 'direct', Body, ContentLength: bytes }));
}

/**
 * In parts, for each of which the SDK computes a SHA-256, as must be where the length isn't known; with the two digests
 * that OSS answers.
 *
 * @param {S3Client} client @param {string} bucket @param {number} bytes
 */
async function putWithDigests(client, bucket, bytes) {
  const [md5, crc64] = [createHash('md5'), await Crc64.create()];
  const object = { Bucket: bucket, Key: 'direct' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  /** @type {import('@aws-sdk/client-s3').CompletedPart[]} */
  const Parts = [];
  for (let left = bytes; left > 0; left -= PART_BYTES) {
    const Body = Buffer.concat([...pieces(Math.min(left, PART_BYTES))]);
    md5.update(Body);
    crc64.update(Body);
    const PartNumber = Parts.length + 1;
    const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
  return [md5.digest('hex'), crc64.digest()];
}

/** @param {number} bytes */
function* pieces(bytes) {
  for (let left = bytes; left > 0; left -= PIECE.length) yield PIECE.subarray(0, Math.min(left, PIECE.length));
}

const [role, options] = process.argv.slice(2);
const { tells, does = async () => {} } = await ROLES[role](JSON.parse(options));
let cpu = process.cpuUsage();
let peak = 0;
// Reading it takes the others a tenth of their time.
if (role === 'relay') setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MILLIS);
process.on('message', async (asked) => {
  await does(asked);
  const { user, system } = process.cpuUsage(cpu);
  process.send?.({ cpuSeconds: (user + system) / 1e6, peakMib: peak / 1024 / 1024 });
  cpu = process.cpuUsage();
  peak = 0;
});
process.on('disconnect', () => process.exit());
process.send?.(tells);
