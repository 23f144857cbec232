// The bundled functions with their access keys in Secrets Manager: moto's, whose every request is verified.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { writeFunctions } from '../../cli/bundle.mjs';
import { loadFunctions } from '../../cli/load-functions.mjs';
import { violation } from '../../local/cloudfront-rules.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, S3_DOMAIN, SECOND_KEY, element, memoryLog, originEvent, signedEvent } from '../shim/fixture.mjs';
import { ENV, OUTAGES, startSecretsManager } from './moto.mjs';

const REFRESH = 300_000;
const MAX_STALE = 86_400_000;
const ORIGIN_SECRET = 'an-origin-secret-of-the-tests';

/** Documents that must be refused whole, each with the new key among what is wrong. */
const MALFORMED = {
  'no JSON': '{"accessKeys": [{"accessKeyId": "se-cr-et"',
  'a list': [SECOND_KEY],
  null: 'null',
  'no keys': {},
  'an empty list of keys': { accessKeys: [] },
  'an unknown field': { accessKeys: [SECOND_KEY], acessKeys: [] },
  'a bad secret': { accessKeys: [SECOND_KEY, { accessKeyId: 'a', accessKeySecret: 'se cr et' }] },
  'an id twice': { accessKeys: [SECOND_KEY, SECOND_KEY] },
  'further secrets that are no list': { accessKeys: [SECOND_KEY], furtherSecrets: 'more' },
  'a further secret that is no name': { accessKeys: [SECOND_KEY], furtherSecrets: [''] },
  'a further secret with an id that is there already': { accessKeys: [SECOND_KEY], furtherSecrets: ['malformed/again'] },
  'a further secret that is no JSON': { accessKeys: [SECOND_KEY], furtherSecrets: ['malformed/text'] },
  'a further secret with further secrets': { accessKeys: [SECOND_KEY], furtherSecrets: ['malformed/further'] },
};

/** @type {Awaited<ReturnType<typeof startSecretsManager>>} */
let store;
/** @type {Awaited<ReturnType<typeof loadFunctions>>} */
let functions;
before(async () => {
  store = await startSecretsManager();
  functions = await functionsWith({});
  await store.put('malformed/again', { accessKeys: [SECOND_KEY] });
  await store.put('malformed/text', 'se-cr-et');
  await store.put('malformed/further', { accessKeys: [{ accessKeyId: 'b', accessKeySecret: 's' }], furtherSecrets: ['malformed/again'] });
});
after(() => store.close());
afterEach(() => {
  store.behaviour = 'answers';
  store.byRegion.clear();
  store.env = ENV;
});

