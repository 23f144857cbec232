// An app that asks whether an object is there, and uploads it if not: ali-oss, with `headObject` absent, and served by the
// API or a relay. That it is refused by default: ali-oss.test.mjs.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import OSS from 'ali-oss';

import { BUCKET, CONFIG, FIRST_KEY, localAgent, record, RELAY_CONFIG, SECOND_KEY, startGateway } from './fixture.mjs';

const ACCESS_KEYS = {
  accessKeys: [{ ...FIRST_KEY, allow: [{}, { prefix: 'asked/', operations: ['HeadObject'] }] }, SECOND_KEY],
};
const CONFIGS = {
  absent: { ...CONFIG, headObject: 'absent' },
  'served by the API': { ...CONFIG, headObject: 'served', headers: { storageClasses: { IA: 'GLACIER_IR' } } },
  'served by a relay': { ...RELAY_CONFIG, headObject: 'served', headers: { storageClasses: { IA: 'GLACIER_IR' } } },
};
const VERSIONS = { 'version 1': {}, 'version 4': { authorizationV4: true, region: 'oss-cn-hangzhou' } };
const QUESTIONS = {
  HeadObject: (client, key) => client.head(key),
  GetObjectMeta: (client, key) => client.getObjectMeta(key),
};

const agent = localAgent();
/** By the names of CONFIGS. */
const gateways = {};

before(async () => {
  for (const [name, config] of Object.entries(CONFIGS)) gateways[name] = await startGateway(ACCESS_KEYS, { config });
});

after(async () => {
  agent.destroy();
  for (const gateway of Object.values(gateways)) await gateway.close();
  await record('looks-first', Object.values(gateways).flatMap(({ requests }) => requests));
});

function device(gateway, accessKey, options) {
  const endpoint = `http://oss.test:${new URL(gateway.url).port}`;
  return new OSS({ ...accessKey, bucket: BUCKET, endpoint, agent, ...options });
}

const errorOf = (call) => call.then(() => assert.fail('it is answered'), (thrown) => thrown);

for (const [version, options] of Object.entries(VERSIONS)) {
  for (const [operation, ask] of Object.entries(QUESTIONS)) {
    describe(`${operation}, signature ${version}`, () => {
      test('uploads what is said to be absent, each time', async () => {
        const client = device(gateways.absent, FIRST_KEY, options);
        const key = `asked/${operation}-${version}.bin`;
        for (const body of [Buffer.from('first'), Buffer.from('second')]) {
          const error = await errorOf(ask(client, key));
          assert.deepEqual([error.status, error.code], [404, 'NoSuchKey']);
          await client.put(key, body);
          await gateways.absent.assertStored(key, body);
        }
      });

      for (const name of Object.keys(CONFIGS).filter((one) => one !== 'absent')) {
        test(`uploads once where it is ${name}`, async () => {
          const client = device(gateways[name], FIRST_KEY, options);
          const key = `asked/设备 ${operation}-${version}.bin`;
          const error = await errorOf(ask(client, key));
          assert.deepEqual([error.status, error.code], [404, 'NoSuchKey']);
          const body = Buffer.from('first');
          const { res } = await client.put(key, body);
          const { status, res: found } = await ask(client, key);
          assert.deepEqual([status, found.headers.etag, found.headers['content-length']], [200, res.headers.etag, '5']);
          assert.ok(Math.abs(Date.parse(found.headers['last-modified']) - Date.now()) < 60_000);
          assert.match(found.headers['x-oss-request-id'], /^[0-9A-F]{24}$/u);
        });
      }

      for (const name of Object.keys(CONFIGS)) {
        test(`needs a rule that names HeadObject where it is ${name}`, async () => {
          for (const [accessKey, key] of [[SECOND_KEY, 'asked/a'], [FIRST_KEY, 'other/a']]) {
            const error = await errorOf(ask(device(gateways[name], accessKey, options), key));
            assert.deepEqual([error.status, error.code], [403, 'AccessDenied']);
          }
        });
      }
    });
  }
}

for (const [name, gateway] of Object.entries({ 'the API': 'served by the API', 'a relay': 'served by a relay' })) {
  test(`tells what OSS tells of an object, through ${name}`, async () => {
    const client = device(gateways[gateway], FIRST_KEY);
    const body = Buffer.from('a log of a device');
    const headers = { 'Content-Disposition': 'attachment', 'x-oss-storage-class': 'IA', 'Cache-Control': 'max-age=60' };
    await client.put('asked/all.log', body, { mime: 'application/x-device-log', meta: { device: 'sn-7' }, headers });
    const { meta, res } = await client.head('asked/all.log');
    assert.deepEqual(meta, { device: 'sn-7' });
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const told = ['content-type', 'content-disposition', 'content-length', 'etag', 'x-oss-object-type', 'x-oss-storage-class', 'x-oss-server-side-encryption'];
    assert.deepEqual(
      told.map((header) => res.headers[header]),
      ['application/x-device-log', 'attachment', String(body.length), etag, 'Normal', 'IA', 'AES256'],
    );
    // Of caches only the answer's own, and nothing of AWS.
    assert.equal(res.headers['cache-control'], 'no-store');
    assert.deepEqual(Object.keys(res.headers).filter((header) => /^x-(amzn?|ossedge)-(?!cf-)/u.test(header)), []);
    const { res: meta2 } = await client.getObjectMeta('asked/all.log');
    assert.deepEqual(['content-length', 'etag', 'x-oss-object-type', 'x-oss-meta-device'].map((header) => meta2.headers[header]), [String(body.length), etag, undefined, undefined]);
  });

  test(`tells metadata beyond ASCII, and an object that was uploaded in parts, through ${name}`, async () => {
    const client = device(gateways[gateway], FIRST_KEY, { headerEncoding: 'latin1' });
    const options = { meta: { place: '仓库' }, headers: { 'Content-Disposition': 'attachment; filename="日.txt"' } };
    const { uploadId } = await client.initMultipartUpload('asked/parts.bin', options);
    const part = await client.uploadPart('asked/parts.bin', uploadId, 1, Buffer.from('x'), 0, 1);
    await client.completeMultipartUpload('asked/parts.bin', uploadId, [{ number: 1, etag: part.etag }]);
    const { meta, res } = await client.head('asked/parts.bin');
    const told = [meta.place, res.headers['content-disposition']].map((value) => Buffer.from(value, 'latin1').toString());
    assert.deepEqual(told, ['仓库', 'attachment; filename="日.txt"']);
    assert.equal(res.headers['x-oss-object-type'], 'Multipart');
  });
}

test('reading the object itself is refused all the same', async () => {
  for (const gateway of Object.values(gateways)) {
    const error = await errorOf(device(gateway, FIRST_KEY).get('asked/a'));
    assert.deepEqual([error.status, error.code], [405, 'MethodNotAllowed']);
  }
});
