// Access keys that are fetched while the function runs: when they are fetched, how long they serve, and
// what becomes of a request meanwhile.
//
// Lambda freezes a function between requests. A fetch in the background is frozen with it and finds its
// connection dead afterwards, so it is judged by the clock that goes on: one that is older than a fetch
// may take was frozen, which says nothing about the store. And where requests are so rare that no fetch
// in the background ends, one of them has to wait.

import { MalformedDocument } from './key-documents.mjs';

/**
 * @typedef {object} KeySource
 * @property {(now: number) => boolean} ready whether a request can be decided at once; begins a fetch in the
 *   background when one is due
 * @property {(now: number) => Promise<boolean>} arrival waits where `ready` said no; whether a request can be decided
 * @property {(code: string, now: number) => Promise<boolean>} renewal for a request that was refused with this code:
 *   waits where the refusal may be due to documents that aren't the latest; whether others came, so that it is worth
 *   deciding again
 * @property {(now: number) => number} retryAfter in seconds, for a request that can't be decided
 */

/** A fetch may take so long altogether, in milliseconds: a viewer-request function has 5 seconds. */
export const FETCH_MILLISECONDS = 3500;

/** What is older than this was frozen: no fetch runs so long. */
const FROZEN_MILLISECONDS = FETCH_MILLISECONDS + 1000;

/** How long one request waits, once in `refreshSeconds`, where the documents are older than twice that. */
const OVERDUE_MILLISECONDS = 1000;

/** The code of an access key id that nobody knows: a key may have been added. */
const UNKNOWN_KEY = 'InvalidAccessKeyId';

/** The codes that other documents may turn: a key or a secret may have been added. */
const RENEWABLE = new Set([UNKNOWN_KEY, 'SignatureDoesNotMatch']);

/** Between two fetches for access key ids that nobody knows, in milliseconds. */
const UNKNOWN_KEY_MILLISECONDS = 10_000;

/** After the first failure, doubled after each further one up to the longest. */
const [FIRST_BACKOFF_MILLISECONDS, LONGEST_BACKOFF_MILLISECONDS] = [1000, 10_000];

/**
 * @param {object} parts
 * @param {(signal: AbortSignal) => Promise<import('./key-documents.mjs').KeyDocuments>} parts.fetchDocuments
 *   ends in `FETCH_MILLISECONDS`
 * @param {(documents: unknown[]) => void} parts.useDocuments takes all of them, or throws and keeps those before
 * @param {string} parts.name of the function, for the log
 * @param {number} parts.refreshSeconds
 * @param {number} parts.maxStaleSeconds since the last fetch that succeeded began
 * @param {() => number} parts.now milliseconds since the epoch
 * @param {(line: import('./log.mjs').LogLine) => void} parts.log
 * @param {(milliseconds: number) => Promise<void>} [parts.sleep]
 * @returns {KeySource}
 */
