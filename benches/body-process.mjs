// A process that bodies pass through, forked by bodies.mjs with a role and its options: the local S3, the relay as it is
// deployed, or a program that stores an object with the AWS SDK. First it sends what `ROLES` returns. Then it answers each
// message, once it has done what that asks for, with the processor time since the last one and, of the relay, the peak of
// resident memory.

import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { readSettings } from '../js-shim/relay/settings.mjs';
import { startS3Server } from '../local/s3-server.mjs';
import { NOW } from './signing.mjs';

/** @typedef {{ cpuSeconds: number, peakMib: number }} Usage */

const SAMPLE_MILLIS = 5;
const PIECE = Buffer.alloc(64 * 1024, 'oss-edge');

/** @type {Record<string, (options: any) => Promise<{ tells: object, does?: (asked: any) => Promise<unknown> }>>} */
const ROLES = {
  s3: async ({ directory, bucket }) => {
    const { endpoint, credentials } = await startS3Server({ directory, buckets: [bucket] });
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
    const does = (/** @type {{ bytes: number }} */ { bytes }) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: 'direct', Body: pieces(bytes), ContentLength: bytes }));
    return { tells: {}, does };
  },
};

/** @param {number} bytes */
function pieces(bytes) {
  const each = function* () {
    for (let left = bytes; left > 0; left -= PIECE.length) yield PIECE.subarray(0, Math.min(left, PIECE.length));
  };
  return Readable.from(each(), { objectMode: false });
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
