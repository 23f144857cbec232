// Uploads of small parts from the first part to the object, against an S3 in memory and the local S3 over HTTP.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { GetObjectCommand, ListObjectVersionsCommand, ListPartsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { startS3Server } from '../../local/s3-server.mjs';
import { BUCKET, KIB, LEAST, MIB, Upload, areJoined, content } from './device.mjs';
import { MemoryS3 } from './memory-s3.mjs';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-join-'));
const servers = [];
after(async () => {
  for (const server of servers) await server.close();
  await rm(directory, { recursive: true });
});

async function localS3({ versioned = false } = {}) {
  const server = await startS3Server({ directory: join(directory, String(servers.length)), buckets: [BUCKET], versioned });
  servers.push(server);
  const { endpoint, credentials } = server;
  return new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
}

const KINDS = {
  'S3 in memory': async (options) => new MemoryS3(options),
  'S3 in memory, versioned': async (options) => new MemoryS3({ ...options, versioned: true }),
  'S3 in memory, with KMS': async (options) => new MemoryS3({ ...options, kms: true }),
  'the local S3': localS3,
  'the local S3, versioned': () => localS3({ versioned: true }),
};

async function stored(s3, Key) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  const chunks = [];
  for await (const chunk of Body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Every version of every key. */
async function keys(s3) {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
  return [...Versions, ...DeleteMarkers].map(({ Key }) => Key).sort();
}

async function isStored(upload, list) {
  assert.ok(areJoined(await stored(upload.s3, upload.key), list));
  await assert.rejects(upload.s3.send(new ListPartsCommand({ Bucket: BUCKET, Key: upload.key, UploadId: upload.id })), { name: 'NoSuchUpload' });
}

for (const [kind, s3Of] of Object.entries(KINDS)) {
  for (const [what, sizes] of [
    ['one small part', [MIB]],
    ['one empty part', [0]],
    ['one large part', [LEAST]],
    ['two small parts', [MIB, 17]],
    ['eleven parts of 1 MiB', Array(11).fill(MIB)],
    ['nine parts of 1 MiB, the last copied', Array(9).fill(MIB)],
    ['small parts and an empty last one', [MIB, MIB, 0]],
    ['large parts and a small last one', [LEAST, LEAST, 1000]],
    ['large parts and an empty last one', [LEAST, LEAST, 0]],
    ['small parts and a large last one', [3 * MIB, 2 * MIB, LEAST + 1]],
    ['a run of exactly 5 MiB between large ones', [LEAST, 2 * MIB, 3 * MIB, LEAST]],
  ]) {
    test(`${kind}: makes an object of ${what}, and leaves nothing but a record`, async () => {
      const s3 = await s3Of();
      const upload = await Upload.begin(s3, 'dir/日 +a.bin');
      const sent = await upload.parts(sizes);
      assert.deepEqual(await upload.listed(), Object.assign(sent.map(({ number, etag, bytes }) => ({ number, etag, size: bytes.length })), { isTruncated: false }));
      const etag = await upload.complete(sent);
      assert.match(etag, /^"/u);
      await isStored(upload, sent);
      const isJoined = sizes.some((size) => size < LEAST);
      assert.deepEqual(await keys(s3), [...(isJoined ? [`.oss-edge/uploads/${upload.id}`] : []), upload.key]);
      if (isJoined) assert.equal(await upload.complete(sent), etag);
      assert.equal(await upload.complete(sent.slice(0, -1).concat({ number: 9999, etag: '"x"' })), 'NoSuchUpload');
      assert.equal(await upload.listed(), 'NoSuchUpload');
    });
  }

  test(`${kind}: completes with all parts, of both kinds and out of order`, async () => {
    const upload = await Upload.begin(await s3Of(), 'all.bin');
    const [last] = await upload.parts([100], { from: 20 });
    const [large] = await upload.parts([LEAST], { from: 9 });
    const small = await upload.parts([3 * MIB, 3 * MIB], { from: 2 });
    const etag = await upload.complete('all');
    assert.match(etag, /^"/u);
    await isStored(upload, [...small, large, last]);
    assert.equal(await upload.complete('all'), etag);
  });

  test(`${kind}: lists parts of both kinds in pages`, async () => {
    const upload = await Upload.begin(await s3Of(), 'pages.bin');
    const sent = await upload.parts([LEAST, LEAST, 3 * MIB, 3 * MIB, LEAST, 9]);
    for (const [marker, maxParts, numbers, isTruncated] of [[0, 2, [1, 2], true], [2, 2, [3, 4], true], [4, 2, [5, 6], false], [4, 1, [5], true], [6, 2, [], false], [0, 6, [1, 2, 3, 4, 5, 6], false]]) {
      const page = await upload.listed({ marker, maxParts });
      assert.deepEqual([page.map(({ number }) => number), page.isTruncated], [numbers, isTruncated]);
    }
    assert.match(await upload.complete(sent), /^"/u);
  });

  test(`${kind}: the listed ETag decides where a number was sent more than once`, async () => {
    const small = content(MIB, 1);
    for (const [first, second] of [[small, content(LEAST, 2)], [content(LEAST, 2), small], [small, content(MIB, 3)], [content(LEAST, 2), content(LEAST, 3)]]) {
      const upload = await Upload.begin(await s3Of(), 'twice.bin');
      const [one, two] = [await upload.part(1, first), await upload.part(1, second)];
      assert.deepEqual((await upload.listed()).map(({ etag }) => etag), [two.etag]);
      const replaced = first.length < LEAST === second.length < LEAST;
      const old = await upload.complete([one]);
      if (replaced) assert.equal(old, 'InvalidPart');
      else await isStored(upload, [one]);
      if (!replaced) continue;
      assert.match(await upload.complete([two]), /^"/u);
      await isStored(upload, [two]);
    }
  });

  test(`${kind}: with all parts, the one that was sent last counts`, async () => {
    const upload = await Upload.begin(await s3Of(), 'last.bin');
    await upload.part(1, content(LEAST, 1));
    const one = await upload.part(1, content(MIB, 2));
    await upload.part(2, content(MIB, 3));
    const two = await upload.part(2, content(MIB, 4));
    assert.match(await upload.complete('all'), /^"/u);
    await isStored(upload, [one, two]);
  });

  for (const [what, list, name] of [
    ['parts out of order', ([one, two]) => [two, one], 'InvalidPartOrder'],
    ['a part twice', ([one]) => [one, one], 'InvalidPartOrder'],
    ['a part that was not sent', ([one]) => [one, { number: 9, etag: one.etag }], 'InvalidPart'],
    ['a wrong ETag', ([one, two]) => [one, { ...two, etag: one.etag }], 'InvalidPart'],
    ['no part', () => [], 'MalformedXML'],
  ]) {
    test(`${kind}: refuses ${what}, before a byte moves, and goes on`, async () => {
      const s3 = await s3Of();
      const upload = await Upload.begin(s3, 'refused.bin');
      const sent = await upload.parts([MIB, 2 * MIB]);
      const before = s3.moved;
      assert.equal(await upload.complete(list(sent)), name);
      assert.equal(s3.moved, before);
      assert.equal((await upload.listed()).length, 2);
      assert.match(await upload.complete(sent), /^"/u);
      await isStored(upload, sent);
    });
  }

  test(`${kind}: refuses what can't be joined, or is too much, before a byte moves`, async () => {
    const s3 = await s3Of();
    const upload = await Upload.begin(s3, 'small-run.bin', { maxJoinBytes: 2 * MIB });
    const sent = await upload.parts([LEAST, 4 * MIB, LEAST]);
    const before = s3.moved;
    assert.equal(await upload.complete(sent), 'EntityTooSmall');
    const more = await upload.parts([MIB, MIB, 1], { from: 10 });
    assert.equal(await upload.complete(more), 'EntityTooLarge');
    assert.equal(s3.moved === undefined ? 0 : s3.moved - before, s3.moved === undefined ? 0 : 2 * MIB + 1);
    assert.match(await upload.complete([sent[0], more[0]]), /^"/u);
    await isStored(upload, [sent[0], more[0]]);
  });

  test(`${kind}: overwrites nothing where that was forbidden, before a byte moves`, async () => {
    const s3 = await s3Of();
    const upload = await Upload.begin(s3, 'there', { forbidOverwrite: true });
    const sent = await upload.parts([MIB, MIB]);
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'there-too', Body: 'a' }));
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'there', Body: 'a' }));
    const before = s3.moved;
    assert.equal(await upload.complete(sent), 'PreconditionFailed');
    assert.equal(s3.moved, before);
    assert.equal(String(await stored(s3, 'there')), 'a');
    const other = await Upload.begin(s3, 'there-to', { forbidOverwrite: true });
    const parts = await other.parts([MIB, MIB]);
    const etag = await other.complete(parts);
    assert.match(etag, /^"/u);
    assert.equal(await other.complete(parts), etag);
    await isStored(other, parts);
  });

  test(`${kind}: an aborted upload has no parts and no end`, async () => {
    const upload = await Upload.begin(await s3Of(), 'aborted');
    const sent = await upload.parts([MIB, MIB]);
    await upload.abort();
    assert.deepEqual([await upload.listed(), await upload.complete(sent), await upload.complete('all')], Array(3).fill('NoSuchUpload'));
  });
}

for (const [what, sizes] of [['joined parts', [3 * MIB, 3 * MIB, LEAST, MIB, MIB]], ['a copied part', [LEAST, 1000]], ['an empty part', [0]]]) {
  test(`the record of ${what} has the attempt before a part is made, and the result before one is removed`, async () => {
    const s3 = new MemoryS3();
    const upload = await Upload.begin(s3, 'recorded');
    const sent = await upload.parts(sizes);
    const seen = new Set();
    s3.around = async ({ name }, run) => {
      // Everything else is faster than a write of the record.
      if (name === 'PutObject') await new Promise((resolve) => setTimeout(resolve, 20));
      if (['UploadPart', 'UploadPartCopy', 'DeleteObjects'].includes(name)) {
        const { numbers, result } = JSON.parse(s3.bytesOf(`.oss-edge/uploads/${upload.id}`) ?? '{}');
        seen.add(`${name === 'DeleteObjects' ? 'remove' : 'make'}: ${numbers !== undefined} ${result !== undefined}`);
      }
      return run();
    };
    assert.match(await upload.complete(sent), /^"/u);
    assert.deepEqual([...seen], ['make: true false', 'remove: true true']);
  });
}

test('with all parts, refuses to guess which of two came last within a second', async () => {
  const upload = await Upload.begin(new MemoryS3({ ticks: 0 }), 'doubtful');
  const large = await upload.part(1, content(LEAST, 1));
  const small = await upload.part(1, content(MIB, 2));
  assert.equal((await upload.listed()).length, 1);
  assert.equal(await upload.complete('all'), 'InvalidPart');
  assert.match(await upload.complete([large]), /^"/u);
  await isStored(upload, [large]);
  assert.ok(small);
});

test('of 1,001 parts', async () => {
  const upload = await Upload.begin(await localS3(), 'many');
  const bytes = content(100 * KIB);
  const sent = [];
  for (let number = 1; number <= 1001; number += 1) sent.push(upload.part(number, bytes));
  const list = await Promise.all(sent);
  assert.equal((await upload.listed()).length, 1000);
  assert.deepEqual((await upload.listed({ marker: 1000 })).map(({ number }) => number), [1001]);
  assert.match(await upload.complete(list), /^"/u);
  await isStored(upload, list);
});

test('of 10,000 parts, in bounded memory and with some requests to S3 for each', async () => {
  const s3 = new MemoryS3();
  const upload = await Upload.begin(s3, 'most', { maxJoinBytes: 1024 * MIB });
  const bytes = content(100 * KIB);
  const list = await Promise.all(Array.from({ length: 10_000 }, (_, index) => upload.part(index + 1, bytes)));
  let [reading, most] = [0, 0];
  s3.around = async ({ name }, run) => {
    if (name !== 'GetObject') return run();
    most = Math.max(most, (reading += 1));
    await new Promise(setImmediate);
    reading -= 1;
    return run();
  };
  s3.calls = 0;
  assert.match(await upload.complete(list), /^"/u);
  assert.ok(areJoined(s3.bytesOf('most'), list));
  assert.ok(most >= 64 && most <= 120, `${most}`);
  assert.ok(s3.calls < 10_500, `${s3.calls}`);
});
