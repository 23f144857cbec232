// Uploads whose parts are too small for S3, by SDKs and by hand, through the API and through the relay.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import OSS from 'ali-oss';

import { newSecrets } from '../../cli/secrets.mjs';
import { serve } from '../../cli/serve.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { chunked, exchange } from '../relay/fixture.mjs';
import { ACCESS_KEYS, BUCKET, CONFIG, FIRST_KEY, RELAY_CONFIG, S3_BUCKETS, localAgent, startGateway } from './fixture.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const LEAST = 5 * MIB;

const agent = localAgent();
const folder = await mkdtemp(join(tmpdir(), 'small-parts-'));
const gateways = {
  api: await startGateway(undefined, { config: { ...CONFIG, smallParts: 'stage' } }),
  relay: await startGateway(undefined, { config: { ...RELAY_CONFIG, smallParts: 'stage' } }),
};
const forwarding = await startGateway();
after(async () => {
  agent.destroy();
  for (const gateway of [...Object.values(gateways), forwarding]) await gateway.close();
  await rm(folder, { recursive: true });
});

for (const [by, gateway] of Object.entries(gateways)) {
  const client = device(gateway);

  test(`${by}: ali-oss uploads parts of 1 MiB, its default, of a file of any size`, async () => {
    for (const size of [MIB + 1, 5 * MIB, 11 * MIB, 11 * MIB + 17]) {
      const body = randomBytes(size);
      const key = `ali-oss/${size}`;
      const { res } = await client.multipartUpload(key, body, { partSize: MIB, meta: { a: '1' }, mime: 'image/png' });
      assert.equal(res.status, 200);
      await gateway.assertStored(key, body);
      const object = await gateway.stored.get(key);
      assert.deepEqual([object.metadata, object.contentType], [{ a: '1' }, 'image/png']);
    }
    assert.ok(gateway.requests.filter(({ operation }) => operation === 'UploadPart').every(({ origin }) => origin === 's3'));
    assert.deepEqual(await leftBehind(gateway), []);
  });

  test(`${by}: ali-oss resumes such an upload after the parts that were stored`, async () => {
    const body = randomBytes(7 * MIB);
    const path = join(folder, `${by}-resumed`);
    await writeFile(path, body);
    let checkpoint;
    const breaking = client.multipartUpload('ali-oss/resumed', path, {
      partSize: MIB,
      progress: (part, state) => {
        checkpoint = state;
        if (part > 0.5) throw new Error('the connection broke');
      },
    });
    await assert.rejects(breaking, /the connection broke/u);
    const before = gateway.requests.length;
    await client.multipartUpload('ali-oss/resumed', path, { partSize: MIB, checkpoint });
    await gateway.assertStored('ali-oss/resumed', body);
    assert.ok(gateway.requests.slice(before).filter(({ operation }) => operation === 'UploadPart').length < 7);
  });

  test(`${by}: ali-oss lists what it sent, aborts, and can't go on`, async () => {
    const { uploadId } = await client.initMultipartUpload('ali-oss/aborted');
    const sizes = [MIB, LEAST, 2 * MIB];
    const path = join(folder, `${by}-aborted`);
    await writeFile(path, randomBytes(LEAST));
    for (const [index, size] of sizes.entries()) await client.uploadPart('ali-oss/aborted', uploadId, index + 1, path, 0, size);
    const listed = await client.listParts('ali-oss/aborted', uploadId);
    assert.deepEqual(listed.parts.map(({ PartNumber, Size }) => [Number(PartNumber), Number(Size)]), sizes.map((size, index) => [index + 1, size]));
    await client.abortMultipartUpload('ali-oss/aborted', uploadId);
    await assert.rejects(client.listParts('ali-oss/aborted', uploadId), { code: 'NoSuchUpload' });
    const [{ ETag: etag }] = listed.parts;
    await assert.rejects(client.completeMultipartUpload('ali-oss/aborted', uploadId, [{ number: 1, etag }]), { code: 'NoSuchUpload' });
  });

  test(`${by}: a part's answer is a part's, and nothing of the object goes with it`, async () => {
    const { uploadId } = await client.initMultipartUpload('answer', { headers: { 'x-oss-storage-class': 'IA' } });
    const body = randomBytes(1000);
    const answer = await signed(gateway, { method: 'PUT', key: 'answer', query: `partNumber=1&uploadId=${uploadId}`, headers: { 'content-type': 'image/png', 'x-oss-meta-a': '1' }, body });
    assert.equal(answer.status, 200);
    const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(headers.etag, `"${md5(body)}"`);
    assert.equal(headers['x-oss-version-id'], undefined);
    assert.ok(!Object.keys(headers).some((name) => name.startsWith('x-amz-') && !name.startsWith('x-amz-cf-')));
    const [staged] = await leftBehind(gateway, '.oss-edge/parts/');
    const object = await gateway.stored.get(staged);
    assert.deepEqual([object.metadata, object.contentType, object.storageClass], [{}, 'binary/octet-stream', undefined]);
    await signed(gateway, { method: 'DELETE', key: 'answer', query: `uploadId=${uploadId}` });
  });

  for (const [what, sizes] of [
    ['one part of 1 byte', [1]],
    ['one empty part', [0]],
    ['parts of 100 KiB', Array(30).fill(100 * KIB)],
    ['70 parts of 1 MiB, whose join instances share', Array(70).fill(MIB)],
    ['a run of exactly 5 MiB between large parts', [LEAST, 2 * MIB, 3 * MIB, LEAST, 5]],
    ['parts just under 5 MiB', [LEAST - 1, LEAST - 1, 1]],
    ['large parts, and an empty last one', [LEAST, 0]],
  ]) {
    test(`${by}: takes ${what}, sent at once and out of order, and says the same again`, async () => {
      const key = `by-hand/${what}`;
      const uploadId = await begin(gateway, key);
      const bodies = sizes.map((size) => randomBytes(size));
      const etags = await Promise.all(bodies.map((body, index) => sendPart(gateway, key, uploadId, index + 1, body)).reverse()).then((all) => all.reverse());
      const done = await completeParts(gateway, key, uploadId, etags);
      assert.equal(done.status, 200, done.body);
      await gateway.assertStored(key, Buffer.concat(bodies));
      const again = await completeParts(gateway, key, uploadId, etags);
      assert.deepEqual([again.status, etagOf(again)], [200, etagOf(done)]);
      if (sizes.every((size) => size === sizes[0] && size > 0 && sizes.length > 1)) {
        const joined = gateway.requests.filter((line) => line.key === key && line.joinedBytes !== undefined);
        assert.deepEqual(joined.map(({ joinedBytes }) => joinedBytes), [sizes.length * sizes[0]]);
      }
    });
  }

  test(`${by}: takes two completions at once for one`, async () => {
    const uploadId = await begin(gateway, 'two-at-once');
    const bodies = Array.from({ length: 20 }, () => randomBytes(500 * KIB));
    const etags = await Promise.all(bodies.map((body, index) => sendPart(gateway, 'two-at-once', uploadId, index + 1, body)));
    const answers = await Promise.all([1, 2, 3].map(() => completeParts(gateway, 'two-at-once', uploadId, etags)));
    assert.deepEqual(answers.map((answer) => [answer.status, etagOf(answer)]), Array(3).fill([200, etagOf(answers[0])]));
    await gateway.assertStored('two-at-once', Buffer.concat(bodies));
  });

  test(`${by}: refuses by name what it can't join`, async () => {
    const uploadId = await begin(gateway, 'refused');
    const etags = [];
    for (const [index, size] of [LEAST, LEAST - 1, LEAST].entries()) etags.push(await sendPart(gateway, 'refused', uploadId, index + 1, randomBytes(size)));
    const small = await completeParts(gateway, 'refused', uploadId, etags);
    assert.deepEqual([small.status, small.code], [400, 'EntityTooSmall']);
    assert.match(gateway.requests.at(-1).detail, /^5242879 bytes before a part of 5 MiB or more, in part 2$/u);
    const wrong = await completeParts(gateway, 'refused', uploadId, [etags[1]]);
    assert.deepEqual([wrong.status, wrong.code], [400, 'InvalidPart']);
    const done = await signed(gateway, { method: 'POST', key: 'refused', query: `uploadId=${uploadId}`, headers: { 'x-oss-complete-all': 'yes' } });
    assert.deepEqual([done.status, done.code], [400, 'EntityTooSmall']);
    assert.equal(await gateway.stored.get('refused'), null);
  });

  test(`${by}: completes with all parts of both kinds, and overwrites nothing where that was forbidden`, async () => {
    const key = 'all';
    const [one, two] = [await begin(gateway, key, { 'x-oss-forbid-overwrite': 'true' }), await begin(gateway, key, { 'x-oss-forbid-overwrite': 'true' })];
    const bodies = [3 * MIB, 2 * MIB, LEAST, 100].map((size) => randomBytes(size));
    for (const uploadId of [one, two]) {
      for (const [index, body] of bodies.entries()) await sendPart(gateway, key, uploadId, index + 1, body);
    }
    const all = (uploadId) => signed(gateway, { method: 'POST', key, query: `uploadId=${uploadId}`, headers: { 'x-oss-complete-all': 'yes' } });
    const done = await all(one);
    assert.equal(done.status, 200, done.body);
    await gateway.assertStored(key, Buffer.concat(bodies));
    const [again, other] = [await all(one), await all(two)];
    assert.deepEqual([again.status, etagOf(again)], [200, etagOf(done)]);
    assert.deepEqual([other.status, other.code], [409, 'FileAlreadyExists']);
  });

  test(`${by}: takes no key of its own from a device`, async () => {
    for (const key of ['.oss-edge/parts/a/00001', '.oss-edge/uploads/a', '.oss-edge/relay/a']) {
      for (const [method, query] of [['PUT', ''], ['POST', 'uploads']]) {
        const answer = await signed(gateway, { method, key, query });
        assert.deepEqual([answer.status, answer.code], [400, 'InvalidObjectName']);
      }
    }
  });

  test(`${by}: oss2 uploads parts of 1 MiB, and resumes`, { skip: !existsSync('.venv/bin/python') && 'no .venv' }, async () => {
    const path = join(folder, `${by}-oss2`);
    const body = randomBytes(11 * MIB + 3);
    await writeFile(path, body);
    const { port } = new URL(gateway.url);
    const code = await run('.venv/bin/python', ['-c', OSS2, `http://127.0.0.1:${port}`, FIRST_KEY.accessKeyId, FIRST_KEY.accessKeySecret, path, folder]);
    assert.equal(code, 0);
    await gateway.assertStored('oss2/parts', body);
  });
}

