// When access keys are fetched, and how long they are used. All times are milliseconds since the epoch.

/** The least time between two fetches because of unknown access key ids. */
const UNKNOWN_KEY_MILLISECONDS = 10_000;

/** The backoff after the first failure. It doubles with each further failure, up to the longest. */
const FIRST_BACKOFF_MILLISECONDS = 1000;
const LONGEST_BACKOFF_MILLISECONDS = 10_000;

export class FetchSchedule {
  #refresh;
  #maxStale;
  /** When the last successful fetch began. */
  #fetchedAt = -Infinity;
  #dueAt = -Infinity;
  #unknownKeyAt = -Infinity;
  #waitAgainAt = -Infinity;
  #failures = 0;

  /** @param {number} refreshSeconds @param {number} maxStaleSeconds */
  constructor(refreshSeconds, maxStaleSeconds) {
    this.#refresh = refreshSeconds * 1000;
    this.#maxStale = maxStaleSeconds * 1000;
  }

  get usableUntil() {
    return this.#fetchedAt + this.#maxStale;
  }

  /** Seconds since the last successful fetch began. @param {number} time */
  ageSeconds(time) {
    return Math.max(0, Math.floor((time - this.#fetchedAt) / 1000));
  }

  /** @param {number} time */
  isUsable(time) {
    return time < this.usableUntil;
  }

  /** Whether the next fetch is due. @param {number} time */
  isDue(time) {
    return time >= this.#dueAt;
  }

  /** Whether the documents were fetched before `time`, so that a fetch might bring newer ones. @param {number} time */
  isOlderThan(time) {
    return time > this.#fetchedAt;
  }

  /** Whether the refresh interval is over, unless the last fetch failed. @param {number} time */
  isStale(time) {
    return time >= this.#fetchedAt + this.#refresh && this.#failures === 0;
  }

  /**
   * Whether a request must wait for a fetch: when the keys are two refresh intervals old, and at most once per
   * interval.
   *
   * @param {number} time
   */
  isOverdue(time) {
    return time >= this.#fetchedAt + 2 * this.#refresh && time >= this.#waitAgainAt;
  }

  /** Notes that a request waits. @param {number} time */
  waits(time) {
    this.#waitAgainAt = time + this.#refresh;
  }

  /** Whether an unknown access key id may start a fetch; if so, the next one must wait. @param {number} time */
  mayLookForUnknownKey(time) {
    if (time < this.#unknownKeyAt) return false;
    this.#unknownKeyAt = time + UNKNOWN_KEY_MILLISECONDS;
    return true;
  }

  /** @param {number} startedAt when the fetch began */
  succeeded(startedAt) {
    this.#failures = 0;
    this.#fetchedAt = startedAt;
    this.#dueAt = startedAt + this.#refresh;
  }

  /**
   * Schedules the fetch after a failure. A store recovers by itself, but a refused document must be fixed by a person,
   * so it is fetched less often.
   *
   * @param {number} time
   * @param {boolean} isMalformed whether the documents were refused
   */
  failed(time, isMalformed) {
    this.#failures += 1;
    const backoff = Math.min(FIRST_BACKOFF_MILLISECONDS * 2 ** (this.#failures - 1), LONGEST_BACKOFF_MILLISECONDS);
    const untilFixed = this.isUsable(time) ? this.#refresh : LONGEST_BACKOFF_MILLISECONDS;
    this.#dueAt = time + (isMalformed ? untilFixed : backoff);
  }

  /** The seconds after which a request that can't be decided may be repeated. @param {number} time */
  retryAfter(time) {
    return Math.max(1, Math.ceil((this.#dueAt - time) / 1000));
  }
}
