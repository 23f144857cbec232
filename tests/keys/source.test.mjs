// The failure table of docs/access-keys.md, with a clock and a store that the tests move; and the rest of
// what decides when access keys are fetched.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, test } from 'node:test';

import { decideWithKeys } from '../../js-shim/keys/decide-with-keys.mjs';
import { MalformedDocument } from '../../js-shim/keys/key-documents.mjs';
import { FETCH_MILLISECONDS, KeySource } from '../../js-shim/keys/key-source.mjs';

const REFRESH = 300_000;
const MAX_STALE = 86_400_000;
const START = Date.parse('2026-11-25T00:00:00Z');

describe('failure table', () => {
  test('store answers, nothing cached: the first request waits for the keys', async () => {
    const world = started();
    const arrival = world.request();
    assert.equal(world.fetches.length, 1);
    world.fetches[0].answer('v1');
    assert.equal(await arrival, 'decided after waiting');
    assert.deepEqual(world.used, ['v1']);
  });

  test('store answers, fresh: nothing is fetched', async () => {
    const world = await warm();
    world.clock += REFRESH - 1;
    assert.equal(await world.request(), 'decided at once');
    assert.equal(world.fetches.length, 1);
  });

  test('store answers, due: the request is decided at once and the keys renewed behind it', async () => {
    const world = await warm();
    world.clock += REFRESH;
    assert.equal(await world.request(), 'decided at once');
    assert.equal(world.fetches.length, 2);
    await world.fetches[1].answer('v2');
    assert.deepEqual(world.used, ['v1', 'v2']);
    world.clock += REFRESH - 1;
    assert.equal(await world.request(), 'decided at once');
    assert.equal(world.fetches.length, 2);
  });

  test('store answers, too old: the request waits for the keys', async () => {
    const world = await warm();
    world.clock += MAX_STALE;
    const arrival = world.request();
    world.fetches[1].answer('v2');
    assert.equal(await arrival, 'decided after waiting');
  });

  test('store fails, nothing cached: 503 with Retry-After, and one line in the log', async () => {
    const world = started();
    const arrival = world.request();
    world.fetches[0].fail();
    assert.equal(await arrival, '503, retry after 1 s');
    assert.deepEqual(world.lines.map(({ detail, level, usableUntil }) => [detail, level, usableUntil]), [
      ['not fetched: store away', 'error', null],
    ]);
  });

  test('store failed a moment ago, nothing cached: 503 at once, without another fetch', async () => {
    const world = started();
    const arrival = world.request();
    world.fetches[0].fail();
    await arrival;
    for (let i = 0; i < 100; i += 1) assert.equal(await world.request(), '503, retry after 1 s');
    assert.equal(world.fetches.length, 1);
    assert.equal(world.lines.length, 1);
    world.clock += 1000;
    const next = world.request();
    world.fetches[1].answer('v1');
    assert.equal(await next, 'decided after waiting');
  });

  test('store fails, cached: the last good documents serve until maxStaleSeconds, to the millisecond', async () => {
    const world = await warm();
    world.store = 'away';
    for (let passed = REFRESH; passed < MAX_STALE; passed += 7_000_000) {
      world.clock = START + passed;
      assert.match(await world.request(), /^decided/u, `after ${passed} ms`);
      await turn();
    }
    world.clock = START + MAX_STALE - 1;
    assert.match(await world.request(), /^decided/u);
    await turn();
    world.clock = START + MAX_STALE;
    assert.match(await world.request(), /^503, retry after \d+ s$/u);
  });

  test('store answers a malformed document, nothing cached: 503, and one line in the log', async () => {
    const world = started();
    world.refuse('v1');
    const arrival = world.request();
    world.fetches[0].answer('v1');
    assert.equal(await arrival, '503, retry after 10 s');
    world.clock += 10_000;
    const next = world.request();
    world.fetches[1].answer('v1');
    assert.equal(await next, '503, retry after 10 s');
    assert.deepEqual(world.lines.map(({ detail }) => detail), ['refused, and there are no others to use: accessKeys: expected an array']);
    assert.deepEqual(world.tried, ['v1'], 'what was refused is not read again');
  });

  test('store answers a malformed document, cached: it is refused whole, those before serve, one line in the log', async () => {
    const world = await warm();
    world.refuse('v2');
    for (let refreshes = 1; refreshes <= 5; refreshes += 1) {
      world.clock += REFRESH;
      const arrival = world.request();
      await world.fetches[refreshes].answer('v2');
      assert.match(await arrival, /^decided/u);
      for (let second = 1; second < 300; second += 1) {
        world.clock += 1000;
        assert.equal(await world.request(), 'decided at once');
      }
      assert.equal(world.fetches.length, refreshes + 1);
      world.clock -= 299_000;
    }
    assert.deepEqual(world.used, ['v1']);
    assert.equal(world.lines.length, 1);
    world.clock += REFRESH;
    const arrival = world.request();
    await world.fetches[6].answer('v3');
    await arrival;
    assert.deepEqual(world.used, ['v1', 'v3']);
  });

  test('store answers a malformed document, too old: 503', async () => {
    const world = await warm();
    world.refuse('v2');
    world.clock += MAX_STALE;
    const arrival = world.request();
    world.fetches[1].answer('v2');
    assert.equal(await arrival, '503, retry after 10 s');
  });

  test('frozen during a fetch, due: the next request is decided at once and begins another', async () => {
    const world = await warm();
    world.clock += REFRESH;
    assert.equal(await world.request(), 'decided at once');
    world.clock += 60_000;
    assert.equal(await world.request(), 'decided at once');
    assert.ok(world.fetches[1].signal.aborted);
    assert.equal(world.fetches.length, 3);
    await world.fetches[2].answer('v2');
    assert.deepEqual(world.used, ['v1', 'v2']);
  });

  test('slow for all the time that a fetch may take, and a second more: the fetch goes on; then it was frozen', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    world.clock += FETCH_MILLISECONDS + 999;
    await world.request();
    assert.deepEqual([world.fetches.length, world.fetches[1].signal.aborted], [2, false]);
    world.clock += 1;
    await world.request();
    assert.deepEqual([world.fetches.length, world.fetches[1].signal.aborted], [3, true]);
  });

  test('store answers the malformed document again after an outage: the log has it once', async () => {
    const world = await warm();
    world.refuse('v2');
    for (const end of ['answer', 'fail', 'answer']) {
      world.clock += REFRESH;
      const request = world.request();
      await world.fetches.at(-1)[end]('v2');
      await request;
    }
    assert.deepEqual(world.lines.map(({ detail }) => detail.split(':')[0]), ['refused, the previous ones stay in use', 'not fetched']);
    assert.deepEqual(world.used, ['v1']);
  });

  test('store fails, cached: the log says until when the keys serve', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    await world.fetches[1].fail();
    assert.deepEqual(world.lines.map(({ detail, usableUntil }) => [detail, usableUntil]), [
      ['not fetched: store away', new Date(START + MAX_STALE).toISOString()],
    ]);
  });

  test('store answers, older than twice refreshSeconds: the request waits for the keys', async () => {
    const world = await warm();
    world.clock += 2 * REFRESH;
    const arrival = world.request();
    world.fetches[1].answer('v2');
    assert.equal(await arrival, 'decided after waiting');
    assert.deepEqual(world.used, ['v1', 'v2']);
  });

  test('store slow, older than twice refreshSeconds: one request waits 1 s and is decided over the last good documents', async () => {
    const world = await warm();
    world.clock += 2 * REFRESH;
    const arrival = world.request();
    assert.deepEqual(world.sleeps, [1000]);
    world.wake();
    assert.equal(await arrival, 'decided after waiting');
    assert.deepEqual(world.used, ['v1']);
    for (const passed of [1000, 60_000, REFRESH - 61_001]) {
      world.clock += passed;
      assert.equal(await world.request(), 'decided at once');
    }
    world.clock += 60_000;
    const next = world.request();
    world.wake();
    assert.equal(await next, 'decided after waiting');
  });

  test('frozen during a fetch, too old: the request waits for the next fetch', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    world.clock = START + MAX_STALE;
    const arrival = world.request();
    assert.ok(world.fetches[1].signal.aborted);
    world.fetches[2].answer('v2');
    assert.equal(await arrival, 'decided after waiting');
  });
});

