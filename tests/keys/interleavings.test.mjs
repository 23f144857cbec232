// The key source under a scheduler: requests come at any time, fetches and pauses end in any order or not at all, the
// store changes its keys, is away, wrong or stale, and functions are frozen.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';

import fc from 'fast-check';

import { decideWithKeys } from '../../js-shim/keys/decide-with-keys.mjs';
import { FETCH_MILLISECONDS, KeySource } from '../../js-shim/keys/key-source.mjs';

const REFRESH = 60_000;
const MAX_STALE = 600_000;
/** A fetch that is older was frozen. */
const FROZEN = FETCH_MILLISECONDS + 1000;
const START = Date.parse('2026-11-25T00:00:00Z');

const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('ask'), key: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('go on') }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('wait'), milliseconds: fc.constantFrom(1, 500, 1001, FROZEN, 10_000, REFRESH, 2 * REFRESH, MAX_STALE) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('change'), keys: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('turn'), store: fc.constantFrom('answers', 'is away', 'is wrong', 'is stale') }) },
);

/** A key source, its store and its requests. */
class World {
  clock = START;
  store = 'answers';
  /** What the store had since when. */
  versions = [{ since: START, keys: [0, 1] }];
  inUse = undefined;
  fetches = [];
  requests = [];
  #scheduler;

  constructor(scheduler) {
    this.#scheduler = scheduler;
    this.source = new KeySource({
      name: 'viewer-request',
      fetchDocuments: (_signal, extent) => this.#fetch(extent),
      useDocuments: ([document]) => {
        if (document === 'malformed') throw new Error('no access keys');
        this.inUse = document;
      },
      refreshSeconds: REFRESH / 1000,
      maxStaleSeconds: MAX_STALE / 1000,
      now: () => this.clock,
      log: () => {},
      sleep: () => scheduler.schedule(Promise.resolve(), 'a pause ends'),
    });
  }

  async run({ does, ...step }) {
    if (does === 'ask') this.ask(step.key);
    else if (does === 'wait') this.clock += step.milliseconds;
    else if (does === 'change') this.versions.push({ since: this.clock, keys: step.keys });
    else if (does === 'turn') this.store = step.store;
    else if (this.#scheduler.count() > 0) await this.#scheduler.waitNext(1);
    await turn();
  }

  ask(key) {
    const time = this.clock;
    const request = { key, time };
    const decide = () => {
      const allowed = this.inUse.keys.includes(key);
      if (allowed) this.assertWasAKey(key, time);
      return allowed ? { decision: 'forward' } : { decision: 'refuse', renewal: 'at-once' };
    };
    this.requests.push(request);
    request.done = decideWithKeys(this.source, time, decide).then((decision) => {
      request.decision = decision?.decision ?? 'no keys';
      const usable = this.inUse !== undefined && this.clock < this.inUse.fetchedAt + MAX_STALE;
      assert.ok(decision !== undefined || !usable, 'no keys, though those in use are good');
    });
    return request;
  }

  /** The store had the key at some time in the last `maxStaleSeconds`. */
  assertWasAKey(key, time) {
    const had = this.versions.some(({ keys }, index) => {
      const until = this.versions[index + 1]?.since ?? Infinity;
      return keys.includes(key) && until > time - MAX_STALE;
    });
    assert.ok(had, `key ${key} was allowed, though nobody could have heard of it for ${MAX_STALE} ms`);
  }

  async #fetch(extent) {
    const fetch = { begun: this.clock, ended: false };
    const alive = this.fetches.filter(({ begun, ended }) => !ended && this.clock < begun + FROZEN);
    assert.deepEqual(alive, [], 'one fetch at a time');
    this.fetches.push(fetch);
    const before = this.versions.length - 1;
    try {
      await this.#scheduler.schedule(Promise.resolve(), 'the store answers');
    } finally {
      fetch.ended = true;
    }
    if (this.store === 'is away') throw new Error('away');
    const number = this.store === 'is stale' ? before : this.versions.length - 1;
    if (this.store === 'is wrong') return { versions: `wrong ${number}`, documents: () => ['malformed'] };
    if (extent === 'first' && this.inUse?.number === number) return undefined;
    const document = { number, keys: this.versions[number].keys, fetchedAt: fetch.begun };
    return { versions: String(number), documents: () => [document] };
  }

  /** Everything under way ends. */
  async settle() {
    while (this.#scheduler.count() > 0) {
      await this.#scheduler.waitNext(1);
      await turn();
    }
    await Promise.all(this.requests.map(({ done }) => done));
  }
}

test('allows only keys that the store had, fetches one at a time, and comes back by itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(STEP, { maxLength: 60 }), async (scheduler, steps) => {
      const world = new World(scheduler);
      for (const step of steps) await world.run(step);
      await world.settle();
      for (const { decision } of world.requests) assert.ok(decision, 'a request that nobody answers');

      world.store = 'answers';
      world.clock += MAX_STALE;
      const { keys } = world.versions.at(-1);
      const last = [0, 1, 2, 3, 4, 5].map((key) => world.ask(key));
      await world.settle();
      assert.deepEqual(last.filter(({ decision }) => decision === 'forward').map(({ key }) => key), keys.toSorted());
    }),
    { numRuns: 400, endOnFailure: true },
  );
});

test('a refused request is decided again by keys that came meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(STEP.filter(({ does }) => does !== 'turn'), { maxLength: 30 }), async (scheduler, steps) => {
      const world = new World(scheduler);
      for (const step of steps) await world.run(step);
      await world.settle();
      // Long after the last look for an unknown key, and before the keys in use are due.
      world.clock += MAX_STALE;
      world.ask(0);
      await world.settle();
      world.clock += 20_000;
      await world.run({ does: 'change', keys: [5] });
      const request = world.ask(5);
      await world.settle();
      assert.equal(request.decision, 'forward');
    }),
    { numRuns: 100, endOnFailure: true },
  );
});