test('relay: a part without a length goes by its own, small or large', async () => {
  const gateway = gateways.relay;
  const uploadId = await begin(gateway, 'chunked');
  const bodies = [3 * MIB, 2 * MIB, LEAST, 12 * MIB, 0].map((size) => randomBytes(size));
  const etags = [];
  for (const [index, body] of bodies.entries()) etags.push(await sendPart(gateway, 'chunked', uploadId, index + 1, body, ['Transfer-Encoding: chunked']));
  const done = await completeParts(gateway, 'chunked', uploadId, etags);
  assert.equal(done.status, 200, done.body);
  await gateway.assertStored('chunked', Buffer.concat(bodies));
});

test('an upload goes on as it began, whatever the configuration says meanwhile, and leaves nothing in a versioned bucket', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'small-parts-s3-'));
  const { endpoint, credentials, close } = await startS3Server({ directory, buckets: Object.values(S3_BUCKETS), versioned: true });
  const secrets = newSecrets();
  const servers = [];
  t.after(async () => {
    for (const server of servers) await server.close();
    await close();
    await rm(directory, { recursive: true });
  });
  const serving = async (fields) => {
    const documents = { config: { ...CONFIG, ...fields }, accessKeys: ACCESS_KEYS, secrets };
    servers.push(await serve({ documents, s3: { endpoint, credentials } }));
    return servers.at(-1);
  };
  const [staging, plain, direct] = [await serving({ smallParts: 'stage' }), await serving({}), await serving({ completeMultipartUpload: 's3' })];
  const bodies = [3 * MIB, 3 * MIB, 100].map((size) => randomBytes(size));
  for (const [before, then, at] of [[staging, plain, plain], [staging, plain, direct], [staging, direct, staging]]) {
    const key = `switched/${servers.indexOf(at)}`;
    const uploadId = await begin(before, key);
    assert.match(uploadId, /^s1\.\d+\.\d+\.s\./u);
    const etags = [];
    for (const [index, body] of bodies.entries()) etags.push(await sendPart(index === 0 ? before : then, key, uploadId, index + 1, body));
    // Sent again: a noncurrent version.
    etags[0] = await sendPart(then, key, uploadId, 1, bodies[0]);
    const done = await completeParts(at, key, uploadId, etags);
    assert.equal(done.status, 200, done.body);
    assert.match(done.headers['x-oss-version-id'], /./u);
    const s3 = new S3Client({ endpoint, credentials, region: 'eu-west-1', forcePathStyle: true });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: S3_BUCKETS[BUCKET], Key: key }));
    assert.ok(Buffer.from(await Body.transformToByteArray()).equals(Buffer.concat(bodies)));
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: S3_BUCKETS[BUCKET], Prefix: '.oss-edge/parts/' }));
    assert.deepEqual([...Versions, ...DeleteMarkers], []);
    s3.destroy();
  }
  // One that began without staging goes on without it.
  const uploadId = await begin(plain, 'plain');
  const etags = [await sendPart(staging, 'plain', uploadId, 1, randomBytes(MIB)), await sendPart(staging, 'plain', uploadId, 2, randomBytes(MIB))];
  assert.equal((await completeParts(staging, 'plain', uploadId, etags)).code, 'EntityTooSmall');
});