describe('viewer-request', () => {
  test('waits for its access keys at a cold start, once', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const edge = started();
    assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    assert.deepEqual(store.takeFetches(), [
      { action: 'GetSecretValue', region: 'us-east-1', input: { SecretId: 'fleet', VersionStage: 'AWSCURRENT' } },
    ]);
    for (let i = 0; i < 100; i += 1) assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    assert.deepEqual(store.takeFetches(), []);
    edge.clock += 61_999;
    await edge.ask();
    assert.deepEqual([edge.lines[0], edge.lines.at(-1)].map(({ keysAgeSeconds }) => keysAgeSeconds), [0, 61]);
  });

  test("loads nothing of Node's fetch", async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const own = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(globalThis, 'Headers'));
    Object.defineProperty(globalThis, 'Headers', { configurable: true, get: () => assert.fail('was loaded') });
    try {
      assert.deepEqual(await started().ask(), ['forwarded', '1']);
    } finally {
      Object.defineProperty(globalThis, 'Headers', own);
    }
  });

  test('renews them in the background', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const edge = started();
    await edge.ask();
    await store.put('fleet', { accessKeys: [SECOND_KEY] });
    edge.clock += REFRESH;
    store.takeFetches();
    store.behaviour = 'is slow';
    assert.deepEqual(await edge.ask(), ['forwarded', '1'], 'while the fetch goes nowhere');
    assert.equal(await edge.linesLogged(3), 'not fetched: fleet: us-east-1: no answer in time');
    store.behaviour = 'answers';
    edge.clock += 10_000;
    assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    await until(async () => (await edge.ask(SECOND_KEY))[0] === 'forwarded');
    assert.deepEqual(await edge.ask(), ['403', 'InvalidAccessKeyId']);
  });

  test('signs with the credentials that Lambda has renewed', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const env = { ...ENV };
    const edge = started({ env });
    await edge.ask();
    store.env = { ...ENV, AWS_ACCESS_KEY_ID: 'ASIATESTOFTHESOURCE2', AWS_SESSION_TOKEN: 'renewed' };
    Object.assign(env, store.env);
    store.takeFetches();
    edge.clock += REFRESH;
    await edge.ask();
    await until(() => store.requests.length > 0);
  });

  for (const outage of OUTAGES) {
    test(`store ${outage}, nothing cached: 503, and never an allow or a 403`, async () => {
      await store.put('fleet', { accessKeys: [ACCESS_KEY] });
      const edge = started({ fetchMilliseconds: patience(outage) });
      store.behaviour = outage;
      for (const accessKey of [ACCESS_KEY, SECOND_KEY, { accessKeyId: 'nobody', accessKeySecret: 'knows' }]) {
        const event = signedEvent({ accessKey });
        const result = /** @type {any} */ (await edge.handler(structuredClone(event)));
        assert.deepEqual([result.status, element(result.body, 'Code')], ['503', 'ServiceUnavailable']);
        assert.match(result.headers['retry-after'][0].value, /^([1-9]|10)$/u);
        assert.equal(violation('viewer-request', event, result), null);
      }
      const [failure, ...refusals] = edge.lines;
      assert.match(failure.detail, /^not fetched: fleet: us-east-1: /u);
      assert.deepEqual([failure.level, failure.function, failure.usableUntil], ['error', 'viewer-request', null]);
      assert.deepEqual(refusals.map(({ decision, status, code, detail }) => [decision, status, code, detail]), [
        ['deny', 503, 'ServiceUnavailable', 'no access keys'],
        ['deny', 503, 'ServiceUnavailable', 'no access keys'],
        ['deny', 503, 'ServiceUnavailable', 'no access keys'],
      ]);
      store.behaviour = 'answers';
      edge.clock += 10_000;
      assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    });

    test(`store ${outage}, cached: the last good documents serve until maxStaleSeconds, then 503`, async () => {
      await store.put('fleet', { accessKeys: [ACCESS_KEY] });
      const edge = started({ fetchMilliseconds: patience(outage) });
      await edge.ask();
      store.behaviour = outage;
      for (const passed of [1, REFRESH, REFRESH + 20_000, 2 * REFRESH, MAX_STALE / 2, MAX_STALE - 1]) {
        edge.clock = NOW + passed;
        assert.deepEqual(await edge.ask(), ['forwarded', '1'], `after ${passed} ms`);
        assert.deepEqual(await edge.ask(SECOND_KEY), ['403', 'InvalidAccessKeyId'], `after ${passed} ms`);
      }
      edge.clock = NOW + MAX_STALE;
      assert.deepEqual(await edge.ask(), ['503', 'ServiceUnavailable']);
      assert.deepEqual(await edge.ask(SECOND_KEY), ['503', 'ServiceUnavailable']);
      store.behaviour = 'answers';
      edge.clock += 10_000;
      assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    });
  }

  for (const [what, document] of Object.entries(MALFORMED)) {
    test(`a document that is malformed, ${what}, is refused whole, with one line`, async () => {
      await store.put('fleet', { accessKeys: [ACCESS_KEY] });
      const edge = started();
      await edge.ask();
      await store.put('fleet', document);
      edge.lines.length = 0;
      for (let refreshes = 1; refreshes <= 3; refreshes += 1) {
        edge.clock += REFRESH;
        for (let i = 0; i < 10; i += 1) {
          assert.deepEqual(await edge.ask(), ['forwarded', '1']);
          assert.deepEqual(await edge.ask(SECOND_KEY), ['403', 'InvalidAccessKeyId']);
        }
      }
      const loud = edge.lines.filter(({ level }) => level === 'error');
      assert.equal(loud.length, 1, JSON.stringify(loud));
      assert.match(loud[0].detail, /^refused, the previous ones stay in use: /u);
      assert.ok(!/cr.et/u.test(JSON.stringify(loud)), loud[0].detail);

      const cold = started();
      assert.deepEqual(await cold.ask(), ['503', 'ServiceUnavailable']);
      assert.deepEqual(await cold.ask(SECOND_KEY), ['503', 'ServiceUnavailable']);
    });
  }

  test('a new access key works at once, and a flood of unknown ones costs a fetch in 10 seconds', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const edge = started();
    await edge.ask();
    await store.put('fleet', { accessKeys: [ACCESS_KEY, SECOND_KEY] });
    edge.clock += 1000;
    store.takeFetches();
    assert.deepEqual(await edge.ask(SECOND_KEY), ['forwarded', '1']);
    assert.equal(store.takeFetches().length, 1);
    for (let request = 1; request <= 2000; request += 1) {
      edge.clock += 20;
      const accessKeyId = request % 2 ? `unknown${request}` : `OE1.nobody.device${request}`;
      assert.deepEqual(await edge.ask({ accessKeyId, accessKeySecret: 'guessed' }), ['403', 'InvalidAccessKeyId']);
    }
    assert.equal(store.takeFetches().length, 4, 'in 40 seconds');
  });

  test('a flood of unknown ids asks for the first of several secrets, and for no other', async () => {
    const names = ['flood/0', 'flood/1', 'flood/2'];
    await Promise.all(names.map((name, index) => store.put(name, { accessKeys: [{ accessKeyId: name.replace('/', ''), accessKeySecret: `secret${index}` }] })));
    await store.put('fleet', { accessKeys: [ACCESS_KEY], furtherSecrets: names });
    const edge = started();
    await edge.ask();
    store.takeFetches();
    for (let second = 1; second < 300; second += 1) {
      edge.clock += 1000;
      assert.deepEqual(await edge.ask({ accessKeyId: `unknown${second}`, accessKeySecret: 'guessed' }), ['403', 'InvalidAccessKeyId']);
    }
    const asked = store.takeFetches().map(({ input }) => input.SecretId);
    assert.deepEqual([asked.length, new Set(asked)], [30, new Set(['fleet'])]);
  });

  test('keys that are known and refused fetch nothing out of turn', async () => {
    const masterKeys = [{ id: 'a1', secret: 'aMasterSecretOfTheTestsThatIsLongEnough' }, { id: 'off', secret: 'aMasterSecretOfTheTestsThatIsLongEnough', status: 'disabled' }];
    const accessKeys = [ACCESS_KEY, { ...SECOND_KEY, status: 'disabled' }, { accessKeyId: 'over', secrets: [{ generation: '1', secret: 's', notAfter: '2020-01-01T00:00:00Z' }] }];
    await store.put('fleet', { accessKeys, masterKeys, revokedDevices: [{ masterKey: 'a1', deviceId: 'lost' }] });
    const edge = started();
    await edge.ask();
    store.takeFetches();
    for (const accessKeyId of [SECOND_KEY.accessKeyId, 'over', 'OE1.a1.lost', 'OE1.off.SN-1', 'OE1.a1.SN-1.e1', 'OE1.a1.SN-1.snone']) {
      edge.clock += 20_000;
      assert.deepEqual(await edge.ask({ accessKeyId, accessKeySecret: 'guessed' }), ['403', 'InvalidAccessKeyId'], accessKeyId);
    }
    assert.deepEqual(store.takeFetches(), []);
  });

  test('a new secret works once the documents are due, and by no fetch of its own before', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const edge = started();
    await edge.ask();
    const next = { ...ACCESS_KEY, accessKeySecret: 'theNextSecretOfTheFirstKey0001' };
    const secrets = [{ generation: '1', secret: ACCESS_KEY.accessKeySecret }, { generation: '2', secret: next.accessKeySecret }];
    await store.put('fleet', { accessKeys: [{ accessKeyId: ACCESS_KEY.accessKeyId, secrets }] });
    store.takeFetches();
    edge.clock += REFRESH - 1;
    assert.deepEqual(await edge.ask(next), ['403', 'SignatureDoesNotMatch']);
    assert.equal(store.takeFetches().length, 0);
    edge.clock += 1;
    assert.deepEqual(await edge.ask(next), ['forwarded', '2']);
    assert.deepEqual(await edge.ask(ACCESS_KEY), ['forwarded', '1']);
    assert.equal(store.takeFetches().length, 1);
  });

  test('reads further secrets', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `further/${index}`);
    const keyOf = (/** @type {number} */ index) => ({ accessKeyId: `further${index}`, accessKeySecret: `secret${index}` });
    await Promise.all(names.map((name, index) => store.put(name, { accessKeys: [keyOf(index)] })));
    await store.put('fleet', { furtherSecrets: names });
    store.takeFetches();
    const edge = started();
    for (const index of [0, 31, 59]) assert.deepEqual(await edge.ask(keyOf(index)), ['forwarded', '1']);
    assert.deepEqual(store.takeFetches().map(({ input }) => input.SecretId).sort(), ['fleet', ...names].sort());

    await store.put('further/59', { accessKeys: [SECOND_KEY] });
    await store.put('fleet', { furtherSecrets: names });
    edge.clock += 1000;
    assert.deepEqual(await edge.ask(SECOND_KEY), ['forwarded', '1']);
    assert.deepEqual(await edge.ask(keyOf(58)), ['forwarded', '1']);
    assert.deepEqual(await edge.ask(keyOf(59)), ['403', 'InvalidAccessKeyId']);
  });

  test('one further secret that is away fails the whole fetch, and the last good documents serve', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const edge = started();
    await edge.ask();
    await store.put('fleet', { accessKeys: [SECOND_KEY], furtherSecrets: ['further/0', 'not/there'] });
    edge.clock += REFRESH;
    assert.deepEqual(await edge.ask(SECOND_KEY), ['403', 'InvalidAccessKeyId']);
    assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    assert.match(edge.lines[1].detail, /^not fetched: not\/there: us-east-1: status 40\d ResourceNotFoundException$/u);
  });
});

