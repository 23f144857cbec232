// Where documents are fetched, and what of them is taken.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { describe, test } from 'node:test';

import { withFetchedKeys } from '../../cli/fetched-keys.mjs';
import { MalformedDocument, fetchKeyDocuments } from '../../js-shim/keys/key-documents.mjs';
import { nearestFirst } from '../../js-shim/keys/region-order.mjs';
import { fetchAccessKeys } from '../../js-shim/keys/secrets-manager-keys.mjs';
import { createSecretsManager } from '../../js-shim/keys/secrets-manager.mjs';
import { currentVersion, fetchFromReplicas } from '../../js-shim/keys/secret-replicas.mjs';
import { sdkCredentials } from '../../js-shim/operations/s3-clients.mjs';

describe('Regions', () => {
  for (const [own, listed, expected] of /** @type {[string | undefined, string[], string[]][]} */ ([
    ['eu-west-1', ['us-east-1', 'eu-central-1', 'eu-west-1'], ['eu-west-1', 'eu-central-1', 'us-east-1']],
    ['eu-central-1', ['us-east-1', 'ap-southeast-1', 'eu-west-1'], ['eu-west-1', 'us-east-1', 'ap-southeast-1']],
    ['ap-northeast-1', ['us-east-1', 'us-west-2'], ['us-west-2', 'us-east-1']],
    ['sa-east-1', ['eu-west-1', 'us-east-1'], ['us-east-1', 'eu-west-1']],
    ['ap-southeast-2', ['us-west-2', 'eu-west-1', 'ap-southeast-1'], ['ap-southeast-1', 'us-west-2', 'eu-west-1']],
    ['us-west-2', ['ap-northeast-1', 'us-east-1'], ['us-east-1', 'ap-northeast-1']],
    ['ap-southeast-6', ['us-west-2', 'ap-northeast-1'], ['ap-northeast-1', 'us-west-2']],
    [undefined, ['us-east-1', 'eu-west-1'], ['us-east-1', 'eu-west-1']],
    ['xx-new-1', ['us-east-1', 'eu-west-1'], ['us-east-1', 'eu-west-1']],
    ['xx-new-1', ['us-east-1', 'xx-new-1'], ['xx-new-1', 'us-east-1']],
    ['eu-west-1', ['xx-new-2', 'xx-new-1', 'ap-southeast-2'], ['ap-southeast-2', 'xx-new-2', 'xx-new-1']],
    ['constructor', ['us-east-1', '__proto__'], ['us-east-1', '__proto__']],
  ])) {
    test(`from ${own}: ${expected.join(', ')}`, () => assert.deepEqual(nearestFirst(listed, own), expected));
  }
});