test('without it, small parts fail when the upload is completed', async () => {
  const error = await device(forwarding).multipartUpload('small', randomBytes(3 * MIB), { partSize: MIB }).catch(({ code }) => code);
  assert.equal(error, 'EntityTooSmall');
});

const OSS2 = `
import sys, oss2
endpoint, key, secret, path, folder = sys.argv[1:]
bucket = oss2.Bucket(oss2.Auth(key, secret), endpoint, '${BUCKET}')
oss2.resumable_upload(bucket, 'oss2/parts', path, multipart_threshold=0, part_size=1024 * 1024, num_threads=4,
                      store=oss2.ResumableStore(root=folder))
`;

function device({ url }) {
  return new OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint: `http://localhost:${new URL(url).port}`, cname: true, agent, timeout: 60_000, retryMax: 0 });
}

async function run(command, args) {
  const child = spawn(command, args, { cwd: fileURLToPath(new URL('../../', import.meta.url)), stdio: 'inherit' });
  return new Promise((resolve) => child.once('exit', resolve));
}

async function begin(gateway, key, headers = {}) {
  const answer = await signed(gateway, { method: 'POST', key, query: 'uploads', headers });
  assert.equal(answer.status, 200, answer.body);
  return /<UploadId>([^<]*)/u.exec(answer.body)[1];
}

