// Rows of the budget, and how they are printed.

import { table } from '../cli/table.mjs';

/**
 * @typedef {{ what: string, limit?: number, kept?: boolean }} Judged
 * @typedef {import('./statistics.mjs').Pair & Judged} PairRow
 * @typedef {{ value: number } & Judged} Row
 */

/**
 * @param {string} what
 * @param {import('./statistics.mjs').Pair} pair
 * @param {number} [limit] of the ratio
 * @returns {PairRow}
 */
export function withLimit(what, pair, limit) {
  return limit === undefined ? { what, ...pair } : { what, ...pair, limit, kept: pair.ratio <= limit };
}

/**
 * @param {string} what
 * @param {number} value
 * @param {number} [limit]
 * @returns {Row}
 */
export function row(what, value, limit) {
  return limit === undefined ? { what, value } : { what, value, limit, kept: value <= limit };
}

/** @param {string} head @param {PairRow[]} rows */
export function printPairs(head, rows) {
  const cells = rows.map(({ what, ours, theirs, ratio, ...judged }) => [
    what,
    ours.toFixed(1),
    theirs.toFixed(1),
    ratio.toFixed(2),
    ...verdict(judged),
  ]);
  print([head, 'oss-edge', 'JavaScript', 'ratio', 'limit', 'kept'], cells);
  return rows;
}

/** @param {string} head @param {string} unit @param {Row[]} rows */
export function printRows(head, unit, rows) {
  const cells = rows.map(({ what, value, ...judged }) => [
    what,
    Number.isInteger(value) ? String(value) : value.toFixed(1),
    ...verdict(judged),
  ]);
  print([head, unit, 'limit', 'kept'], cells);
  return rows;
}

/** @param {Omit<Judged, 'what'>} judged */
function verdict({ limit, kept }) {
  return limit === undefined ? ['', ''] : [String(limit), kept ? 'yes' : 'NO'];
}

/** @param {string[]} heads @param {string[][]} cells */
export function print(heads, cells) {
  process.stdout.write(`${table(heads, cells)}\n\n`);
}