describe('fetches', () => {
  test('are one at a time, however many requests wait', async () => {
    const world = started();
    const arrivals = Array.from({ length: 50 }, () => world.request());
    assert.equal(world.fetches.length, 1);
    world.fetches[0].answer('v1');
    assert.deepEqual(new Set(await Promise.all(arrivals)), new Set(['decided after waiting']));
  });

  test('are one at a time in the background', async () => {
    const world = await warm();
    world.clock += REFRESH;
    for (let i = 0; i < 50; i += 1) assert.equal(await world.request(), 'decided at once');
    assert.equal(world.fetches.length, 2);
  });

  test('that fail are repeated after 1, 2, 4, 8, 10, 10… seconds', async () => {
    const world = await warm();
    world.store = 'away';
    world.clock += REFRESH;
    const waits = [];
    let last = world.clock;
    for (let second = 0; second < 60; second += 1) {
      const before = world.fetches.length;
      await world.request();
      await turn();
      if (world.fetches.length > before && before > 1) waits.push((world.clock - last) / 1000);
      if (world.fetches.length > before) last = world.clock;
      world.clock += 1000;
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 10, 10, 10, 10]);
  });

  test('begin with the shortest pause again after a success', async () => {
    const world = await warm();
    world.clock += REFRESH;
    for (const [index, pause] of [1000, 2000].entries()) {
      await world.request();
      await world.fetches[index + 1].fail();
      world.clock += pause;
    }
    await world.request();
    await world.fetches[3].answer('v2');
    world.clock += REFRESH;
    await world.request();
    await world.fetches[4].fail();
    world.clock += 1000;
    await world.request();
    assert.equal(world.fetches.length, 6);
  });

  test('that bring the same versions change nothing', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    await world.fetches[1].answer('v1');
    assert.deepEqual(world.tried, ['v1']);
    world.clock += REFRESH - 1;
    await world.request();
    assert.equal(world.fetches.length, 2);
  });

  test('that were frozen and end late, well or not, count for nothing', async () => {
    for (const late of ['answer', 'fail']) {
      const world = await warm();
      world.clock += REFRESH;
      await world.request();
      world.clock += 60_000;
      await world.request();
      await world.fetches[1][late]('v0');
      assert.deepEqual(world.used, ['v1']);
      await world.fetches[2].answer('v2');
      assert.deepEqual([world.used, world.lines], [['v1', 'v2'], []]);
    }
  });

  test('count from when they began', async () => {
    const world = started();
    const arrival = world.request();
    world.clock += 3000;
    world.fetches[0].answer('v1');
    await arrival;
    world.clock = START + REFRESH;
    await world.request();
    assert.equal(world.fetches.length, 2);
    await world.fetches[1].fail();
    world.store = 'away';
    world.clock = START + MAX_STALE;
    assert.match(await world.request(), /^503/u);
  });

  test('are due at the latest when the documents are too old', async () => {
    const world = started({ maxStaleSeconds: 60 });
    const arrival = world.request();
    world.fetches[0].answer('v1');
    await arrival;
    world.store = 'away';
    world.clock += 60_000;
    assert.match(await world.request(), /^503/u);
  });

  test('whose documents the core fails over are repeated, and those before stay', async () => {
    const world = await warm();
    world.clock += REFRESH;
    for (const pause of [1000, 2000]) {
      await world.request();
      await world.fetches.at(-1).answer('trap');
      assert.equal(await world.request(), 'decided at once');
      world.clock += pause;
    }
    assert.deepEqual(world.tried, ['v1', 'trap', 'trap']);
    assert.deepEqual(world.lines.map(({ detail }) => detail), ['not fetched: unreachable', 'not fetched: unreachable']);
  });

  test('that bring back a version that was refused check it again', async () => {
    const world = await warm();
    world.refuse('v2');
    for (const [index, version] of ['v2', 'v3', 'v2'].entries()) {
      world.clock += REFRESH;
      const arrival = world.request();
      await world.fetches[index + 1].answer(version);
      await arrival;
    }
    assert.deepEqual(world.tried, ['v1', 'v2', 'v3', 'v2']);
    assert.equal(world.lines.length, 2);
  });

  test('that fail by the thaw itself are no failure of the store', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    world.clock += 60_000;
    await world.fetches[1].fail();
    assert.deepEqual(world.lines, []);
    await world.request();
    await world.fetches[2].answer('v2');
    assert.deepEqual(world.used, ['v1', 'v2']);
  });
});