describe('replicas', () => {
  test('the own Region first, then the nearest, then the next', async () => {
    const regions = ['us-east-1', 'ap-northeast-1', 'eu-west-1'];
    await store.put('replicated', { accessKeys: [ACCESS_KEY] });
    await store.call('ReplicateSecretToRegions', { SecretId: 'replicated', AddReplicaRegions: [{ Region: 'ap-northeast-1' }, { Region: 'eu-west-1' }] });
    const replicated = await functionsWith({ secretId: 'replicated', regions });
    for (const [own, away, asked] of /** @type {[string, string[], string[]][]} */ ([
      ['ap-northeast-1', [], ['ap-northeast-1']],
      ['ap-southeast-2', [], ['ap-northeast-1']],
      ['eu-central-1', [], ['eu-west-1']],
      ['sa-east-1', [], ['us-east-1']],
      ['eu-central-1', ['eu-west-1'], ['eu-west-1', 'us-east-1']],
      ['eu-central-1', ['eu-west-1', 'us-east-1'], ['eu-west-1', 'us-east-1', 'ap-northeast-1']],
      ['xx-nowhere-1', [], ['us-east-1']],
    ])) {
      store.byRegion.clear();
      for (const region of away) store.byRegion.set(region, 'answers 500');
      store.takeFetches();
      const edge = started({ env: { ...ENV, AWS_REGION: own }, of: replicated });
      assert.deepEqual(await edge.ask(), ['forwarded', '1']);
      assert.deepEqual(store.takeFetches().map(({ region }) => region), asked, own);
    }
  });

  test('a slow one leaves time for the next', async () => {
    await store.put('slow', { accessKeys: [ACCESS_KEY] });
    await store.call('ReplicateSecretToRegions', { SecretId: 'slow', AddReplicaRegions: [{ Region: 'eu-west-1' }] });
    const edge = started({ of: await functionsWith({ secretId: 'slow', regions: ['eu-west-1', 'us-east-1'] }) });
    store.byRegion.set('eu-west-1', 'is slow');
    assert.deepEqual(await edge.ask(), ['forwarded', '1']);
  });
});