describe('replicas', () => {
  const found = { VersionId: 'v1', SecretString: '{}', CreatedDate: 1.5 };

  /** A Secrets Manager whose Regions answer as told. @param {Record<string, () => unknown>} answers */
  function regionsThat(answers) {
    /** @type {[string, any][]} */
    const asked = [];
    const call = async (/** @type {string} */ _action, /** @type {string} */ region, /** @type {any} */ input) => {
      asked.push([region, input.SecretId]);
      return answers[region]();
    };
    return { asked, secretsManager: { call, close: () => {} } };
  }
  const fails = () => {
    throw new Error('status 500');
  };

  test('are asked one after the other, up to three, and the failure names each', async () => {
    const { asked, secretsManager } = regionsThat({ a: fails, b: fails, c: fails, d: () => found });
    const fetchSecret = fetchFromReplicas({ secretsManager, regions: ['a', 'b', 'c', 'd'], milliseconds: 1000 });
    await assert.rejects(fetchSecret('fleet'), { message: 'fleet: a: status 500, b: status 500, c: status 500' });
    assert.deepEqual(asked.map(([region]) => region), ['a', 'b', 'c']);
  });

  test('that answered are asked first for the next secret', async () => {
    const { asked, secretsManager } = regionsThat({ a: fails, b: () => found });
    const fetchSecret = fetchFromReplicas({ secretsManager, regions: ['a', 'b'], milliseconds: 1000 });
    await fetchSecret('one');
    await fetchSecret('two');
    assert.deepEqual(asked, [['a', 'one'], ['b', 'one'], ['b', 'two']]);
  });

  test('have the ARN of the primary but for the Region', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:fleet-AbCdEf';
    const { asked, secretsManager } = regionsThat({ 'eu-west-1': () => found });
    assert.deepEqual(await currentVersion(secretsManager, arn, 'eu-west-1'), { secretId: arn, versionId: 'v1', text: '{}', region: 'eu-west-1', createdAt: 1.5 });
    assert.deepEqual(asked, [['eu-west-1', arn.replace('us-east-1', 'eu-west-1')]]);
  });

  test('that lag behind what another Region had are passed over', async () => {
    const [older, newer] = [1, 2].map((number) => ({ VersionId: `v${number}`, SecretString: '{}', CreatedDate: number }));
    /** @type {Record<string, () => unknown>} */
    const answers = { a: () => newer, b: () => older };
    const { secretsManager } = regionsThat(answers);
    const known = new Map();
    const fetched = async (/** @type {string[]} */ ...regions) => (await fetchKeyDocuments(fetchFromReplicas({ secretsManager, regions, milliseconds: 1000, known }), 'fleet', known))?.versions;
    assert.equal(await fetched('b', 'a'), 'fleet@v1', 'of which nothing is known yet');
    assert.equal(await fetched('a', 'b'), 'fleet@v2');
    assert.equal(await fetched('b', 'a'), 'fleet@v2');
    answers.a = fails;
    await assert.rejects(fetched('a', 'b'), { message: 'fleet: a: status 500, b: an older version than that of a' });
    answers.b = () => newer;
    assert.equal(await fetched('a', 'b'), 'fleet@v2');
    answers.b = () => older;
    assert.equal(await fetched('a', 'b'), 'fleet@v1', 'where the same Region goes back, the newer one was taken back');
  });

  test('are not asked any more once the fetch was given up', async () => {
    const controller = new AbortController();
    const { asked, secretsManager } = regionsThat({
      a: () => {
        controller.abort();
        return fails();
      },
      b: () => found,
    });
    const fetchSecret = fetchFromReplicas({ secretsManager, regions: ['a', 'b'], milliseconds: 1000, signal: controller.signal });
    await assert.rejects(fetchSecret('fleet'));
    assert.deepEqual(asked.map(([region]) => region), ['a']);
  });

  test('are each asked once for a secret, the one that answered before first', async () => {
    const answers = { a: fails, b: () => found, c: () => found };
    const { asked, secretsManager } = regionsThat(answers);
    const fetchSecret = fetchFromReplicas({ secretsManager, regions: ['a', 'b', 'c'], milliseconds: 1000 });
    await fetchSecret('one');
    answers.b = fails;
    await fetchSecret('two');
    assert.deepEqual(asked.map(([region]) => region), ['a', 'b', 'b', 'a', 'c']);
  });

  for (const answer of [undefined, {}, { VersionId: 'v1' }, { SecretString: '{}' }, { VersionId: 1, SecretString: '{}' }]) {
    test(`that answer ${JSON.stringify(answer)} have no version`, async () => {
      const { secretsManager } = regionsThat({ a: () => answer });
      await assert.rejects(currentVersion(secretsManager, 'fleet', 'a'), { message: 'an answer without VersionId and SecretString' });
    });
  }

  test('may have the same version or one as old as another Region had', async () => {
    const before = { secretId: 'fleet', versionId: 'v1', text: '{}', region: 'b', createdAt: 2 };
    for (const answer of [{ ...found, CreatedDate: 1 }, { VersionId: 'v2', SecretString: '{}', CreatedDate: 2 }]) {
      const { secretsManager } = regionsThat({ a: () => answer });
      const fetchSecret = fetchFromReplicas({ secretsManager, regions: ['a'], milliseconds: 1000, known: new Map([['fleet', before]]) });
      assert.equal((await fetchSecret('fleet')).versionId, answer.VersionId);
    }
  });

  test('that never answer are left, when their share of the time is over or the fetch is given up', async () => {
    const call = (/** @type {string} */ _action, /** @type {string} */ region, /** @type {unknown} */ _input, /** @type {AbortSignal} */ signal) =>
      region === 'b' ? Promise.resolve(found) : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const secretsManager = { call, close: () => {} };
    assert.equal((await fetchFromReplicas({ secretsManager, regions: ['a', 'b'], milliseconds: 20 })('fleet')).region, 'b');
    await assert.rejects(fetchFromReplicas({ secretsManager, regions: ['a'], milliseconds: 20 })('fleet'), { message: 'fleet: a: no answer in time' });
    const controller = new AbortController();
    const fetching = fetchFromReplicas({ secretsManager, regions: ['a'], milliseconds: 60_000, signal: controller.signal })('fleet');
    controller.abort(new Error('frozen'));
    await assert.rejects(fetching, { message: 'fleet: a: frozen' });
  });

  test('that fail are told by a code, by a message, or by no more than a type', async () => {
    const reasons = { a: Object.assign(new Error('with a secret'), { code: 'ECONNRESET' }), b: new Error('status 500'), c: 'a text' };
    const { secretsManager } = regionsThat(Object.fromEntries(Object.entries(reasons).map(([region, reason]) => [region, () => { throw reason; }])));
    const fetchSecret = fetchFromReplicas({ secretsManager, regions: ['a', 'b', 'c'], milliseconds: 1000 });
    await assert.rejects(fetchSecret('fleet'), { message: 'fleet: a: ECONNRESET, b: status 500, c: string' });
  });

  test('need credentials in the environment', async () => {
    const secretsManager = createSecretsManager({ env: { AWS_ACCESS_KEY_ID: 'a' } });
    await assert.rejects(currentVersion(secretsManager, 'fleet', 'us-east-1'), /expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment/u);
  });
});

