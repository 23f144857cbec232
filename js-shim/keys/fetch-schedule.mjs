// When access keys are fetched, and how long they are used. All times are milliseconds since the epoch.

/** Between two looks for access key ids that nobody knows. */
const UNKNOWN_KEY_MILLISECONDS = 10_000;

/** After the first failure. Doubled after each further one, up to the longest. */
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

  /** Whether a fetch could tell a request that came at `time` anything new. @param {number} time */
  isOlderThan(time) {
    return time > this.#fetchedAt;
  }

  /** Whether the refresh interval is over, unless the last fetch failed. @param {number} time */
  isStale(time) {
    return time >= this.#fetchedAt + this.#refresh && this.#failures === 0;
  }

  /**
   * Whether one request waits for a fetch: once per refresh interval, if the keys are twice as old.
   *
   * @param {number} time
   */
  isOverdue(time) {
    return time >= this.#fetchedAt + 2 * this.#refresh && time >= this.#waitAgainAt;
  }

  /** A request waits. @param {number} time */
  waits(time) {
    this.#waitAgainAt = time + this.#refresh;
  }

  /** Whether an unknown access key id may start a fetch now; the next one has to wait. @param {number} time */
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
   * A store recovers by itself. A document that is refused has to be fixed by a person.
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

  /** Seconds after which a request that can't be decided may be repeated. @param {number} time */
  retryAfter(time) {
    return Math.max(1, Math.ceil((this.#dueAt - time) / 1000));
  }
}
