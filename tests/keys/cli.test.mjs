// oss-edge keys, as an operator runs it: on a file, and on moto's Secrets Manager.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { run as runCommand, runAsProcess } from '../oss-edge.mjs';
import { ENV, startSecretsManager } from './moto.mjs';

const SECRET = 'theFirstSecretOfTheFirstKey001';
const TOKEN = 'a-token-nobody-may-see';
const MASTER_SECRET = 'aMasterSecretOfTheTestsThatIsLongEnough0123456789';
const DOCUMENT = {
  accessKeys: [
    { accessKeyId: 'first', accessKeySecret: SECRET, securityToken: TOKEN, allow: [{ bucket: 'fleet', prefix: 'a/' }] },
    { accessKeyId: 'second', accessKeySecret: 'theFirstSecretOfTheSecondKey01' },
  ],
  masterKeys: [{ id: 'a1', secret: MASTER_SECRET, scopes: { logs: { allow: [{ prefix: '{device}/logs/' }] } } }],
  revokedDevices: [{ masterKey: 'a1', deviceId: 'lost' }],
};

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-keys-'));
const file = join(directory, 'access-keys.json');
/** @type {Awaited<ReturnType<typeof startSecretsManager>>} */
let secretsManager;
before(async () => (secretsManager = await startSecretsManager()));
after(async () => {
  await rm(directory, { recursive: true });
  await secretsManager.close();
});

/** Where the commands are run: how they are told, how it is filled and read. */
const PLACES = {
  'a file': {
    options: () => ['--file', file],
    fill: (/** @type {unknown} */ document) => writeFile(file, typeof document === 'string' ? document : JSON.stringify(document)),
    read: async () => JSON.parse(await readFile(file, 'utf8')),
  },
  'Secrets Manager': {
    options: () => ['--secret', 'keys', '--region', 'us-east-1', '--endpoint', secretsManager.endpoint],
    fill: (/** @type {unknown} */ document) => secretsManager.put('keys', document),
    read: async () => JSON.parse((await secretsManager.call('GetSecretValue', { SecretId: 'keys', VersionStage: 'AWSCURRENT' })).SecretString),
  },
};

