// Access keys that are fetched while the function runs, and whether a request waits for them.
//
// Lambda freezes a function between requests, and with it a fetch in the background, whose connection is then dead. So
// a fetch that takes longer than its time limit was frozen: it is given up, and doesn't count as a failure of the
// store. Where requests are so rare that no background fetch ever ends, one request has to wait for a fetch.

import { LOG_VERSION } from '../log.mjs';
import { FetchSchedule } from './fetch-schedule.mjs';
import { MalformedDocument } from './key-documents.mjs';

/**
 * @typedef {import('./key-documents.mjs').KeyDocuments} KeyDocuments
 * @typedef {import('./key-documents.mjs').Extent} Extent
 *
 * @typedef {{ startedAt: number, controller: AbortController, result: Promise<boolean> }} Fetch a fetch under way;
 *   `result` is whether it brought other documents
 *
 * @typedef {object} Options
 * @property {string} name of the function, for the log
 * @property {(signal: AbortSignal, extent: Extent) => Promise<KeyDocuments | undefined>} fetchDocuments takes at most
 *   `FETCH_MILLISECONDS`; undefined if the extent is `first` and that document is the same as before
 * @property {(documents: string[]) => void} useDocuments throws if it refuses them, and then keeps the previous ones
 * @property {number} refreshSeconds
 * @property {number} maxStaleSeconds since the last successful fetch began
 * @property {() => number} now milliseconds since the epoch
 * @property {(line: import('../log.mjs').LogLine) => void} log
 * @property {(milliseconds: number) => Promise<void>} [sleep]
 */

/** The time limit of a fetch, in milliseconds: a viewer-request function has 5 seconds in all. */
export const FETCH_MILLISECONDS = 3500;

/** A fetch that is older than this was frozen. */
const FROZEN_MILLISECONDS = FETCH_MILLISECONDS + 1000;

/** How long a request waits for newer documents while it has usable ones. */
const OVERDUE_MILLISECONDS = 1000;

/** All times are milliseconds since the epoch. */
export class KeySource {
  #options;
  #schedule;
  #versions = '';
  #refusedVersions = '';
  /** @type {Fetch | undefined} */
  #fetch;

  /** @param {Options} options */
  constructor(options) {
    this.#options = { sleep, ...options };
    this.#schedule = new FetchSchedule(options.refreshSeconds, options.maxStaleSeconds);
  }

  /**
   * Whether a request can be decided without waiting. Begins a fetch in the background if one is due.
   *
   * @param {number} time when the request arrived
   */
  ready(time) {
    const fetch = this.#underWay(time) ?? (this.#schedule.isDue(time) ? this.#begin(time, 'all') : undefined);
    return this.#schedule.isUsable(time) && !(fetch !== undefined && this.#schedule.isOverdue(time));
  }

