// The relay's limits, each alone and with a clock of the test's: slots, bodies of a key, joins, the rate of a client, and
// what the environment says of them. back-pressure.test.mjs has them in a server.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { PART_BYTES } from '../../js-shim/operations/body.mjs';
import { Joins } from '../../js-shim/relay/joins.mjs';
import { Pipelining } from '../../js-shim/relay/pipelining.mjs';
import { RateCheck } from '../../js-shim/relay/rate-check.mjs';
import { lineLimit } from '../../js-shim/relay/line-limit.mjs';
import { readSettings } from '../../js-shim/relay/settings.mjs';
import { BodiesByKey, Slot, Slots } from '../../js-shim/relay/slots.mjs';

const { signal: never } = new AbortController();

/** @param {import('node:test').TestContext} t @returns {(milliseconds: number) => Promise<void>} lets time pass */
function clockOf(t) {
  let now = 1_000_000;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  return async (milliseconds) => {
    now += milliseconds;
    t.mock.timers.tick(milliseconds);
    await turn();
  };
}

/** What became of promises so far. @param {Promise<any>[]} promises @returns {() => unknown[]} */
function outcomes(promises) {
  const known = promises.map(() => /** @type {unknown} */ ('pending'));
  promises.forEach((promise, at) => promise.then((value) => (known[at] = value), (error) => (known[at] = error.name)));
  return () => known;
}

test('a slot has two buffers of the size of a part, and keeps them', () => {
  const slot = new Slot();
  const [first, second] = [slot.buffer(0), slot.buffer(1)];
  assert.notEqual(first, second);
  assert.deepEqual([first.length, second.length], [PART_BYTES, PART_BYTES]);
  assert.deepEqual([slot.buffer(0) === first, slot.buffer(1) === second], [true, true]);
});

test('there are so many slots, and who waited first gets the next one', async () => {
  const slots = new Slots({ slots: 2, slotWaitSeconds: 5 }, 'A_SETTING');
  const [first, second] = [await slots.take(never), await slots.take(never)];
  assert.ok(first instanceof Slot && second instanceof Slot && first !== second);
  const waiting = [slots.take(never), slots.take(never)];
  const known = outcomes(waiting);
  await turn();
  assert.deepEqual(known(), ['pending', 'pending']);
  slots.give(second);
  await turn();
  assert.deepEqual(known(), [second, 'pending']);
  slots.give(first);
  assert.equal(await waiting[1], first);
  // Nobody waits: it is there for the next one.
  slots.give(first);
  assert.equal(await slots.take(never), first);
});

test('who waits too long for a slot is told to slow down, and the slot goes to the next one', async (t) => {
  const pass = clockOf(t);
  const slots = new Slots({ slots: 1, slotWaitSeconds: 20 }, 'A_SETTING');
  const slot = await slots.take(never);
  const waiting = [slots.take(never)];
  await pass(1);
  waiting.push(slots.take(never));
  const known = outcomes(waiting);
  await pass(19_998);
  assert.deepEqual(known(), ['pending', 'pending']);
  await pass(1);
  assert.deepEqual(known(), ['SlowDown', 'pending']);
  await assert.rejects(waiting[0], { message: 'none of 1 became free within 20 s: see A_SETTING' });
  slots.give(slot);
  await pass(60_000);
  assert.deepEqual(known(), ['SlowDown', slot]);
});

test('who leaves waits for no slot, and gets none', async () => {
  const slots = new Slots({ slots: 1, slotWaitSeconds: 5 }, 'A_SETTING');
  const slot = await slots.take(never);
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  const stays = slots.take(never);
  leaving.abort(new Error('gone'));
  await assert.rejects(left, /^Error: gone$/u);
  slots.give(slot);
  assert.equal(await stays, slot);
  slots.give(slot);
  await assert.rejects(slots.take(leaving.signal), /^Error: gone$/u);
  assert.equal(await slots.take(never), slot);
});