describe('unknown access key ids', () => {
  test('fetch once more, and the request that did is decided again', async () => {
    const world = await warm();
    world.clock += 5000;
    const renewal = world.source.renewal('at-once', world.clock);
    world.fetches[1].answer('v2');
    assert.equal(await renewal, true);
    assert.deepEqual(world.used, ['v1', 'v2']);
  });

  test('are not decided again where nothing else came', async () => {
    const world = await warm();
    world.clock += 5000;
    const renewal = world.source.renewal('at-once', world.clock);
    world.fetches[1].answer('v1');
    assert.equal(await renewal, false);
  });

  test('look at the first document alone, which renews nothing where it is the same', async () => {
    const world = await warm();
    world.clock += REFRESH - 1;
    const renewal = world.source.renewal('at-once', world.clock);
    assert.equal(world.fetches[1].extent, 'first');
    await world.fetches[1].isUnchanged();
    assert.equal(await renewal, false);
    world.clock += 1;
    assert.equal(await world.request(), 'decided at once');
    assert.deepEqual([world.fetches.length, world.fetches[2].extent], [3, 'all'], 'they are as old as before');
    world.store = 'away';
    world.clock = START + MAX_STALE;
    assert.match(await world.request(), /^503/u);
  });

  test('over documents that are due fetch all of them', async () => {
    const world = await warm();
    world.clock += REFRESH;
    void world.source.renewal('at-once', world.clock);
    assert.equal(world.fetches[1].extent, 'all');
  });

  test('a flood of them fetches once in 10 seconds, and no other request waits', async () => {
    const world = await warm();
    const waiting = [];
    for (let millisecond = 1; millisecond <= 60_000; millisecond += 1) {
      world.clock += 1;
      const fetches = world.fetches.length;
      const renewal = world.source.renewal('at-once', world.clock);
      if (world.fetches.length > fetches) {
        waiting.push(millisecond);
        world.fetches.at(-1)?.answer('v1');
      }
      assert.equal(await renewal, false);
    }
    assert.deepEqual(waiting, [1, 10_001, 20_001, 30_001, 40_001, 50_001]);
    assert.equal(world.fetches.length, 7);
  });

  test('during an outage are answered over the last good documents', async () => {
    const world = await warm();
    world.clock += 5000;
    const renewal = world.source.renewal('at-once', world.clock);
    world.fetches[1].fail();
    assert.equal(await renewal, false);
    assert.equal(await world.request(), 'decided at once');
  });

  test('a flood of them during an outage waits once in 10 seconds', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    await world.fetches[1].fail();
    let waited = 0;
    for (let second = 0; second < 60; second += 1) {
      world.clock += 1000;
      await world.request();
      const renewal = world.source.renewal('at-once', world.clock);
      const first = await Promise.race([renewal.then(() => 'answered'), turn('waits')]);
      if (first === 'waits') {
        waited += 1;
        await world.fetches.at(-1).fail();
        assert.equal(await renewal, false);
      }
    }
    assert.equal(waited, 6);
  });

  test('join the fetch that is under way', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    const renewal = world.source.renewal('at-once', world.clock + 1);
    assert.equal(world.fetches.length, 2);
    world.fetches[1].answer('v2');
    assert.equal(await renewal, true);
  });

  test('of a request whose keys were fetched for it, fetch nothing', async () => {
    const world = await warm();
    assert.equal(await world.source.renewal('at-once', world.clock), false);
    assert.equal(world.fetches.length, 1);
  });

  test('of a request that has waited before, fetch nothing', async () => {
    const world = await warm();
    const came = world.clock + 5000;
    world.clock = came + 2000;
    assert.equal(await world.source.renewal('at-once', came), false);
    assert.equal(world.fetches.length, 1);
  });
});