  /**
   * Waits for documents. Call it when `ready` returned false.
   *
   * @param {number} time when the request arrived
   * @returns {Promise<boolean>} whether it can be decided
   */
  async arrival(time) {
    if (!this.#schedule.isUsable(time)) {
      await this.#fetch?.result;
    } else if (this.#fetch) {
      this.#schedule.waits(time);
      await Promise.race([this.#fetch.result, this.#options.sleep(OVERDUE_MILLISECONDS)]);
    }
    return this.#schedule.isUsable(this.#options.now());
  }

  /**
   * Waits for newer documents if they might change a refusal.
   *
   * @param {import('../core/decision.mjs').Renewal} when the refusal's `renewal`
   * @param {number} time when the request arrived
   * @returns {Promise<boolean>} whether other documents arrived, so that the request should be decided again
   */
  async renewal(when, time) {
    // A request that has waited already has no time to wait again.
    const hasWaited = this.#options.now() > time + OVERDUE_MILLISECONDS;
    if (when === 'never' || hasWaited || !this.#schedule.isOlderThan(time)) return false;
    const isStale = this.#schedule.isStale(time);
    if (!isStale && !(when === 'at-once' && this.#schedule.mayLookForUnknownKey(time))) return false;
    return (this.#underWay(time) ?? this.#begin(time, isStale ? 'all' : 'first')).result;
  }

  /** Seconds since the documents in use were fetched. @param {number} time */
  ageSeconds(time) {
    return this.#schedule.ageSeconds(time);
  }

  /**
   * The seconds after which a request that can't be decided may be repeated.
   *
   * @param {number} time
   */
  retryAfter(time) {
    return this.#schedule.retryAfter(time);
  }

  /**
   * The fetch under way; a frozen one is given up.
   *
   * @param {number} time
   */
  #underWay(time) {
    const fetch = this.#fetch;
    if (fetch === undefined || time < fetch.startedAt + FROZEN_MILLISECONDS) return fetch;
    this.#fetch = undefined;
    fetch.controller.abort();
    return undefined;
  }

  /** @param {number} time @param {Extent} extent @returns {Fetch} */
  #begin(time, extent) {
    const controller = new AbortController();
    const fetch = { startedAt: time, controller, result: Promise.resolve(false) };
    this.#fetch = fetch;
    const fetched = this.#options.fetchDocuments(controller.signal, extent);
    fetch.result = fetched
      .then((documents) => this.#succeeded(fetch, documents))
      .catch((error) => this.#failed(fetch, error));
    return fetch;
  }

  /**
   * @param {Fetch} fetch @param {KeyDocuments | undefined} fetched
   * @returns {boolean} whether other documents arrived
   * @throws {Error} when they are refused
   */
  #succeeded(fetch, fetched) {
    if (this.#fetch !== fetch) return false;
    const changed = fetched !== undefined && fetched.versions !== this.#versions;
    if (changed) this.#use(fetched);
    this.#fetch = undefined;
    if (fetched === undefined) return false;
    this.#schedule.succeeded(fetch.startedAt);
    this.#versions = fetched.versions;
    this.#refusedVersions = '';
    return changed;
  }

  /** @param {KeyDocuments} fetched */
  #use({ versions, documents }) {
    if (versions === this.#refusedVersions) throw new MalformedDocument(versions, 'refused before');
    try {
      this.#options.useDocuments(documents());
    } catch (error) {
      // A trap of the core doesn't mean that the documents are malformed.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      throw new MalformedDocument(versions, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Fetch} fetch @param {unknown} error @returns {boolean} false: no other documents arrived */
  #failed(fetch, error) {
    const time = this.#options.now();
    // A fetch that was given up, or that was frozen and then failed before a request noticed, doesn't count.
    if (this.#fetch !== fetch || this.#underWay(time) === undefined) return false;
    this.#fetch = undefined;
    this.#schedule.failed(time, error instanceof MalformedDocument);
    this.#report(error, time);
    return false;
  }

  /** Logs a failure, but only once for the same refused documents. @param {unknown} error @param {number} time */
  #report(error, time) {
    const refused = error instanceof MalformedDocument;
    if (refused && error.versions === this.#refusedVersions) return;
    if (refused) this.#refusedVersions = error.versions;
    const reason = error instanceof Error ? error.message : typeof error;
    const { usableUntil } = this.#schedule;
    const isUsable = time < usableUntil;
    const outcome = refused ? `refused, ${isUsable ? PREVIOUS_STAY : NONE_TO_USE}` : 'not fetched';
    this.#options.log({
      log: LOG_VERSION,
      time: new Date(time).toISOString(),
      function: this.#options.name,
      event: 'access-keys',
      level: 'error',
      usableUntil: isUsable ? new Date(usableUntil).toISOString() : null,
      detail: `${outcome}: ${reason}`,
    });
  }
}

const PREVIOUS_STAY = 'the previous ones stay in use';
const NONE_TO_USE = 'and there are no others to use';

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}