async function sendPart(gateway, key, uploadId, number, body, lines) {
  const answer = await signed(gateway, { method: 'PUT', key, query: `partNumber=${number}&uploadId=${uploadId}`, body, lines });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.headers.ETag, `"${md5(body)}"`);
  return answer.headers.ETag;
}

function completeParts(gateway, key, uploadId, etags) {
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
  return signed(gateway, { method: 'POST', key, query: `uploadId=${uploadId}`, body: Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`) });
}

function etagOf({ body }) {
  return /<ETag>([^<]*)/u.exec(body)?.[1];
}

/** Keys that aren't a device's, but records. */
async function leftBehind(gateway, prefix = '.oss-edge/') {
  const { objects } = await gateway.stored.everything();
  const keys = objects.map((line) => line.split(' ')[0].slice(BUCKET.length + 1));
  return keys.filter((key) => key.startsWith(prefix) && !key.startsWith('.oss-edge/uploads/'));
}

function md5(bytes) {
  return createHash('md5').update(bytes).digest('hex');
}

/** One request signed by version 1, at the CNAME host. */
async function signed({ url }, { method, key, query = '', headers = {}, body = Buffer.alloc(0), lines = [`Content-Length: ${body.length}`] }) {
  const date = new Date().toUTCString();
  const oss = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-')).map(([name, value]) => `${name}:${value}\n`);
  const text = [method, '', headers['content-type'] ?? '', date, `${oss.join('')}/${BUCKET}/${key}${query && `?${query}`}`].join('\n');
  const signature = createHmac('sha1', FIRST_KEY.accessKeySecret).update(text).digest('base64');
  const all = { Host: 'localhost', Date: date, Authorization: `OSS ${FIRST_KEY.accessKeyId}:${signature}`, ...headers };
  const target = `/${key.split('/').map(encodeURIComponent).join('/')}${query && `?${query}`}`;
  const head = [`${method} ${target} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), ...lines].join('\r\n');
  const isChunked = lines.some((line) => line.startsWith('Transfer-Encoding'));
  return exchange(Number(new URL(url).port), [`${head}\r\n\r\n`, isChunked ? chunked(body) : body]);
}
