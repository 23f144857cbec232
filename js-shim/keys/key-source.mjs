// Access keys that are fetched while the function runs: when they are fetched, how long they serve, and
// what becomes of a request meanwhile.
//
// Lambda freezes a function between requests. A fetch in the background is frozen with it and finds its
// connection dead afterwards, so it is judged by the clock that goes on: one that is older than a fetch
// may take was frozen, which says nothing about the store. And where requests are so rare that no fetch
// in the background ends, one of them has to wait.

import { MalformedDocument } from './key-documents.mjs';

/**
 * @typedef {{ startedAt: number, controller: AbortController, landed: Promise<boolean> }} Flight a fetch under way;
 *   `landed` says whether other documents came
 *
 * @typedef {object} Parts
 * @property {string} name of the function, for the log
 * @property {(signal: AbortSignal, extent: import('./key-documents.mjs').Extent) =>
 *   Promise<import('./key-documents.mjs').KeyDocuments | undefined>} fetchDocuments ends in `FETCH_MILLISECONDS`; gives
 *   nothing where only the first document was to be looked at and is the same as before
 * @property {(documents: string[]) => void} useDocuments takes all of them, or throws and keeps those before
 * @property {number} refreshSeconds
 * @property {number} maxStaleSeconds since the last fetch that succeeded began
 * @property {() => number} now milliseconds since the epoch
 * @property {(line: import('../edge/log.mjs').LogLine) => void} log
 * @property {(milliseconds: number) => Promise<void>} [sleep]
 */

/** A fetch may take so long altogether, in milliseconds: a viewer-request function has 5 seconds. */
export const FETCH_MILLISECONDS = 3500;

/** What is older than this was frozen: no fetch runs so long. */
const FROZEN_MILLISECONDS = FETCH_MILLISECONDS + 1000;

/** How long one request waits, once in `refreshSeconds`, where the documents are older than twice that. */
const OVERDUE_MILLISECONDS = 1000;

/** Between two looks at the first document for access key ids that nobody knows, in milliseconds. */
const UNKNOWN_KEY_MILLISECONDS = 10_000;

/** After the first failure, doubled after each further one up to the longest. */
const [FIRST_BACKOFF_MILLISECONDS, LONGEST_BACKOFF_MILLISECONDS] = [1000, 10_000];