test('who has a slot and leaves later gives it back once', async () => {
  const slots = new Slots({ slots: 1, slotWaitSeconds: 5 }, 'A_SETTING');
  const slot = await slots.take(never);
  const leaving = new AbortController();
  const waited = slots.take(leaving.signal);
  slots.give(slot);
  assert.equal(await waited, slot);
  const next = slots.take(never);
  leaving.abort();
  const known = outcomes([next]);
  await turn();
  assert.deepEqual(known(), ['pending']);
  slots.give(slot);
  assert.equal(await next, slot);
});

test('counts the bodies of each key that are under way', () => {
  const bodies = new BodiesByKey(3, 'A_SETTING');
  const [first, second] = [bodies.enter('a'), bodies.enter('a')];
  first();
  const [third, fourth] = [bodies.enter('a'), bodies.enter('a')];
  assert.throws(() => bodies.enter('a'), { name: 'SlowDown' });
  const other = bodies.enter('b');
  for (const leave of [second, third, fourth, other]) leave();
  for (let count = 0; count < 3; count += 1) bodies.enter('a');
  assert.throws(() => bodies.enter('a'), { name: 'SlowDown' });
});

test('joins parts of so many uploads at once, so many of one key, and each once', async () => {
  const joins = new Joins({ joins: 1, joinsPerKey: 2, slotWaitSeconds: 5 });
  const [first, second] = [deferred(), deferred()];
  let underWay = 0;
  const join = (answer) => async () => {
    underWay += 1;
    await answer.promise;
    underWay -= 1;
    return { document: 'made' };
  };
  const one = joins.run('key', 'upload 1', join(first));
  const same = joins.run('key', 'upload 1', () => assert.fail('joined twice'));
  const two = joins.run('key', 'upload 2', join(second));
  await assert.rejects(joins.run('key', 'upload 3', join(first)), { name: 'SlowDown', message: 'the access key has 2 under way: see RELAY_JOINS_PER_KEY' });
  await turn();
  assert.equal(underWay, 1);
  first.resolve();
  assert.deepEqual(await Promise.all([one, same]), [{ document: 'made' }, { document: 'made' }]);
  second.reject(new Error('S3 fails'));
  await assert.rejects(two, /S3 fails/u);
  assert.deepEqual(await joins.run('key', 'upload 2', async () => ({ document: 'again' })), { document: 'again' });
});

test('a connection has so many requests without an answer, and each answer makes room for one', () => {
  const refused = /** @type {unknown[]} */ ([]);
  const pipelining = new Pipelining((socket) => refused.push(socket));
  const connection = () => /** @type {any} */ ({ destroyed: false, destroy() { this.destroyed = true; } });
  const [socket, other] = [connection(), connection()];
  const responses = Array.from({ length: 17 }, () => /** @type {any} */ (new EventEmitter()));
  assert.deepEqual(responses.slice(0, 16).map((response) => pipelining.admits(socket, response)), Array(16).fill(true));
  responses[3].emit('close');
  assert.equal(pipelining.admits(socket, responses[16]), true);
  assert.deepEqual([pipelining.admits(other), socket.destroyed, refused], [true, false, []]);
  assert.deepEqual([pipelining.admits(socket), pipelining.admits(socket), socket.destroyed, refused], [false, false, true, [socket]]);
  assert.equal(pipelining.admits(other), true);
});

test('waits for a client until it has sent too little for too long', async (t) => {
  const pass = clockOf(t);
  const rate = new RateCheck({ minBytesPerSecond: 10, rateSeconds: 2 });
  const [first, second, third] = [deferred(), deferred(), deferred()];
  const wait = async (/** @type {any} */ chunk, /** @type {number} */ milliseconds) => {
    const known = outcomes([rate.measured(chunk.promise)]);
    await pass(milliseconds);
    assert.deepEqual(known(), ['pending']);
    return known;
  };
  let known = await wait(first, 1500);
  first.resolve('one');
  await turn();
  assert.deepEqual(known(), ['one']);
  rate.count(19);
  // The relay's own time doesn't count.
  await pass(60_000);
  known = await wait(second, 499);
  second.resolve('two');
  await turn();
  assert.deepEqual(known(), ['two']);
  // It has sent enough, and begins anew.
  rate.count(1);
  known = await wait(third, 1999);
  await pass(1);
  assert.deepEqual(known(), ['RequestTimeout']);
  third.reject(new Error('cut'));
  await turn();
});