describe('a replica that lags behind', () => {
  test('brings no disabled key back when the nearest Region fails, and the log says it', async () => {
    const secretId = 'lagging';
    await store.put(secretId, { accessKeys: [ACCESS_KEY, SECOND_KEY] });
    const { SecretString } = await store.call('GetSecretValue', { SecretId: secretId });
    await store.call('CreateSecret', { Name: secretId, SecretString, ClientRequestToken: crypto.randomUUID() }, 'eu-west-1');
    await new Promise((resolve) => void setTimeout(resolve, 1100));
    await store.put(secretId, { accessKeys: [ACCESS_KEY, { ...SECOND_KEY, status: 'disabled' }] });
    const edge = started({ of: await functionsWith({ secretId, regions: ['us-east-1', 'eu-west-1'] }), env: { ...ENV, AWS_REGION: 'us-east-1' } });
    assert.deepEqual(await edge.ask(SECOND_KEY), ['403', 'InvalidAccessKeyId']);
    store.byRegion.set('us-east-1', 'answers 500');
    edge.clock += 2 * REFRESH;
    assert.deepEqual(await edge.ask(SECOND_KEY), ['403', 'InvalidAccessKeyId']);
    assert.deepEqual(await edge.ask(), ['forwarded', '1']);
    const failures = edge.lines.filter(({ level }) => level === 'error').map(({ detail }) => detail);
    assert.deepEqual(failures, ['not fetched: lagging: us-east-1: status 500 InternalServiceError, eu-west-1: an older version than that of us-east-1']);
  });
});

