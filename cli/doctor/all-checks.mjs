// A check for every assumption of docs/assumptions.md, including those that no request can test.

import { API_CHECKS } from './api-checks.mjs';
import { BY_HAND } from './by-hand.mjs';
import { CHECKS as FIRST_CHECKS, STORED as FIRST_STORED } from './checks.mjs';
import { PART_CHECKS } from './part-checks.mjs';
import { RELAY_CHECKS } from './relay-checks.mjs';
import { UPLOAD_CHECKS } from './upload-checks.mjs';

/** @type {readonly import('./finding.mjs').Check[]} */
export const CHECKS = [
  ...FIRST_CHECKS,
  ...UPLOAD_CHECKS,
  ...API_CHECKS,
  ...PART_CHECKS,
  ...RELAY_CHECKS,
  ...BY_HAND.map(({ id, what, why }) => ({
    id,
    what,
    follows: '',
    run: async () => ({ verdict: /** @type {const} */ ('unknown'), found: `by hand: ${why}` }),
  })),
];

/** The names of objects that checks store without reading them. */
export const STORED = [
  ...FIRST_STORED,
  ...['signed', 'no-overwrite', 'a b+c', 'begun', 'ended', 'staged', 'staged-tail', 'staged-empty', 'headed'],
  ...['cut-within', 'cut-between', 'too-short', 'too-long', 'chunks-1', 'chunks-2', 'stream', 'stream-cut'],
];