describe('refusals', () => {
  test('over documents that are due wait for the latest, by either kind', async () => {
    for (const when of ['at-once', 'when-due']) {
      const world = await warm();
      world.clock += REFRESH;
      assert.equal(await world.request(), 'decided at once');
      const renewal = world.source.renewal(when, world.clock);
      assert.equal(world.fetches.length, 2);
      world.fetches[1].answer('v2');
      assert.equal(await renewal, true, when);
    }
  });

  test('for a wrong signature over documents that are fresh fetch nothing', async () => {
    const world = await warm();
    world.clock += REFRESH - 1;
    assert.equal(await world.source.renewal('when-due', world.clock), false);
    assert.equal(world.fetches.length, 1);
  });

  test('for another reason fetch nothing and wait for nothing', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    assert.equal(await world.source.renewal('never', world.clock), false);
    assert.equal(world.fetches.length, 2);
  });

  test('for a wrong signature while the store is away wait for no pause', async () => {
    const world = await warm();
    world.clock += REFRESH;
    await world.request();
    await world.fetches[1].fail();
    assert.equal(await world.source.renewal('when-due', world.clock), false);
    assert.equal(world.fetches.length, 2);
  });
});

/** A source with a clock, a store and a log that stand still until a test moves them. */
function started({ maxStaleSeconds = MAX_STALE / 1000 } = {}) {
  const world = {
    clock: START,
    store: 'asked',
    /** @type {any[]} */
    fetches: [],
    /** @type {string[]} */
    used: [],
    /** @type {string[]} */
    tried: [],
    /** @type {any[]} */
    lines: [],
    /** @type {number[]} */
    sleeps: [],
    refused: new Set(),
    wake: () => {},
    refuse: (/** @type {string} */ version) => world.refused.add(version),
    source: new KeySource({
      name: 'viewer-request',
      fetchDocuments: (signal, extent) => {
        if (world.store === 'away') {
          world.fetches.push({ extent });
          return Promise.reject(new Error('store away'));
        }
        return new Promise((resolve, reject) => {
          world.fetches.push({
            signal,
            extent,
            isUnchanged: async () => {
              resolve(undefined);
              await turn();
            },
            answer: async (/** @type {string} */ version) => {
              resolve({ versions: version, documents: () => [version] });
              await turn();
            },
            fail: async () => {
              reject(new Error('store away'));
              await turn();
            },
          });
        });
      },
      useDocuments: (documents) => {
        const [version] = /** @type {string[]} */ (documents);
        world.tried.push(version);
        if (version === 'trap') throw new WebAssembly.RuntimeError('unreachable');
        if (world.refused.has(version)) throw new Error('accessKeys: expected an array');
        world.used.push(version);
      },
      refreshSeconds: REFRESH / 1000,
      maxStaleSeconds,
      now: () => world.clock,
      log: (line) => void world.lines.push(line),
      sleep: (milliseconds) => {
        world.sleeps.push(milliseconds);
        return new Promise((resolve) => (world.wake = () => resolve()));
      },
    }),
    /** A request, as the viewer-request function treats it. */
    request: async () => {
      const time = world.clock;
      if (world.source.ready(time)) return 'decided at once';
      if (await world.source.arrival(time)) return 'decided after waiting';
      return `503, retry after ${world.source.retryAfter(time)} s`;
    },
  };
  return world;
}

