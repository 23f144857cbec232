// Medians and ratios of paired measurements.

/**
 * @typedef {object} Pair
 * @property {number} ours the median
 * @property {number} theirs the median
 * @property {number} ratio the median of the ratios pair by pair, which holds when the machine's speed drifts
 * @property {number} pairs how many there are
 */

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {number[]} ours
 * @param {number[]} theirs measured in turn
 * @returns {Pair}
 */
export function paired(ours, theirs) {
  const ratios = ours.map((value, index) => value / theirs[index]);
  return { ours: median(ours), theirs: median(theirs), ratio: median(ratios), pairs: ratios.length };
}
