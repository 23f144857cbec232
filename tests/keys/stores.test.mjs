// Documents in files and in Secrets Manager: replaced whole, by one at a time, and nothing of anybody lost.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { createSecretsManager } from '../../js-shim/keys/secrets-manager.mjs';
import { fileStore } from '../../cli/keys/file-store.mjs';
import { secretStore } from '../../cli/keys/secret-store.mjs';
import { Conflict, change } from '../../cli/keys/store.mjs';
import { ENV, startSecretsManager } from './moto.mjs';

const unchecked = () => {};

/** @param {string} name */
const adding = (name) => (/** @type {any[]} */ [document]) => {
  (document.accessKeys ??= []).push(name);
  return { index: 0, result: name };
};

describe('a file', () => {
  let directory = '';
  let file = '';
  before(async () => (directory = await mkdtemp(join(tmpdir(), 'oss-edge-stores-'))));
  after(() => rm(directory, { recursive: true }));
  afterEach(() => rm(directory, { recursive: true }).then(() => mkdtempAgain()));

  /** An empty directory of the same name. */
  async function mkdtempAgain() {
    directory = await mkdtemp(join(tmpdir(), 'oss-edge-stores-'));
  }

  /** @param {string} [content] */
  async function written(content) {
    file = join(directory, 'access-keys.json');
    if (content !== undefined) await writeFile(file, content);
    return fileStore(file, { lockMilliseconds: 5000 });
  }

  test('is made where there is none', async () => {
    await change(await written(), adding('a'), unchecked);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { accessKeys: ['a'] });
    assert.deepEqual(await readdir(directory), ['access-keys.json']);
  });

  test('is replaced for its owner only, and the one before kept as it was', async () => {
    const store = await written('{"accessKeys":["a"]}');
    await chmod(file, 0o644);
    await change(store, adding('b'), unchecked);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { accessKeys: ['a', 'b'] });
    assert.equal(await readFile(`${file}.bak`, 'utf8'), '{"accessKeys":["a"]}');
    for (const name of [file, `${file}.bak`]) assert.equal((await stat(name)).mode & 0o777, 0o600, name);
    assert.deepEqual((await readdir(directory)).sort(), ['access-keys.json', 'access-keys.json.bak']);
  });

  test('behind a link is replaced where it is', async () => {
    await written('{"accessKeys":["a"]}');
    const link = join(directory, 'link.json');
    await symlink(file, link);
    await change(fileStore(link), adding('b'), unchecked);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { accessKeys: ['a', 'b'] });
    assert.equal(await readFile(link, 'utf8'), await readFile(file, 'utf8'));
  });

  test('that twenty change at once has all twenty changes', async () => {
    await written('{"accessKeys":[]}');
    const names = Array.from({ length: 20 }, (_, index) => `key${index}`);
    await Promise.all(names.map((name) => insistently(() => change(fileStore(file), adding(name), unchecked))));
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')).accessKeys.sort(), names.sort());
    assert.deepEqual((await readdir(directory)).sort(), ['access-keys.json', 'access-keys.json.bak']);
  });

  test('that an editor changed meanwhile keeps what the editor wrote', async () => {
    const store = await written('{"accessKeys":[]}');
    const [read] = await store.read();
    await writeFile(file, '{"accessKeys":["by hand"]}');
    await assert.rejects(store.replace(read, { accessKeys: [] }), Conflict);
    assert.equal(await readFile(file, 'utf8'), '{"accessKeys":["by hand"]}');
    await change(store, adding('b'), unchecked);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { accessKeys: ['by hand', 'b'] });
  });

  test('that somebody holds is left alone, and the error says who', async () => {
    await written('{"accessKeys":[]}');
    await writeFile(`${file}.lock`, 'process 7 on a-host\n');
    const store = fileStore(file, { lockMilliseconds: 0 });
    await assert.rejects(change(store, adding('a'), unchecked), /access-keys\.json\.lock is held by process 7 on a-host; remove it if that has ended/u);
    assert.equal(await readFile(file, 'utf8'), '{"accessKeys":[]}');
  });

  test('stays as it was where the change is not valid', async () => {
    const store = await written('{"accessKeys":[]}');
    const check = (/** @type {any[]} */ [{ document }]) => {
      if (document.accessKeys.length > 0) throw new Error('not valid');
    };
    await assert.rejects(change(store, adding('a'), check), /not valid/u);
    assert.equal(await readFile(file, 'utf8'), '{"accessKeys":[]}');
    assert.deepEqual(await readdir(directory), ['access-keys.json']);
  });

  test('that is no JSON is named, and nothing of it shown', async () => {
    const store = await written('{"accessKeys": se-cr-et');
    await assert.rejects(store.read(), (/** @type {Error} */ error) => /expected JSON/u.test(error.message) && !error.message.includes('cr-et'));
  });
});