describe('one function at origin request', () => {
  test('fetches its access keys as viewer-request does, and without any answers 503', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const one = await loadFunctions({ ...DOCUMENTS, config: { ...configWith({}), triggers: 'origin-request' }, accessKeys: undefined });
    const ask = async (/** @type {any} */ log, accessKey = ACCESS_KEY) => {
      const event = originEvent(signedEvent({ accessKey }).Records[0].cf.request);
      event.Records[0].cf.request.headers.host = signedEvent().Records[0].cf.request.headers.host;
      const result = await one['origin-request'].create({ now: () => NOW, log, env: ENV })(event);
      return [result.status ?? 'forwarded', result.headers.host?.[0].value ?? result.headers['retry-after']?.[0].value];
    };
    const { lines, log } = memoryLog();
    assert.deepEqual(await ask(log), ['forwarded', S3_DOMAIN]);
    assert.deepEqual((await ask(log, SECOND_KEY))[0], '403');
    store.behaviour = 'answers 500';
    const [status, retryAfter] = await ask(log);
    assert.deepEqual([status, Number(retryAfter) > 0], ['503', true]);
    assert.deepEqual(new Set(lines.map((line) => line.function)), new Set(['origin-request']));
    assert.deepEqual(lines.map(({ decision, level, code }) => decision ?? level ?? code), ['forward', 'deny', 'error', 'deny']);
  });
});

describe('authorizer', () => {
  test('allows nothing and denies nothing while there are no access keys', async () => {
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const handOver = await handedOver();
    const { lines, authorizer } = authorizerOf({});
    store.behaviour = 'answers 500';
    await assert.rejects(authorizer(authorizerEvent(handOver)), { name: 'NoAccessKeys' });
    assert.deepEqual(lines.map(({ function: name, detail }) => [name, detail]), [
      ['authorizer', 'not fetched: fleet: us-east-1: status 500 InternalServiceError'],
      ['authorizer', 'no access keys'],
    ]);
    store.behaviour = 'answers';
    const other = authorizerOf({});
    const allowed = await other.authorizer(authorizerEvent(handOver));
    assert.equal(allowed.policyDocument.Statement[0].Effect, 'Allow');
  });

  test('fetches nothing for who has not the origin secret', async () => {
    const { authorizer } = authorizerOf({});
    store.takeFetches();
    const denied = await authorizer(authorizerEvent('', 'a guess'));
    assert.equal(denied.policyDocument.Statement[0].Effect, 'Deny');
    assert.deepEqual(store.takeFetches(), []);
  });

  test('decides again over the latest documents', async () => {
    await store.put('fleet', { accessKeys: [SECOND_KEY] });
    const handOver = await handedOver();
    const { authorizer } = authorizerOf({});
    await authorizer(authorizerEvent(handOver));
    await store.put('fleet', { accessKeys: [ACCESS_KEY] });
    const clock = authorizerOf.clock;
    clock.now += 1000;
    const allowed = await authorizer(authorizerEvent(handOver));
    assert.equal(allowed.policyDocument.Statement[0].Effect, 'Allow');
  });
});