/** A source whose keys have just come. */
async function warm() {
  const world = started();
  const arrival = world.request();
  world.fetches[0].answer('v1');
  assert.equal(await arrival, 'decided after waiting');
  return world;
}

test('a malformed document says no more than its place', () => {
  assert.equal(String(new MalformedDocument('v', 'fleet-keys: expected JSON')), 'MalformedDocument: fleet-keys: expected JSON');
});

test('bundled keys are asked once, and a request that goes on asks for no newer ones', async () => {
  const forward = /** @type {const} */ ({ decision: 'forward' });
  assert.equal(await decideWithKeys(undefined, START, () => forward), forward);
  const world = await warm();
  world.source.renewal = () => assert.fail('a look for newer keys');
  assert.equal(await decideWithKeys(world.source, world.clock, () => forward), forward);
});

test('tells the age of the keys in use in whole seconds, which a failed fetch leaves as it is', async () => {
  for (const [end, age] of /** @type {const} */ ([['fail', 300], ['answer', 0]])) {
    const world = await warm();
    const ageAt = (/** @type {number} */ milliseconds) => world.source.ageSeconds(START + milliseconds);
    assert.deepEqual([-1, 0, 999, 1000, REFRESH].map(ageAt), [0, 0, 0, 1, 300]);
    world.clock += REFRESH;
    await world.request();
    await world.fetches[1][end]('v2');
    assert.equal(ageAt(REFRESH), age);
  }
});