for (const [place, { options, fill, read }] of Object.entries(PLACES)) {
  describe(`in ${place}`, () => {
    beforeEach(() => fill(DOCUMENT));

    /** @param {string} command @param {string[]} args */
    const keys = (command, ...args) => run(['keys', command, ...options(), ...args]);
    /** @param {string} command @param {string[]} args */
    const json = async (command, ...args) => JSON.parse(done(await keys(command, '--json', ...args)));

    test('new makes a key and shows its secret once', async () => {
      const made = await json('new', '--bucket', 'fleet', '--prefix', 'b/', '--operations', 'PutObject,UploadPart');
      assert.match(made.accessKeyId, /^LTAI5t[0-9A-Za-z]{18}$/u);
      assert.match(made.accessKeySecret, /^[0-9A-Za-z]{30}$/u);
      const { accessKeys } = await read();
      assert.deepEqual(accessKeys[2], { ...made, allow: [{ bucket: 'fleet', prefix: 'b/', operations: ['PutObject', 'UploadPart'] }] });
      assert.deepEqual(accessKeys.slice(0, 2), DOCUMENT.accessKeys);
      const named = done(await keys('new', '--id', 'third', '--everything'));
      assert.match(named, /^accessKeyId {2}third\naccessKeySecret {2}[0-9A-Za-z]{30}\n$/u);
    });

    test('new makes a master key', async () => {
      const made = await json('new', '--master', 'b2', '--prefix', '{device}/');
      assert.match(made.masterSecret, /^[0-9A-Za-z]{48}$/u);
      const { masterKeys } = await read();
      assert.deepEqual(masterKeys[1], { id: 'b2', secret: made.masterSecret, allow: [{ prefix: '{device}/' }] });
    });

    test('new makes a key for everything only where that is said', async () => {
      for (const which of [['--master', 'b2'], ['--id', 'third'], []]) {
        const [status, message] = failed(await keys('new', ...which));
        assert.deepEqual([status, message.includes('--everything')], [2, true]);
      }
      assert.deepEqual(await read(), DOCUMENT);
      const made = await json('new', '--master', 'b2', '--everything');
      assert.deepEqual((await read()).masterKeys[1], { id: 'b2', secret: made.masterSecret });
      assert.equal(failed(await keys('new', '--master', 'b3', '--everything', '--prefix', 'a/'))[0], 2);
    });

    test('new refuses what is not valid, and changes nothing', async () => {
      for (const [args, expected] of /** @type {[string[], RegExp][]} */ ([
        [['--id', 'first', '--everything'], /^oss-edge: first already exists\n$/u],
        [['--master', 'a1', '--everything'], /^oss-edge: a1 already exists\n$/u],
        [['--id', 'a:b', '--everything'], /: accessKeys\[2\]\.accessKeyId: expected /u],
        [['--operations', 'GetObject'], /: accessKeys\[2\]\.allow\[0\]\.operations\[0\]: expected /u],
        [['--prefix', '{device}/'], /: accessKeys\[2\]\.allow\[0\]\.prefix: expected /u],
        [['--master', 'NO', '--everything'], /: masterKeys\[1\]\.id: expected /u],
      ])) {
        const { status, stdout, stderr } = await keys('new', ...args);
        assert.deepEqual([status, stdout], [1, '']);
        assert.match(stderr, expected);
        assert.equal(stderr.split('\n').length, 2, 'one line');
      }
      assert.deepEqual(await read(), DOCUMENT);
    });

    test('new takes several rules, limits, a token, and the scopes of a master key', async () => {
      const rules = ['--rule', '{"bucket":"fleet"}', '--rule', '{"operations":["HeadObject"]}'];
      const limits = ['--max-clock-skew-seconds', '7200', '--max-object-bytes', '1000'];
      const made = await json('new', '--id', 'third', '--prefix', 'a/', ...rules, ...limits, '--security-token');
      assert.match(made.securityToken, /^CAIS[0-9A-Za-z]{60}$/u);
      const allow = [{ prefix: 'a/' }, { bucket: 'fleet' }, { operations: ['HeadObject'] }];
      assert.deepEqual((await read()).accessKeys[2], { ...made, allow, maxClockSkewSeconds: 7200, maxObjectBytes: 1000 });
      const scopes = ['--scope', 'logs={"prefix":"{device}/logs/"}', '--scope', 'logs={"prefix":"{device}/l/"}', '--scope', 'all={}'];
      await json('new', '--master', 'b2', '--everything', ...scopes);
      const expected = { logs: { allow: [{ prefix: '{device}/logs/' }, { prefix: '{device}/l/' }] }, all: { allow: [{}] } };
      assert.deepEqual((await read()).masterKeys[1].scopes, expected);
    });

    test('set changes what is named, and nothing else', async () => {
      assert.equal(done(await keys('set', '--id', 'first', '--max-object-bytes', '5')), 'first is changed\n');
      const [first] = DOCUMENT.accessKeys;
      assert.deepEqual((await read()).accessKeys[0], { ...first, maxObjectBytes: 5 });
      const { securityToken } = await json('set', '--id', 'first', '--security-token', '--max-object-bytes', 'none', '--everything');
      const { allow: _, ...rest } = first;
      assert.deepEqual((await read()).accessKeys[0], { ...rest, securityToken });
      assert.notEqual(securityToken, TOKEN);
      done(await keys('set', '--id', 'first', '--no-security-token', '--rule', '{"prefix":"b/"}'));
      assert.deepEqual((await read()).accessKeys[0], { accessKeyId: 'first', accessKeySecret: SECRET, allow: [{ prefix: 'b/' }] });
      done(await keys('set', '--master', 'a1', '--scope', 'more={"prefix":"{device}/"}', '--remove-scope', 'logs', '--max-clock-skew-seconds', '60'));
      const [master] = (await read()).masterKeys;
      assert.deepEqual([master.scopes, master.maxClockSkewSeconds], [{ more: { allow: [{ prefix: '{device}/' }] } }, 60]);
      assert.deepEqual(failed(await keys('set', '--master', 'a1', '--remove-scope', 'logs')), [1, 'oss-edge: the master key a1 has no scope logs\n']);
      assert.match(failed(await keys('set', '--id', 'first', '--rule', '{"prefix":"../"}'))[1], /: accessKeys\[0\]\.allow\[0\]\.prefix: expected /u);
    });

    test('delete removes a key that is disabled, and the revoked devices of a master key', async () => {
      assert.match(failed(await keys('delete', '--id', 'first'))[1], /^oss-edge: first is active: disable it first/u);
      done(await keys('disable', '--id', 'first'));
      assert.equal(done(await keys('delete', '--id', 'first')), 'first is deleted\n');
      assert.deepEqual(await json('delete', '--master', 'a1', '--force'), { masterKey: 'a1', deleted: true });
      assert.deepEqual(await read(), { accessKeys: [DOCUMENT.accessKeys[1]], masterKeys: [] });
      assert.deepEqual(failed(await keys('delete', '--id', 'first')), [1, 'oss-edge: no access key first\n']);
      assert.equal(failed(await keys('delete', '--id', 'second', '--force'))[0], 1, 'the last key stays');
    });

    test('show shows one key without its secrets', async () => {
      const text = done(await keys('show', '--id', 'first'));
      assert.match(text, /^accessKeyId {2}first\nstatus {2}active\nhasSecurityToken {2}true\ndocument {2}\S+\ngeneration {2}1\nmay {2}fleet\/a\/\*\n$/u);
      const master = await json('show', '--master', 'a1');
      assert.deepEqual([master.id, master.revokedDevices, master.scopes], ['a1', 1, DOCUMENT.masterKeys[0].scopes]);
      for (const output of [text, JSON.stringify(master), done(await keys('show', '--master', 'a1'))]) {
        for (const hidden of [SECRET, TOKEN, MASTER_SECRET, 'second']) assert.ok(!output.includes(hidden));
      }
      assert.deepEqual(failed(await keys('show', '--id', 'nobody')), [1, 'oss-edge: no access key nobody\n']);
    });

    test('rotate adds a secret that is valid at once, and leaves the one before', async () => {
      const made = await json('rotate', '--id', 'first');
      assert.deepEqual({ ...made, accessKeySecret: '' }, { accessKeyId: 'first', generation: '2', accessKeySecret: '', before: [{ generation: '1' }] });
      const [first, second] = (await read()).accessKeys;
      const { accessKeySecret: _, ...rest } = DOCUMENT.accessKeys[0];
      assert.deepEqual(first, { ...rest, secrets: [{ generation: '1', secret: SECRET }, { generation: '2', secret: made.accessKeySecret }] });
      assert.deepEqual(second, DOCUMENT.accessKeys[1]);
    });

    test('rotate with an overlap ends the one before', async () => {
      const earliest = Date.now() + 86_400_000 - 1000;
      const made = await json('rotate', '--id', 'first', '--overlap', '1d');
      const [{ notAfter }] = made.before;
      assert.ok(Date.parse(notAfter) >= earliest && Date.parse(notAfter) <= Date.now() + 86_400_000, notAfter);
      const [{ secrets }] = (await read()).accessKeys;
      assert.deepEqual(secrets.map(({ generation, notAfter: end }) => [generation, end]), [['1', notAfter], ['2', undefined]]);
    });

    test('rotate stops at four secrets, and names a key that is not there', async () => {
      for (const generation of ['2', '3', '4']) assert.equal((await json('rotate', '--id', 'first')).generation, generation);
      assert.deepEqual(failed(await keys('rotate', '--id', 'first')), [1, 'oss-edge: first has 4 secrets: retire one first\n']);
      assert.deepEqual(failed(await keys('rotate', '--id', 'nobody')), [1, 'oss-edge: no access key nobody\n']);
    });

    test('three who rotate at once have three secrets', async () => {
      const rotate = ['keys', 'rotate', ...options(), '--json', '--id', 'first'];
      const rotated = await Promise.all([1, 2, 3].map(() => runAsProcess(rotate, { env: environment() })));
      const made = rotated.map((result) => JSON.parse(done(result)));
      assert.deepEqual(made.map(({ generation }) => generation).sort(), ['2', '3', '4']);
      const [{ secrets }] = (await read()).accessKeys;
      for (const { generation, accessKeySecret } of made) {
        assert.equal(secrets.find((/** @type {any} */ one) => one.generation === generation).secret, accessKeySecret);
      }
    });

    test('retire removes the older secret once the logs show that it is out of use', async () => {
      await keys('rotate', '--id', 'first');
      const log = join(directory, 'edge.log');
      await writeFile(log, [
        line({ time: '2026-11-25T00:00:00.000Z', generation: '1' }),
        line({ time: '2026-11-25T11:59:59.999Z', generation: '1' }),
        `2026-11-25T12:30:00Z stream ${line({ time: '2026-11-25T12:30:00.000Z', generation: '2' })}`,
        line({ time: '2026-11-25T13:00:00.000Z', generation: '1', accessKeyId: 'second' }),
        line({ time: '2026-11-25T13:00:00.000Z', generation: undefined, code: 'SignatureDoesNotMatch' }),
        line({ time: '2026-11-25T13:00:00.000Z', generation: '1', accessKeyId: 'second', key: 'first' }),
        'START RequestId: no JSON', '{"broken', '',
      ].join('\n'));
      const since = ['--since', '2026-11-25T12:00:00Z'];
      assert.deepEqual(failed(await keys('retire', '--id', 'first', '--logs', log)), [
        1, 'oss-edge: generation 1 of first was used 2 times, last at 2026-11-25T11:59:59.999Z: move its devices, or --force\n',
      ]);
      assert.deepEqual(failed(await keys('retire', '--id', 'first', '--logs', log, '--since', '2026-11-25T11:59:59Z'))[0], 1);
      assert.equal((await read()).accessKeys[0].secrets.length, 2);
      const retired = await json('retire', '--id', 'first', '--logs', log, ...since);
      assert.deepEqual(retired, { accessKeyId: 'first', generation: '1', remaining: ['2'] });
      assert.deepEqual((await read()).accessKeys[0].secrets.map(({ generation }) => generation), ['2']);
    });

    test('retire removes a master key once the logs show that no device uses it', async () => {
      const log = join(directory, 'fleet.log');
      const of = (/** @type {string} */ accessKeyId, /** @type {string} */ generation) => line({ time: '2026-11-25T13:00:00.000Z', accessKeyId, generation });
      const retire = (/** @type {string[]} */ ...args) => keys('retire', '--master', 'a1', '--logs', log, ...args);
      await writeFile(log, `${of('OE1.a1.SN-1', 'a1')}\n${of('OE1.a1.SN-2.e4102444800', 'a1')}\n`);
      const used = 'oss-edge: a1 was used 2 times, last at 2026-11-25T13:00:00.000Z: move its devices, or --force\n';
      assert.deepEqual(failed(await retire()), [1, used]);
      assert.match(failed(await retire('--since', '2026-11-26T00:00:00Z'))[1], /the logs have no request at all, so they don't show that a1 is unused/u);
      await writeFile(log, `${of('OE1.a10.SN-1', 'a10')}\n${of('second', '1')}\n${line({ time: '2026-11-25T13:00:00.000Z', accessKeyId: 'OE1.a1.SN-1' })}\n`);
      assert.deepEqual(JSON.parse(done(await retire('--json'))), { masterKey: 'a1', retired: true });
      assert.deepEqual(await read(), { accessKeys: DOCUMENT.accessKeys, masterKeys: [] });
    });

    test('retire refuses where the logs show nothing of the key, unless it is forced', async () => {
      await keys('rotate', '--id', 'first');
      const log = join(directory, 'empty.log');
      await writeFile(log, line({ time: '2026-11-25T13:00:00.000Z', generation: '1', accessKeyId: 'second' }));
      const [status, message] = failed(await keys('retire', '--id', 'first', '--logs', log));
      assert.deepEqual([status, /no request of first/u.test(message)], [1, true]);
      await writeFile(log, line({ time: '2026-11-25T13:00:00.000Z', generation: '1' }));
      assert.equal((await keys('retire', '--id', 'first', '--logs', log)).status, 1);
      assert.equal((await keys('retire', '--id', 'first', '--logs', log, '--force')).status, 0);
    });

    test('retire leaves a valid secret', async () => {
      assert.deepEqual(failed(await keys('retire', '--id', 'first', '--force')), [1, 'oss-edge: first has one secret: rotate it first, or disable it\n']);
      await keys('rotate', '--id', 'first');
      await keys('rotate', '--id', 'first');
      assert.deepEqual(failed(await keys('retire', '--id', 'first', '--force')), [1, 'oss-edge: first has 3 secrets: say which with --generation\n']);
      assert.equal((await keys('retire', '--id', 'first', '--force', '--generation', '2')).status, 0);
      assert.deepEqual((await read()).accessKeys[0].secrets.map(({ generation }) => generation), ['1', '3']);
      assert.deepEqual(failed(await keys('retire', '--id', 'first', '--force', '--generation', '2')), [1, 'oss-edge: first has no secret of generation 2\n']);
      const past = { generation: '2', secret: 's', notAfter: '2020-01-01T00:00:00Z' };
      await fill({ accessKeys: [{ accessKeyId: 'first', secrets: [{ generation: '1', secret: SECRET }, past] }] });
      assert.match(failed(await keys('retire', '--id', 'first', '--force'))[1], /first would have no valid secret left/u);
    });

    test('retire knows the older of two by notBefore or by number, and by their order never', async () => {
      const retired = async (/** @type {object[]} */ ...secrets) => {
        await fill({ accessKeys: [{ accessKeyId: 'first', secrets: secrets.map((one, index) => ({ secret: `s${index}`, ...one })) }] });
        const { status, stdout, stderr } = await keys('retire', '--json', '--id', 'first', '--force');
        return status === 0 ? JSON.parse(stdout).generation : stderr;
      };
      assert.equal(await retired({ generation: '2' }, { generation: '1' }), '1');
      assert.equal(await retired({ generation: '10' }, { generation: '9' }), '9');
      assert.equal(await retired({ generation: 'a', notBefore: '2026-02-01T00:00:00Z' }, { generation: 'b', notBefore: '2026-01-01T00:00:00Z' }), 'b');
      assert.equal(await retired({ generation: '1', notBefore: '2026-02-01T00:00:00Z' }, { generation: '2' }), '2');
      const unclear = 'oss-edge: first: neither notBefore nor a number tells which of new and old is the older: say which with --generation\n';
      assert.equal(await retired({ generation: 'new' }, { generation: 'old' }), unclear);
    });

    test('disable and enable a key or a master key', async () => {
      assert.equal(done(await keys('disable', '--id', 'second')), 'second is disabled\n');
      await keys('disable', '--master', 'a1');
      const disabled = await read();
      assert.deepEqual([disabled.accessKeys[1].status, disabled.masterKeys[0].status], ['disabled', 'disabled']);
      assert.deepEqual(await json('enable', '--id', 'second'), { accessKeyId: 'second', status: 'active' });
      await keys('enable', '--master', 'a1');
      assert.deepEqual(await read(), DOCUMENT);
      assert.deepEqual(failed(await keys('disable', '--master', 'zz')), [1, 'oss-edge: no master key zz\n']);
    });

    test('revoke adds devices, each once', async () => {
      const devices = join(directory, 'revoked.txt');
      await writeFile(devices, 'lost\nSN-2\n');
      assert.deepEqual(await json('revoke', '--master', 'a1', '--device', 'SN-1', '--devices', devices), { masterKey: 'a1', revoked: 2, revokedBefore: 1 });
      assert.deepEqual((await read()).revokedDevices.map(({ deviceId }) => deviceId), ['lost', 'SN-1', 'SN-2']);
      assert.match(done(await keys('revoke', '--master', 'a1', '--device', 'sn-1')), /^1 device of a1 revoked, 3 were before; ids are compared byte by byte, so SN-1 is another device than sn-1\n$/u);
    });

    test('unrevoke lets a revoked device upload again', async () => {
      await keys('revoke', '--master', 'a1', '--device', 'SN-1', '--device', 'SN-2');
      assert.equal(done(await keys('unrevoke', '--master', 'a1', '--device', 'SN-1', '--device', 'lost', '--device', 'other')), '2 devices of a1 may upload again\n');
      assert.deepEqual((await read()).revokedDevices, [{ masterKey: 'a1', deviceId: 'SN-2' }]);
      assert.deepEqual(await json('unrevoke', '--master', 'a1', '--device', 'SN-2'), { masterKey: 'a1', unrevoked: 1 });
      assert.ok(!('revokedDevices' in (await read())));
      assert.deepEqual(failed(await keys('unrevoke', '--master', 'a1', '--device', 'SN-2')), [1, 'oss-edge: no such device of a1 is revoked\n']);
    });

    test('a document with a name that stands twice is refused, and stays as it is', async () => {
      await fill(`{"revokedDevices":[{"masterKey":"a1","deviceId":"SN-9"}],${JSON.stringify(DOCUMENT).slice(1)}`);
      for (const args of [['check'], ['list'], ['revoke', '--master', 'a1', '--device', 'SN-1']]) {
        const [status, message] = failed(await keys(...args));
        assert.deepEqual([status, /: revokedDevices: expected a name that appears once\n/u.test(message)], [2, true]);
      }
    });

    test('list shows everything but secrets', async () => {
      const made = await json('rotate', '--id', 'first');
      const outputs = [done(await keys('list')), done(await keys('list', '--json'))];
      for (const output of outputs) {
        for (const hidden of [SECRET, TOKEN, MASTER_SECRET, made.accessKeySecret, DOCUMENT.accessKeys[1].accessKeySecret]) assert.ok(!output.includes(hidden));
      }
      const { accessKeys, masterKeys } = JSON.parse(outputs[1]);
      assert.deepEqual(accessKeys.map(({ accessKeyId, status, hasSecurityToken, generations }) => [accessKeyId, status, hasSecurityToken, generations.length]), [
        ['first', 'active', true, 2], ['second', 'active', false, 1],
      ]);
      assert.deepEqual([masterKeys[0].id, masterKeys[0].revokedDevices], ['a1', 1]);
      assert.match(outputs[0], /^first +active +1, 2 +fleet\/a\/\*$/mu);
    });

    test('check says what is there, or what is wrong where', async () => {
      assert.match(done(await keys('check')), /: 2 access keys, 1 master keys\n$/u);
      await fill({ accessKeys: [{ accessKeyId: 'a', secrets: [{ generation: '1', secret: 'se cr et' }] }] });
      const [status, message] = failed(await keys('check'));
      assert.equal(status, 1);
      assert.match(message, /^oss-edge: \S+: accessKeys\[0\]\.secrets\[0\]\.secret: expected [^\n]*\n$/u);
      assert.ok(!message.includes('se cr et'));
      assert.deepEqual(failed(await keys('rotate', '--id', 'a')), [status, message], 'nothing is changed in a document that is wrong');
    });

    test('derive writes what the master key gives', async () => {
      const devices = join(directory, 'devices.txt');
      await writeFile(devices, 'SN-000001\r\nSN-000002\n\n');
      const csv = done(await keys('derive', '--master', 'a1', '--devices', devices)).split('\n');
      assert.equal(csv[0], 'deviceId,accessKeyId,accessKeySecret');
      assert.deepEqual(csv.slice(1), ['SN-000001', 'SN-000002'].map((id) => `${id},OE1.a1.${id},${derivedSecret(`OE1.a1.${id}`)}`).concat(''));
      const scoped = done(await keys('derive', '--json', '--master', 'a1', '--devices', devices, '--scope', 'logs', '--expires', '2100-01-01T00:00:00Z'));
      const id = 'OE1.a1.SN-000001.e4102444800.slogs';
      assert.deepEqual(JSON.parse(scoped.split('\n')[0]), { deviceId: 'SN-000001', accessKeyId: id, accessKeySecret: derivedSecret(id) });
      const out = join(directory, `derived in ${place}.csv`);
      assert.equal(done(await keys('derive', '--master', 'a1', '--devices', devices, '--out', out)), '');
      assert.equal(await readFile(out, 'utf8'), csv.join('\n'));
      assert.equal((await stat(out)).mode & 0o777, 0o600);
    });

    test('derive refuses keys that would not work', async () => {
      const devices = join(directory, 'devices.txt');
      await writeFile(devices, 'SN-1\n');
      const derive = (/** @type {string[]} */ ...args) => keys('derive', '--master', 'a1', '--devices', devices, ...args);
      assert.deepEqual(failed(await derive('--scope', 'other')), [1, 'oss-edge: the master key a1 has no scope other\n']);
      assert.equal(failed(await derive('--expires', '2020-01-01T00:00:00Z'))[0], 2);
      for (const late of ['2286-11-20T17:46:40Z', '2300-01-01T00:00:00Z', '999999d']) {
        const [status, message] = failed(await derive('--expires', late));
        assert.deepEqual([status, /--expires: expected a time before 2286-11-20T17:46:40Z/u.test(message)], [2, true], late);
      }
      assert.match(done(await derive('--expires', '2286-11-20T17:46:39Z')), /^SN-1,OE1\.a1\.SN-1\.e9999999999,/mu);
      await writeFile(devices, 'SN-1\nSN 2\n');
      assert.match(failed(await derive())[1], /devices\.txt:2: expected a device id/u);
      await writeFile(devices, 'SN-1\nSN-2\nSN-1\n');
      assert.match(failed(await derive())[1], /devices\.txt:3: SN-1 is already on line 1/u);
      await writeFile(devices, 'SN-1\nlost\n');
      assert.deepEqual(failed(await derive()), [1, 'oss-edge: the device lost is revoked\n']);
      await keys('disable', '--master', 'a1');
      await writeFile(devices, 'SN-1\n');
      assert.deepEqual(failed(await derive()), [1, 'oss-edge: the master key a1 is disabled\n']);
    });
  });
}

test('derive shows its progress', async () => {
  await writeFile(file, JSON.stringify(DOCUMENT));
  const devices = join(directory, 'many.txt');
  await writeFile(devices, Array.from({ length: 100_000 }, (_, index) => `SN-${index}\n`).join(''));
  const { status, stdout, stderr } = await runAsProcess(['keys', 'derive', '--file', file, '--master', 'a1', '--devices', devices]);
  assert.deepEqual([status, stdout.split('\n').length], [0, 100_002]);
  assert.deepEqual(stderr.split('\n').slice(0, 2), ['20000 of 100000 derived', '40000 of 100000 derived']);
});

test('further secrets: a key is changed in the one that has it, and a new one goes where there is room', async () => {
  const big = { accessKeyId: 'big', accessKeySecret: 's', securityToken: 't'.repeat(4000) };
  const full = Array.from({ length: 16 }, (_, index) => ({ ...big, accessKeyId: `big${index}` }));
  await secretsManager.put('first', { accessKeys: full, furtherSecrets: ['next'] });
  await secretsManager.put('next', { accessKeys: [{ accessKeyId: 'there', accessKeySecret: SECRET }] });
  const options = ['--secret', 'first', '--region', 'us-east-1', '--endpoint', secretsManager.endpoint];
  done(await run(['keys', 'rotate', ...options, '--id', 'there']));
  done(await run(['keys', 'new', ...options, '--id', 'added', '--prefix', 'p'.repeat(1000)]));
  const next = JSON.parse((await secretsManager.call('GetSecretValue', { SecretId: 'next', VersionStage: 'AWSCURRENT' })).SecretString);
  assert.deepEqual(next.accessKeys.map(({ accessKeyId, secrets }) => [accessKeyId, secrets?.length]), [['there', 2], ['added', undefined]]);
  assert.match(done(await run(['keys', 'check', ...options, '--allow-weak-secrets'])), /^first, next: 18 access keys, 0 master keys\n$/u);
  await secretsManager.put('next', { accessKeys: [{ accessKeyId: 'big0', accessKeySecret: 's' }] });
  assert.match(failed(await run(['keys', 'check', ...options]))[1], /^oss-edge: next: accessKeys\[0\]\.accessKeyId: expected an id that appears once/u);
});

test('a full secret: its devices are revoked in another, its keys can be disabled, and a new key leaves room for that', async () => {
  const options = ['--secret', 'filled', '--region', 'us-east-1', '--endpoint', secretsManager.endpoint];
  const filled = (/** @type {number} */ bytes, lengths = [0, 0]) => {
    const [prefix, secret] = lengths;
    const entry = { accessKeyId: 'f', accessKeySecret: 's'.repeat(secret), allow: Array(64).fill({ prefix: 'p'.repeat(prefix) }) };
    const document = { ...DOCUMENT, furtherSecrets: ['roomy'], accessKeys: [entry] };
    const left = bytes - JSON.stringify(document).length;
    return left === 0 ? document : filled(bytes, [Math.floor(left / 64), left % 64]);
  };
  const first = filled(65_536);
  await secretsManager.put('filled', first);
  await secretsManager.put('roomy', { accessKeys: [{ accessKeyId: 'there', accessKeySecret: SECRET }] });
  const documents = async () => {
    const values = await Promise.all(['filled', 'roomy'].map((SecretId) => secretsManager.call('GetSecretValue', { SecretId, VersionStage: 'AWSCURRENT' })));
    return values.map(({ SecretString }) => JSON.parse(SecretString));
  };
  done(await run(['keys', 'revoke', ...options, '--master', 'a1', '--device', 'SN-1', '--device', 'SN-2']));
  const [full, roomy] = await documents();
  assert.deepEqual(full, first);
  assert.deepEqual(roomy.revokedDevices, [{ masterKey: 'a1', deviceId: 'SN-1' }, { masterKey: 'a1', deviceId: 'SN-2' }]);

  const [status, message] = failed(await run(['keys', 'disable', ...options, '--master', 'a1']));
  assert.deepEqual([status, /^oss-edge: filled: 655\d\d bytes, and a secret may have 65536: retire secrets or remove entries in it, or /u.test(message)], [1, true], message);
  await secretsManager.put('filled', filled(65_536 - 4000));
  done(await run(['keys', 'new', ...options, '--id', 'added', '--everything']));
  assert.ok((await documents())[1].accessKeys.some((/** @type {any} */ { accessKeyId }) => accessKeyId === 'added'));
  done(await run(['keys', 'disable', ...options, '--master', 'a1']));
  assert.equal((await documents())[0].masterKeys[0].status, 'disabled');
});

test('a credential of a profile is used, and of the process that it names', async () => {
  await secretsManager.put('keys', DOCUMENT);
  const aws = { config: join(directory, 'aws-config'), credentials: join(directory, 'aws-credentials') };
  const { AWS_ACCESS_KEY_ID: aws_access_key_id, AWS_SECRET_ACCESS_KEY: aws_secret_access_key, AWS_SESSION_TOKEN: aws_session_token } = ENV;
  const lines = Object.entries({ aws_access_key_id, aws_secret_access_key, aws_session_token }).map(([name, value]) => `${name} = ${value}`);
  await writeFile(aws.credentials, ['[ops]', ...lines, ''].join('\n'));
  const printed = { Version: 1, AccessKeyId: aws_access_key_id, SecretAccessKey: aws_secret_access_key, SessionToken: aws_session_token };
  await writeFile(join(directory, 'printed.json'), JSON.stringify(printed));
  await writeFile(aws.config, `[profile process]\ncredential_process = cat ${join(directory, 'printed.json')}\n`);
  const env = {
    AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined,
    AWS_CONFIG_FILE: aws.config, AWS_SHARED_CREDENTIALS_FILE: aws.credentials, AWS_EC2_METADATA_DISABLED: 'true',
  };
  const list = (/** @type {string[]} */ ...args) => run(['keys', 'list', '--json', ...PLACES['Secrets Manager'].options(), ...args], env);
  for (const profile of ['ops', 'process']) {
    const { accessKeys } = JSON.parse(done(await list('--profile', profile)));
    assert.equal(accessKeys.length, 2, profile);
  }
  const [status, message] = failed(await list('--profile', 'nobody'));
  assert.equal(status, 2);
  assert.match(message, /^oss-edge: expected AWS credentials in the environment or in a profile: /u);
});

test('a file is made by its first key', async () => {
  const made = join(directory, 'made.json');
  for (const command of ['list', 'check']) {
    assert.deepEqual(failed(await run(['keys', command, '--file', made])), [1, `oss-edge: ${made}: no access keys yet; \`oss-edge keys new\` makes the first\n`]);
  }
  done(await run(['keys', 'new', '--file', made, '--id', 'first', '--everything']));
  assert.equal((await stat(made)).mode & 0o777, 0o600);
  assert.match(done(await run(['keys', 'check', '--file', made])), /1 access keys/u);
  assert.ok(!(await readdir(directory)).includes('made.json.lock'));
});

test('a command line that is not understood ends with 2 and one line of help', async () => {
  await writeFile(file, JSON.stringify(DOCUMENT));
  for (const [args, expected] of /** @type {[string[], RegExp][]} */ ([
    [['shred'], /unknown command 'shred'/u],
    [['list'], /expected either --file FILE or --secret ID/u],
    [['list', '--file', file, '--secret', 'a'], /expected either --file FILE or --secret ID/u],
    [['list', '--file', file, '--all'], /unknown option '--all'/u],
    [['rotate', '--file', file], /keys rotate: expected --id/u],
    [['rotate', '--file', file, '--id', 'first', '--overlap', 'soon'], /--overlap: expected a span as 90m, 24h or 7d/u],
    [['new', '--file', file, '--rule', '[]'], /--rule: expected a rule as in the document/u],
    [['new', '--file', file, '--everything', '--scope', 'logs={}'], /--scope: expected --master/u],
    [['new', '--file', file, '--master', 'b', '--everything', '--scope', 'logs'], /--scope: expected a name and a rule/u],
    [['new', '--file', file, '--everything', '--max-object-bytes', '1k'], /--max-object-bytes: expected a number, or none/u],
    [['set', '--file', file, '--id', 'first'], /keys set: expected what to change/u],
    [['set', '--file', file, '--master', 'a1', '--security-token'], /--security-token: expected an access key/u],
    [['show', '--file', file], /expected either --id or --master/u],
    [['unrevoke', '--file', file, '--master', 'a1'], /keys unrevoke: expected --device ID or --devices FILE/u],
    [['retire', '--file', file, '--master', 'a1', '--force', '--generation', '1'], /--generation: expected none with --master/u],
    [['retire', '--file', file, '--id', 'first'], /keys retire: expected --logs FILE, the edge's log, or --force/u],
    [['disable', '--file', file], /expected either --id or --master/u],
    [['revoke', '--file', file, '--master', 'a1'], /keys revoke: expected --device ID or --devices FILE/u],
    [['new', '--file', file, '--id', 'a', '--master', 'b'], /expected --id or --master, not both/u],
    [['list', '--secret', 'a'], /expected --region, the Region of the secret's primary/u],
    [['retire', '--file', file, '--id', 'first', '--logs', join(directory, 'no.log')], /no\.log: no such file/u],
    [['derive', '--file', file, '--master', 'a1', '--devices', join(directory, 'no.txt')], /no\.txt: no such file/u],
    [['list', '--file', directory], new RegExp(`${directory}: expected a file, found a directory`, 'u')],
    [['new', '--file', join(directory, 'nowhere', 'keys.json'), '--everything'], /nowhere: no such directory/u],
  ])) {
    const { status, stdout, stderr } = await run(['keys', ...args]);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
    assert.match(stderr, expected);
  }
  assert.match(done(await run(['keys', '--help'])), /^Usage: oss-edge keys /u);
  assert.match(done(await run(['keys', 'new', '-h'])), /^Usage: oss-edge keys new /u);
  assert.match((await run(['keys', 'shred'])).stderr, /See oss-edge keys --help\.\n$/u);
});

/** The secret of a derived key, by its definition (docs/access-keys.md). @param {string} id */
function derivedSecret(id) {
  const digest = createHmac('sha256', MASTER_SECRET).update(`oss-edge/v1${id}`).digest('hex');
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let number = BigInt(`0x${digest}`) % 62n ** 30n;
  let text = '';
  for (let digit = 0; digit < 30; digit += 1, number /= 62n) text = alphabet[Number(number % 62n)] + text;
  return text;
}

/** @param {Record<string, unknown>} fields of a line of viewer-request */
function line(fields) {
  return JSON.stringify({ function: 'viewer-request', decision: 'forward', accessKeyId: 'first', ...fields });
}

/** What a command that must succeed printed. @param {{ status: number, stdout: string, stderr: string }} result */
function done({ status, stdout, stderr }) {
  assert.equal(status, 0, stderr);
  return stdout;
}

/** @param {{ status: number, stdout: string, stderr: string }} result @returns {[number, string]} */
function failed({ status, stdout, stderr }) {
  assert.equal(stdout, '');
  return [status, stderr];
}

/**
 * @param {string[]} args @param {Record<string, string | undefined>} [further] of the environment
 * @returns {Promise<{ status: number, stdout: string, stderr: string }>}
 */
function run(args, further = {}) {
  return runCommand(args, { env: { ...environment(), ...further } });
}

function environment() {
  const { AWS_REGION: _, AWS_DEFAULT_REGION: __, ...env } = process.env;
  return { ...env, ...ENV };
}