test('counts the time of all waits for a client that sends too little', async (t) => {
  const pass = clockOf(t);
  const rate = new RateCheck({ minBytesPerSecond: 10, rateSeconds: 2 });
  const first = deferred();
  const known = outcomes([rate.measured(first.promise)]);
  await pass(1500);
  first.resolve('one');
  await turn();
  rate.count(19);
  const later = outcomes([rate.measured(deferred().promise)]);
  await pass(499);
  assert.deepEqual([known(), later()], [['one'], ['pending']]);
  await pass(1);
  assert.deepEqual(later(), ['RequestTimeout']);
});

test('a client that may send as slowly as it likes is waited for, and one that fails fails', async (t) => {
  const pass = clockOf(t);
  const unlimited = new RateCheck({ minBytesPerSecond: 0, rateSeconds: 2 });
  const known = outcomes([unlimited.measured(deferred().promise)]);
  await pass(60_000);
  assert.deepEqual(known(), ['pending']);
  const rate = new RateCheck({ minBytesPerSecond: 1, rateSeconds: 1 });
  await assert.rejects(rate.measured(Promise.reject(new Error('cut'))), /^Error: cut$/u);
});

test('nobody is told to be late once the body has ended', async (t) => {
  const pass = clockOf(t);
  const rate = new RateCheck({ minBytesPerSecond: 10, rateSeconds: 2 });
  const known = outcomes([rate.measured(deferred().promise)]);
  rate.end();
  await pass(60_000);
  assert.deepEqual(known(), ['pending']);
});

const DEFAULTS = {
  port: 8080,
  bothFramings: 'refuse',
  s3PathStyle: false,
  slots: 32,
  slotWaitSeconds: 20,
  bodiesPerKey: 16,
  joins: 2,
  joinsPerKey: 8,
  minBytesPerSecond: 1024,
  rateSeconds: 20,
  requestSeconds: 3600,
  headersSeconds: 10,
  idleSeconds: 120,
  keepAliveSeconds: 65,
  headerBytes: 32_768,
  connections: 512,
  stopSeconds: 25,
};