describe('a secret', () => {
  /** @type {Awaited<ReturnType<typeof startSecretsManager>>} */
  let secrets;
  /** @type {import('../../js-shim/keys/secrets-manager.mjs').SecretsManager} */
  let client;
  before(async () => {
    secrets = await startSecretsManager();
    client = createSecretsManager({ endpoint: secrets.endpoint, env: ENV });
  });
  after(async () => {
    client.close();
    await secrets.close();
  });

  /** @param {string} secretId */
  const storeOf = (secretId) => secretStore({ secretsManager: client, secretId, region: 'us-east-1' });
  /** @param {string} secretId @param {string} [stage] */
  const valueOf = async (secretId, stage = 'AWSCURRENT') => JSON.parse((await secrets.call('GetSecretValue', { SecretId: secretId, VersionStage: stage })).SecretString);

  test('gets a new current version, and the one before is AWSPREVIOUS', async () => {
    await secrets.put('one', { accessKeys: ['a'] });
    await change(storeOf('one'), adding('b'), unchecked);
    assert.deepEqual(await valueOf('one'), { accessKeys: ['a', 'b'] });
    assert.deepEqual(await valueOf('one', 'AWSPREVIOUS'), { accessKeys: ['a'] });
    const { VersionIdsToStages } = await secrets.call('DescribeSecret', { SecretId: 'one' });
    assert.deepEqual(Object.values(VersionIdsToStages).flat().sort(), ['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('that was made without a value gets its first', async () => {
    await secrets.call('CreateSecret', { Name: 'empty', ClientRequestToken: crypto.randomUUID() });
    await change(storeOf('empty'), adding('a'), unchecked);
    assert.deepEqual(await valueOf('empty'), { accessKeys: ['a'] });
  });

  test('that is not there is named', async () => {
    await assert.rejects(change(storeOf('nowhere'), adding('a'), unchecked), { message: 'nowhere: no such secret in us-east-1' });
  });

  test('that five change at once has all five changes', async () => {
    await secrets.put('busy', { accessKeys: [] });
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => insistently(() => change(storeOf('busy'), adding(name), unchecked))));
    assert.deepEqual((await valueOf('busy')).accessKeys.sort(), names);
  });

  test('that lost a race stays as the winner made it, and nothing of the loser stays', async () => {
    await secrets.put('raced', { accessKeys: [] });
    const [read] = await storeOf('raced').read();
    await change(storeOf('raced'), adding('winner'), unchecked);
    await assert.rejects(storeOf('raced').replace(read, { accessKeys: ['loser'] }), new Conflict('raced was changed meanwhile'));
    assert.deepEqual(await valueOf('raced'), { accessKeys: ['winner'] });
    const { VersionIdsToStages } = await secrets.call('DescribeSecret', { SecretId: 'raced' });
    assert.deepEqual(Object.values(VersionIdsToStages).flat().sort(), ['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('that names others is changed where the change is, and keeps the names', async () => {
    await secrets.put('first', { accessKeys: ['a'], furtherSecrets: ['second', 'third'] });
    await secrets.put('second', { accessKeys: ['b'] });
    await secrets.put('third', { accessKeys: ['c'] });
    const read = await storeOf('first').read();
    assert.deepEqual(read.map(({ name }) => name), ['first', 'second', 'third']);
    await change(storeOf('first'), (documents) => {
      documents[1].accessKeys.push('d');
      return { index: 1, result: undefined };
    }, unchecked);
    assert.deepEqual(await valueOf('first'), { accessKeys: ['a'], furtherSecrets: ['second', 'third'] });
    assert.deepEqual(await valueOf('second'), { accessKeys: ['b', 'd'] });
  });

  test('that is another than the first renews the first, which is all that the functions look at for an unknown key', async () => {
    await secrets.put('watched', { accessKeys: ['a'], furtherSecrets: ['behind'] });
    await secrets.put('behind', { accessKeys: ['b'] });
    const versionOf = async () => (await secrets.call('GetSecretValue', { SecretId: 'watched', VersionStage: 'AWSCURRENT' })).VersionId;
    const before = await versionOf();
    await change(storeOf('watched'), () => ({ index: 1, result: undefined }), unchecked);
    assert.notEqual(await versionOf(), before);
    assert.deepEqual(await valueOf('watched'), { accessKeys: ['a'], furtherSecrets: ['behind'] });
    const { VersionIdsToStages } = await secrets.call('DescribeSecret', { SecretId: 'watched' });
    assert.deepEqual(Object.values(VersionIdsToStages).flat().sort(), ['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('has no more than 64 KB', async () => {
    await secrets.put('full', { accessKeys: [] });
    await assert.rejects(change(storeOf('full'), adding('a'.repeat(65_536)), unchecked), /full: 655\d\d bytes, and a secret may have 65536/u);
  });

  test('is not written while Secrets Manager is away, and the error says so', async () => {
    await secrets.put('away', { accessKeys: [] });
    secrets.behaviour = 'answers 500';
    await assert.rejects(change(storeOf('away'), adding('a'), unchecked), /status 500 InternalServiceError/u);
    secrets.behaviour = 'answers';
    assert.deepEqual(await valueOf('away'), { accessKeys: [] });
  });
});

/**
 * What a person does who is told that somebody else was faster.
 *
 * @param {() => Promise<unknown>} attempt
 */
async function insistently(attempt) {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}
