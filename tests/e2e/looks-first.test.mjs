// An app that asks whether an object is there, and uploads it if not: ali-oss, with `headObject` absent.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OSS from 'ali-oss';

import { BUCKET, CONFIG, FIRST_KEY, localAgent, SECOND_KEY, startGateway } from './fixture.mjs';

const ACCESS_KEYS = {
  accessKeys: [{ ...FIRST_KEY, allow: [{}, { prefix: 'asked/', operations: ['HeadObject'] }] }, SECOND_KEY],
};
const agent = localAgent();

let gateway;

before(async () => {
  gateway = await startGateway(ACCESS_KEYS, { config: { ...CONFIG, headObject: 'absent' } });
});

after(async () => {
  agent.destroy();
  await gateway.close();
});

function device(accessKey, options) {
  const endpoint = `http://oss.test:${new URL(gateway.url).port}`;
  return new OSS({ ...accessKey, bucket: BUCKET, endpoint, agent, ...options });
}

const QUESTIONS = {
  HeadObject: (client, key) => client.head(key),
  GetObjectMeta: (client, key) => client.getObjectMeta(key),
};

for (const [version, options] of Object.entries({ 'version 1': {}, 'version 4': { authorizationV4: true, region: 'oss-cn-hangzhou' } })) {
  describe(`signature ${version}`, () => {
    for (const [operation, ask] of Object.entries(QUESTIONS)) {
      test(`uploads what ${operation} says is absent, each time`, async () => {
        const client = device(FIRST_KEY, options);
        const key = `asked/${operation}-${version}.bin`;
        for (const body of [Buffer.from('first'), Buffer.from('second')]) {
          const error = await ask(client, key).then(() => assert.fail('it is there'), (thrown) => thrown);
          assert.deepEqual([error.status, error.code], [404, 'NoSuchKey']);
          await client.put(key, body);
          await gateway.assertStored(key, body);
        }
      });

      test(`${operation} needs a rule that names HeadObject`, async () => {
        for (const [accessKey, key] of [[SECOND_KEY, 'asked/a'], [FIRST_KEY, 'other/a']]) {
          const error = await ask(device(accessKey, options), key).then(() => assert.fail('it is there'), (thrown) => thrown);
          assert.equal(error.status, 403);
        }
      });
    }
  });
}

test('reading the object itself is refused all the same', async () => {
  const error = await device(FIRST_KEY).get('asked/a').then(() => assert.fail('it is there'), (thrown) => thrown);
  assert.deepEqual([error.status, error.code], [405, 'MethodNotAllowed']);
});