for (const [env, settings] of /** @type {[Record<string, string>, object][]} */ ([
  [{}, {}],
  [{ OTHER: 'x', MY_RELAY_SLOTS: '1' }, {}],
  [{ PORT: '1' }, { port: 1 }],
  [{ PORT: '0' }, { port: 0 }],
  [{ PORT: '65535' }, { port: 65_535 }],
  [{ PORT: '1', AWS_LWA_PORT: '2' }, { port: 2 }],
  [{ PORT: '1', AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:9001' }, { host: '127.0.0.1', port: 9001 }],
  [{ AWS_LAMBDA_HTTP_ENDPOINT: '[::1]:65535' }, { host: '::1', port: 65_535 }],
  [{ AWS_LAMBDA_HTTP_ENDPOINT: 'a[::1]:1' }, { host: 'a[::1]', port: 1 }],
  [{ AWS_LAMBDA_HTTP_ENDPOINT: '[::1]a:1' }, { host: '[::1]a', port: 1 }],
  [{ RELAY_SLOTS: '1', RELAY_SLOT_WAIT_SECONDS: '0', RELAY_STOP_SECONDS: '3600' }, { slots: 1, slotWaitSeconds: 0, stopSeconds: 3600 }],
  [{ RELAY_SLOTS: '1024', RELAY_MIN_BYTES_PER_SECOND: '1000000000' }, { slots: 1024, minBytesPerSecond: 1_000_000_000 }],
  [{ RELAY_BOTH_FRAMINGS: 'accept', RELAY_S3_PATH_STYLE: 'yes' }, { bothFramings: 'accept', s3PathStyle: true }],
  [{ RELAY_BOTH_FRAMINGS: 'refuse', RELAY_S3_PATH_STYLE: 'no' }, {}],
  [{ RELAY_HEALTH_PORT: '0' }, { healthPort: 0 }],
  [{ RELAY_HEALTH_PORT: '8081' }, { healthPort: 8081 }],
])) {
  test(`an environment of ${JSON.stringify(env)} is taken`, () => assert.deepEqual(readSettings(env), { ...DEFAULTS, ...settings }));
}

const INTEGER = 'expected an integer from 1 to 1024, found';
const KNOWN = 'SLOTS SLOT_WAIT_SECONDS BODIES_PER_KEY JOINS JOINS_PER_KEY MIN_BYTES_PER_SECOND RATE_SECONDS REQUEST_SECONDS HEADERS_SECONDS IDLE_SECONDS KEEP_ALIVE_SECONDS HEADER_BYTES CONNECTIONS STOP_SECONDS';
const NAMES = ['BOTH_FRAMINGS', ...KNOWN.split(' '), 'HEALTH_PORT', 'S3_PATH_STYLE'].map((name) => `RELAY_${name}`).join(', ');

for (const [env, message] of /** @type {[Record<string, string>, string][]} */ ([
  [{ RELAY_SLOT: '1' }, `RELAY_SLOT: unknown variable, expected one of ${NAMES}`],
  ...['0', '1025', '1.5', '', ' 1', '1 ', '-1', '+1', '1e1', '0x1', '١', '00000000001'].map((text) => [{ RELAY_SLOTS: text }, `RELAY_SLOTS: ${INTEGER} ${JSON.stringify(text)}`]),
  ...['9001', ':9001', 'h:', 'h:65536', 'h:123456', 'h:1a', 'a\nh:1', 'h:1\n', ''].map((text) => [{ AWS_LAMBDA_HTTP_ENDPOINT: text }, `AWS_LAMBDA_HTTP_ENDPOINT: expected host:port, found ${JSON.stringify(text)}`]),
  [{ PORT: '65536' }, 'PORT: expected an integer from 0 to 65535, found "65536"'],
  [{ AWS_LWA_PORT: 'x', PORT: '1' }, 'AWS_LWA_PORT: expected an integer from 0 to 65535, found "x"'],
  [{ RELAY_HEALTH_PORT: '65536' }, 'RELAY_HEALTH_PORT: expected an integer from 0 to 65535, found "65536"'],
  [{ RELAY_BOTH_FRAMINGS: 'yes' }, 'RELAY_BOTH_FRAMINGS: expected "refuse" or "accept", found "yes"'],
  [{ RELAY_S3_PATH_STYLE: '' }, 'RELAY_S3_PATH_STYLE: expected "no" or "yes", found ""'],
])) {
  test(`an environment of ${JSON.stringify(env)} is refused by name`, () => assert.throws(() => readSettings(env), { message }));
}

function deferred() {
  const made = /** @type {any} */ ({});
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

test('the log has so many lines of refused connections at once, then so many a second, and says how many have none', (t) => {
  let time = 0;
  const next = lineLimit(() => time);
  for (let line = 0; line < 100; line += 1) assert.deepEqual(next(), {});
  assert.deepEqual([next(), next()], [undefined, undefined]);
  time = 99;
  assert.equal(next(), undefined);
  time = 100;
  assert.deepEqual([next(), next()], [{ notLogged: 3 }, undefined]);
  time = 1_000_000;
  assert.deepEqual([next(), next()], [{ notLogged: 1 }, {}]);
  for (let line = 2; line < 100; line += 1) assert.deepEqual(next(), {});
  assert.equal(next(), undefined);
  // By the clock that never goes back.
  t.mock.method(performance, 'now', () => 0);
  const real = lineLimit();
  for (let line = 0; line < 100; line += 1) real();
  assert.equal(real(), undefined);
});