describe('bundles', () => {
  test('have no access keys and no client where the other source is configured', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'oss-edge-keys-'));
    const bundled = await writeFunctions(DOCUMENTS, join(directory, 'bundled'));
    // In the place of the other, which leaves nothing behind.
    const fetched = await writeFunctions({ ...DOCUMENTS, config: configWith({}), accessKeys: undefined }, join(directory, 'bundled'));
    const left = await readdir(join(directory, 'bundled', 'viewer-request'));
    await rm(directory, { recursive: true });
    assert.deepEqual(left.sort(), ['THIRD-PARTY-NOTICES.txt', 'index.mjs', 'oss_edge_documents.wasm', 'seal.bin']);
    for (const [name, files] of fetched) {
      const verifies = ['viewer-request', 'authorizer'].includes(name);
      const text = Buffer.from(files['index.mjs']).toString();
      assert.ok(!('gate.bin' in files), name);
      assert.equal(text.includes('AWS4-HMAC-SHA256'), verifies, name);
      assert.ok(!text.includes(ACCESS_KEY.accessKeySecret), name);
      assert.ok(!Buffer.from(bundled.get(name)?.['index.mjs'] ?? '').toString().includes('AWS4-HMAC-SHA256'), name);
    }
  });
});

/**
 * Little where nothing will come; else all that there is, for a machine that is busy.
 *
 * @param {import('./moto.mjs').Behaviour} outage
 */
function patience(outage) {
  return ['is slow', 'stops in the middle of an answer'].includes(outage) ? 800 : 3500;
}

/** @param {object} credentials */
function configWith(credentials) {
  return { ...DOCUMENTS.config, credentials: { source: 'secrets-manager', secretId: 'fleet', regions: ['us-east-1'], endpoint: store.endpoint, ...credentials } };
}

/** @param {object} credentials */
function functionsWith(credentials) {
  return loadFunctions({ ...DOCUMENTS, config: configWith(credentials), accessKeys: undefined });
}

/** A viewer-request function with a clock of its own; requests are signed by that clock. @param {object} [options] */
function started({ of = functions, env = ENV, fetchMilliseconds = 3500 } = {}) {
  const { lines, log } = memoryLog();
  const edge = {
    clock: NOW,
    lines,
    handler: async (/** @type {any} */ event) => handler(event),
    /** Status and code of a refusal, or the generation that was forwarded. */
    ask: async (accessKey = ACCESS_KEY) => {
      const logged = edge.lines.length;
      const result = /** @type {any} */ (await handler(signedEvent({ accessKey, headers: { date: new Date(edge.clock).toUTCString() } })));
      if ('status' in result) return [result.status, element(result.body, 'Code')];
      return ['forwarded', edge.lines.slice(logged).find(({ decision }) => decision === 'forward').generation];
    },
    /** The detail of the line with this number, once there are so many. @param {number} count */
    linesLogged: async (count) => {
      await until(() => edge.lines.length >= count);
      return edge.lines[count - 1].detail;
    },
  };
  const options = { now: () => edge.clock, log, env, fetchMilliseconds };
  const handler = of['viewer-request'].create(options);
  return edge;
}

/** What the edge hands over of an InitiateMultipartUpload. */
async function handedOver() {
  const bundled = await loadFunctions(DOCUMENTS);
  const event = signedEvent({ method: 'POST', querystring: 'uploads' });
  const forwarded = await bundled['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
  return forwarded.headers['x-ossedge-request'][0].value;
}

/** @param {string} handOver */
function authorizerEvent(handOver, secret = ORIGIN_SECRET) {
  return {
    methodArn: 'arn:aws:execute-api:us-east-1:123456789012:abc123/prod/POST/initiate-multipart-upload',
    headers: { 'x-ossedge-origin-secret': secret, 'x-ossedge-request': handOver },
    multiValueHeaders: { 'x-ossedge-origin-secret': [secret], 'x-ossedge-request': [handOver] },
    requestContext: { requestId: 'a' },
  };
}

/** @param {object} options */
function authorizerOf(options) {
  const clock = (authorizerOf.clock = { now: NOW });
  /** @type {any[]} */
  const lines = [];
  const log = (/** @type {any} */ line) => void lines.push(line);
  return { lines, authorizer: functions.authorizer.create({ now: () => clock.now, log, env: ENV, originSecret: ORIGIN_SECRET, ...options }) };
}
authorizerOf.clock = { now: NOW };

/** @param {() => unknown} condition that comes true in the background */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => void setTimeout(resolve, 5));
}