export function createKeySource({ name, fetchDocuments, useDocuments, refreshSeconds, maxStaleSeconds, now, log, sleep = slept }) {
  const refresh = refreshSeconds * 1000;
  const state = {
    /** Nothing is to be done before. */
    quietUntil: -Infinity,
    fetchedAt: -Infinity,
    usableUntil: -Infinity,
    /** The next fetch is due. */
    dueAt: -Infinity,
    failures: 0,
    waitAgainAt: -Infinity,
    unknownKeyAt: -Infinity,
    versions: '',
    refusedVersions: '',
    /** @type {Flight | undefined} */
    flight: undefined,
  };

  /** @typedef {{ startedAt: number, controller: AbortController, landed: Promise<boolean> }} Flight */

  /** @param {number} time */
  function ready(time) {
    if (time < state.quietUntil) return true;
    const flight = current(time) ?? (time >= state.dueAt ? begin(time) : undefined);
    const waits = flight !== undefined && time >= state.fetchedAt + 2 * refresh && time >= state.waitAgainAt;
    const usable = time < state.usableUntil;
    if (usable) state.quietUntil = Math.min(state.usableUntil, flight ? flight.startedAt + FROZEN_MILLISECONDS : state.dueAt);
    return usable && !waits;
  }

  /** @param {number} time */
  async function arrival(time) {
    const flight = state.flight;
    if (time >= state.usableUntil) {
      await flight?.landed;
    } else if (flight) {
      state.waitAgainAt = time + refresh;
      await Promise.race([flight.landed, sleep(OVERDUE_MILLISECONDS)]);
    }
    return now() < state.usableUntil;
  }

  /** @param {string} code @param {number} time */
  async function renewal(code, time) {
    if (!RENEWABLE.has(code) || time <= state.fetchedAt || hasWaited(time)) return false;
    const isDue = time >= state.fetchedAt + refresh && state.failures === 0;
    if (!isDue && !takesTurn(code, time)) return false;
    return (current(time) ?? begin(time)).landed;
  }

  /**
   * Whether a request may fetch out of turn.
   *
   * @param {string} code @param {number} time
   */
  function takesTurn(code, time) {
    if (code !== UNKNOWN_KEY || time < state.unknownKeyAt) return false;
    state.unknownKeyAt = time + UNKNOWN_KEY_MILLISECONDS;
    return true;
  }

  /**
   * Whether a request has waited for a fetch before: there is no time for another.
   *
   * @param {number} time when it came
   */
  function hasWaited(time) {
    return now() > time + OVERDUE_MILLISECONDS;
  }

  /** @param {number} time */
  function retryAfter(time) {
    return Math.max(1, Math.ceil((state.dueAt - time) / 1000));
  }

  /**
   * The fetch under way; one that was frozen is given up.
   *
   * @param {number} time
   */
  function current(time) {
    const { flight } = state;
    if (flight === undefined || time < flight.startedAt + FROZEN_MILLISECONDS) return flight;
    state.flight = undefined;
    flight.controller.abort();
    return undefined;
  }

  /** @param {number} time @returns {Flight} */
  function begin(time) {
    const controller = new AbortController();
    const flight = { startedAt: time, controller, landed: Promise.resolve(false) };
    state.flight = flight;
    const fetched = fetchDocuments(controller.signal);
    flight.landed = fetched.then((documents) => succeeded(flight, documents)).catch((error) => failed(flight, error));
    return flight;
  }

  /**
   * @param {Flight} flight @param {import('./key-documents.mjs').KeyDocuments} fetched
   * @returns {boolean} whether other documents came
   * @throws {MalformedDocument} when they are refused
   */
  function succeeded(flight, { versions, documents }) {
    if (state.flight !== flight) return false;
    const changed = versions !== state.versions;
    if (changed) use(versions, documents);
    state.flight = undefined;
    state.failures = 0;
    state.versions = versions;
    state.refusedVersions = '';
    state.fetchedAt = flight.startedAt;
    state.dueAt = flight.startedAt + refresh;
    state.usableUntil = flight.startedAt + maxStaleSeconds * 1000;
    state.quietUntil = Math.min(state.dueAt, state.usableUntil);
    return changed;
  }

  /** @param {string} versions @param {() => unknown[]} documents */
  function use(versions, documents) {
    if (versions === state.refusedVersions) throw new MalformedDocument(versions, 'refused before');
    try {
      useDocuments(documents());
    } catch (error) {
      throw new MalformedDocument(versions, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Flight} flight @param {unknown} error */
  function failed(flight, error) {
    if (state.flight !== flight) return false;
    const time = now();
    // Ended by the thaw, before a request found it.
    if (current(time) === undefined) return false;
    state.flight = undefined;
    state.failures += 1;
    state.dueAt = time + pause(error, time);
    state.quietUntil = Math.min(state.dueAt, state.usableUntil);
    report(error, time);
    return false;
  }

  /**
   * How long until the next fetch: a document that is refused is mended by a person, a store by itself.
   *
   * @param {unknown} error @param {number} time
   */
  function pause(error, time) {
    if (error instanceof MalformedDocument) return time < state.usableUntil ? refresh : LONGEST_BACKOFF_MILLISECONDS;
    return Math.min(FIRST_BACKOFF_MILLISECONDS * 2 ** (state.failures - 1), LONGEST_BACKOFF_MILLISECONDS);
  }

  /** @param {unknown} error @param {number} time */
  function report(error, time) {
    const detail = error instanceof Error ? error.message : typeof error;
    const serves = time < state.usableUntil ? new Date(state.usableUntil).toISOString() : null;
    const line = { time: new Date(time).toISOString(), function: name, event: 'access-keys', level: 'error', usableUntil: serves };
    if (error instanceof MalformedDocument) {
      if (error.versions === state.refusedVersions) return;
      state.refusedVersions = error.versions;
      log({ ...line, detail: `refused, those before stay: ${detail}` });
    } else {
      log({ ...line, detail: `not fetched: ${detail}` });
    }
  }

  return { ready, arrival, renewal, retryAfter };
}

/** @param {number} milliseconds @returns {Promise<void>} */
function slept(milliseconds) {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}
