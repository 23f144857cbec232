// The budget of docs/performance.md.

import { readFileSync } from 'node:fs';

const budget = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8'));

/** The one limit that fails a build, see sizes.mjs. */
export const ZIP_BYTES = /** @type {number} */ (budget['dist/viewer-request.zip']);

/** Times of a warm function, by kind of request: at most so much of the time of the one in plain JavaScript. */
export const WARM = /** @type {Record<string, number>} */ ({
  'v1-header': 0.9,
  'v1-url': 0.9,
  'v4-header': 0.7,
  'v4-url': 0.7,
  'initiate, v1-header': 0.9,
  'refused: wrong signature, version 1': 0.5,
  'refused: wrong signature, version 4': 0.5,
  'refused: clock': 1,
  'refused: unknown key': 1,
  'refused: no signature': 1,
});

/** Processor time of a cold start, at most so much of that of plain JavaScript. */
export const COLD = 1.15;

/** MiB that 100,000 bundled keys take above the bare runtime. */
export const KEYS_MIB = 64;

/** MiB that a function with 100,000 fetched keys may take at most, with the runtime: what Lambda@Edge gives it. */
export const FETCHED_KEYS_MIB = 128;

/** MiB by which resident memory may grow over hostile requests. */
export const GROWTH_MIB = 8;

/** Processor time of the relay for a body, at most so much of that of a program that stores it with the AWS SDK. */
export const CPU_RATIO = 2;

/** Time of joining 1,000 parts, at most so much of that of the AWS SDK's own upload of the same bytes. */
export const JOIN_TIMES = { kib100: 1 / 0.4, mib1: 1 / 0.7 };

/** MiB that the relay may take for 32 bodies at once. */
export const RELAY_MIB = 512;