/** All times are milliseconds since the epoch. */
export class KeySource {
  #parts;
  #refresh;
  #maxStale;
  /** Nothing is to be done before. */
  #quietUntil = -Infinity;
  #fetchedAt = -Infinity;
  #usableUntil = -Infinity;
  /** When the next fetch is due. */
  #dueAt = -Infinity;
  #failures = 0;
  #waitAgainAt = -Infinity;
  #unknownKeyAt = -Infinity;
  #versions = '';
  #refusedVersions = '';
  /** @type {Flight | undefined} */
  #flight;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = { sleep: slept, ...parts };
    this.#refresh = parts.refreshSeconds * 1000;
    this.#maxStale = parts.maxStaleSeconds * 1000;
  }

  /**
   * Whether a request that comes now can be decided at once. Begins a fetch in the background when one is due.
   *
   * @param {number} time
   */
  ready(time) {
    if (time < this.#quietUntil) return true;
    const flight = this.#current(time) ?? (time >= this.#dueAt ? this.#begin(time) : undefined);
    const waits = flight !== undefined && time >= this.#fetchedAt + 2 * this.#refresh && time >= this.#waitAgainAt;
    const usable = time < this.#usableUntil;
    if (usable) this.#quietUntil = Math.min(this.#usableUntil, flight ? flight.startedAt + FROZEN_MILLISECONDS : this.#dueAt);
    return usable && !waits;
  }

  /**
   * Waits where `ready` said no.
   *
   * @param {number} time when the request came
   * @returns {Promise<boolean>} whether it can be decided
   */
  async arrival(time) {
    const flight = this.#flight;
    if (time >= this.#usableUntil) {
      await flight?.landed;
    } else if (flight) {
      this.#waitAgainAt = time + this.#refresh;
      await Promise.race([flight.landed, this.#parts.sleep(OVERDUE_MILLISECONDS)]);
    }
    return this.#parts.now() < this.#usableUntil;
  }

  /**
   * Waits where a refusal may be due to documents that aren't the latest.
   *
   * @param {import('../core/decision.mjs').Renewal} when the refusal's `renewal`
   * @param {number} time when the request came
   * @returns {Promise<boolean>} whether other documents came, so that it is worth deciding again
   */
  async renewal(when, time) {
    if (when === 'never' || time <= this.#fetchedAt || this.#hasWaited(time)) return false;
    const isDue = time >= this.#fetchedAt + this.#refresh && this.#failures === 0;
    if (!isDue && !this.#takesTurn(when, time)) return false;
    return (this.#current(time) ?? this.#begin(time, isDue ? 'all' : 'first')).landed;
  }

  /**
   * For a request that can't be decided, in seconds.
   *
   * @param {number} time
   */
  retryAfter(time) {
    return Math.max(1, Math.ceil((this.#dueAt - time) / 1000));
  }

  /**
   * Whether a request has waited for a fetch before: there is no time for another.
   *
   * @param {number} time when it came
   */
  #hasWaited(time) {
    return this.#parts.now() > time + OVERDUE_MILLISECONDS;
  }

  /**
   * Whether a request may fetch out of turn.
   *
   * @param {string} when @param {number} time
   */
  #takesTurn(when, time) {
    if (when !== 'at-once' || time < this.#unknownKeyAt) return false;
    this.#unknownKeyAt = time + UNKNOWN_KEY_MILLISECONDS;
    return true;
  }

  /**
   * The fetch under way; one that was frozen is given up.
   *
   * @param {number} time
   */
  #current(time) {
    const flight = this.#flight;
    if (flight === undefined || time < flight.startedAt + FROZEN_MILLISECONDS) return flight;
    this.#flight = undefined;
    flight.controller.abort();
    return undefined;
  }

  /** @param {number} time @param {import('./key-documents.mjs').Extent} [extent] @returns {Flight} */
  #begin(time, extent = 'all') {
    const controller = new AbortController();
    const flight = { startedAt: time, controller, landed: Promise.resolve(false) };
    this.#flight = flight;
    const fetched = this.#parts.fetchDocuments(controller.signal, extent);
    flight.landed = fetched.then((documents) => this.#succeeded(flight, documents)).catch((error) => this.#failed(flight, error));
    return flight;
  }

  /**
   * @param {Flight} flight @param {import('./key-documents.mjs').KeyDocuments | undefined} fetched
   * @returns {boolean} whether other documents came
   * @throws {Error} when they aren't taken
   */
  #succeeded(flight, fetched) {
    if (this.#flight !== flight) return false;
    if (fetched !== undefined) return this.#renewed(flight, fetched);
    this.#flight = undefined;
    this.#quietUntil = Math.min(this.#dueAt, this.#usableUntil);
    return false;
  }

  /** @param {Flight} flight @param {import('./key-documents.mjs').KeyDocuments} fetched */
  #renewed(flight, { versions, documents }) {
    const changed = versions !== this.#versions;
    if (changed) this.#use(versions, documents);
    this.#flight = undefined;
    this.#failures = 0;
    this.#versions = versions;
    this.#refusedVersions = '';
    this.#fetchedAt = flight.startedAt;
    this.#dueAt = flight.startedAt + this.#refresh;
    this.#usableUntil = flight.startedAt + this.#maxStale;
    this.#quietUntil = Math.min(this.#dueAt, this.#usableUntil);
    return changed;
  }

  /** @param {string} versions @param {() => string[]} documents */
  #use(versions, documents) {
    if (versions === this.#refusedVersions) throw new MalformedDocument(versions, 'refused before');
    try {
      this.#parts.useDocuments(documents());
    } catch (error) {
      // A core that failed says nothing about the documents.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      throw new MalformedDocument(versions, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Flight} flight @param {unknown} error */
  #failed(flight, error) {
    if (this.#flight !== flight) return false;
    const time = this.#parts.now();
    // Ended by the thaw, before a request found it.
    if (this.#current(time) === undefined) return false;
    this.#flight = undefined;
    this.#failures += 1;
    this.#dueAt = time + this.#pause(error, time);
    this.#quietUntil = Math.min(this.#dueAt, this.#usableUntil);
    this.#report(error, time);
    return false;
  }

  /**
   * How long until the next fetch: a document that is refused is mended by a person, a store by itself.
   *
   * @param {unknown} error @param {number} time
   */
  #pause(error, time) {
    if (error instanceof MalformedDocument) return time < this.#usableUntil ? this.#refresh : LONGEST_BACKOFF_MILLISECONDS;
    return Math.min(FIRST_BACKOFF_MILLISECONDS * 2 ** (this.#failures - 1), LONGEST_BACKOFF_MILLISECONDS);
  }

  /** @param {unknown} error @param {number} time */
  #report(error, time) {
    const refused = error instanceof MalformedDocument;
    if (refused && error.versions === this.#refusedVersions) return;
    if (refused) this.#refusedVersions = error.versions;
    const reason = error instanceof Error ? error.message : typeof error;
    this.#parts.log({
      time: new Date(time).toISOString(),
      function: this.#parts.name,
      event: 'access-keys',
      level: 'error',
      usableUntil: time < this.#usableUntil ? new Date(this.#usableUntil).toISOString() : null,
      detail: `${refused ? 'refused, those before stay' : 'not fetched'}: ${reason}`,
    });
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function slept(milliseconds) {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}