describe('credentials of a container', () => {
  const answers = /** @type {Record<string, any>} */ ({
    GET: { AccessKeyId: 'ASIACONTAINER', SecretAccessKey: 's', Token: 't', Expiration: new Date(Date.now() + 3_600_000).toISOString() },
    POST: { Name: 'fleet', VersionId: 'v1', SecretString: '{"accessKeys":[]}', CreatedDate: 1 },
  });

  /**
   * @param {NodeJS.ProcessEnv} env
   * @param {(credentials: { secretId: string, regions: string[], endpoint: string }) => Promise<unknown>} [fetches]
   * @returns {Promise<string | undefined>} whose access key id signed
   */
  async function signedBy(env, fetches = (credentials) => fetchAccessKeys(credentials, { env, otherCredentials: sdkCredentials() })) {
    /** @type {string | undefined} */
    let authorization;
    const server = http.createServer((request, response) => {
      if (request.method === 'POST') ({ authorization } = request.headers);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[String(request.method)]));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    const endpoint = `http://127.0.0.1:${address.port}`;
    const before = { ...process.env };
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name];
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${endpoint}/role`;
    try {
      await fetches({ secretId: 'fleet', regions: ['us-east-1'], endpoint });
    } finally {
      process.env = before;
      server.close();
    }
    return /Credential=([^/]+)/u.exec(String(authorization))?.[1];
  }

  test('sign where the environment has none', async () => {
    assert.equal(await signedBy({}), 'ASIACONTAINER');
    assert.equal(await signedBy({ AWS_ACCESS_KEY_ID: 'ASIAFUNCTION', AWS_SECRET_ACCESS_KEY: 's' }), 'ASIAFUNCTION');
  });

  test("sign for an operator's command, as everything that the AWS SDK finds", async () => {
    assert.equal(await signedBy({}, (credentials) => withFetchedKeys({ config: { credentials: { source: 'secrets-manager', ...credentials } }, accessKeys: undefined })), 'ASIACONTAINER');
  });
});

describe('documents', () => {
  /** All documents. @param {Parameters<typeof fetchKeyDocuments>} parts */
  const fetched = async (...parts) => (await fetchKeyDocuments(...parts)) ?? assert.fail('nothing came');
  const AT = { region: 'us-east-1', createdAt: 1 };

  /** @param {Record<string, string>} texts by secret */
  const fetching = (texts) => async (/** @type {string} */ secretId) => {
    if (!(secretId in texts)) throw new Error(`no ${secretId}`);
    return { ...AT, secretId, versionId: `${secretId}1`, text: texts[secretId] };
  };

  test('are the first and those that it names, in this order, with their versions', async () => {
    const texts = { first: '{"furtherSecrets":["b","a"]}', a: '{"n":1}', b: '{"n":2}' };
    const { versions, documents } = await fetched(fetching(texts), 'first');
    assert.equal(versions, 'first@first1 b@b1 a@a1');
    assert.deepEqual(documents(), [texts.first, texts.b, texts.a]);
  });

  test('are fetched sixteen at a time', async () => {
    let [now, most] = [0, 0];
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
    const fetchSecret = async (/** @type {string} */ secretId) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => void setImmediate(resolve));
      now -= 1;
      return { ...AT, secretId, versionId: '1', text: secretId === 'first' ? JSON.stringify({ furtherSecrets: names }) : secretId };
    };
    const { documents } = await fetched(fetchSecret, 'first');
    assert.deepEqual(documents().slice(1), names);
    assert.equal(most, 16);
  });

  test('that name no list of names name nothing, and are for the core to refuse', async () => {
    const tooMany = Array.from({ length: 501 }, (_, index) => `s${index}`);
    for (const furtherSecrets of [null, 'a', {}, [1], ['a b'], ['a', 'a'], [''], tooMany]) {
      const { documents } = await fetched(fetching({ first: JSON.stringify({ furtherSecrets }), a: '{}' }), 'first');
      assert.deepEqual(documents(), [JSON.stringify({ furtherSecrets })]);
    }
  });

  test('that are the versions of the last time are kept as they are', async () => {
    const known = new Map();
    const first = '{"furtherSecrets":["a"]}';
    await fetchKeyDocuments(fetching({ first, a: '{"n":1}' }), 'first', known);
    const again = await fetched(fetching({ first, a: '{"n":2}' }), 'first', known);
    assert.deepEqual(again.documents(), [first, '{"n":1}']);
    const changed = async (/** @type {string} */ secretId) => ({ ...AT, secretId, versionId: '2', text: secretId === 'first' ? first : '{"n":3}' });
    const { versions, documents } = await fetched(changed, 'first', known);
    assert.deepEqual([versions, documents()], ['first@2 a@2', [first, '{"n":3}']]);
  });

  test('of which the first is looked at alone are fetched where that has changed', async () => {
    /** @type {string[]} */
    const asked = [];
    let versionId = '1';
    const fetchSecret = async (/** @type {string} */ secretId) => {
      asked.push(secretId);
      return { ...AT, secretId, versionId, text: '{"furtherSecrets":["a","b"]}' };
    };
    const known = new Map();
    await fetchKeyDocuments(fetchSecret, 'first', known, 'first');
    assert.equal(await fetchKeyDocuments(fetchSecret, 'first', known, 'first'), undefined);
    versionId = '2';
    assert.equal((await fetchKeyDocuments(fetchSecret, 'first', known, 'first'))?.versions, 'first@2 a@2 b@2');
    assert.deepEqual(asked, ['first', 'a', 'b', 'first', 'first', 'a', 'b']);
  });

  test('are not fetched any more once one of them has failed', async () => {
    const furtherSecrets = Array.from({ length: 100 }, (_, index) => `k${index}`);
    /** @type {string[]} */
    const begun = [];
    const fetchSecret = async (/** @type {string} */ secretId) => {
      begun.push(secretId);
      await new Promise((resolve) => void setImmediate(resolve));
      if (secretId === 'k3') throw new Error('k3: AccessDeniedException');
      return { secretId, versionId: '1', text: JSON.stringify({ furtherSecrets }), region: 'us-east-1', createdAt: 0 };
    };
    await assert.rejects(fetchKeyDocuments(fetchSecret, 'first'), { message: 'k3: AccessDeniedException' });
    for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => void setImmediate(resolve));
    assert.ok(begun.length < 40, `${begun.length} fetches began`);
  });

  test('of which the first is no JSON name it with its version, and show nothing of it', async () => {
    await assert.rejects(fetchKeyDocuments(fetching({ first: '{"se":"cr-et' }), 'first'), (error) => {
      assert.ok(error instanceof MalformedDocument);
      assert.deepEqual([error.message, error.versions], ['first: expected JSON', 'first@first1']);
      return true;
    });
  });

  test('of which another is no JSON are for the core to refuse', async () => {
    const { documents } = await fetched(fetching({ first: '{"furtherSecrets":["a"]}', a: 'se-cr-et' }), 'first');
    assert.deepEqual(documents(), ['{"furtherSecrets":["a"]}', 'se-cr-et']);
  });
});

test('each row of the failure table names a test that is there', async () => {
  const page = await readFile(new URL('../../docs/access-keys.md', import.meta.url), 'utf8');
  const [table] = /^\| store \| cached documents \|[^]*?\n\n/mu.exec(page) ?? assert.fail('no table');
  const rows = table.trim().split('\n').slice(2);
  const sources = await Promise.all(['source', 'functions'].map((name) => readFile(new URL(`${name}.test.mjs`, import.meta.url), 'utf8')));
  const names = sources.flatMap((text) => [...text.matchAll(/test\((['`])(.*?)\1, async/gu)].map(([, , name]) => name.replaceAll(/\$\{\w+\}/gu, '…')));
  for (const row of rows) {
    const named = [...row.split('|')[4].matchAll(/`([^`]+)`/gu)].map(([, name]) => name);
    assert.ok(named.length > 0, row);
    for (const name of named) {
      const start = name.replace(/…$/u, '');
      assert.ok(names.some((one) => one.startsWith(start)), name);
    }
  }
  assert.ok(rows.length >= 16);
});
