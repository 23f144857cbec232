// Medians and ratios of paired measurements.

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What a pair of measured series says: each one's median, the median of the ratios pair by pair, which holds
 * when the machine's speed drifts, and each one's least, which is nearest to a machine that does nothing else.
 *
 * @param {number[]} ours @param {number[]} theirs measured in turn
 */
export function paired(ours, theirs) {
  const ratios = ours.map((value, index) => value / theirs[index]);
  const least = { ours: Math.min(...ours), theirs: Math.min(...theirs) };
  return { ours: median(ours), theirs: median(theirs), ratio: median(ratios), least, pairs: ratios.length };
}

/**
 * Least squares through points.
 *
 * @param {[x: number, y: number][]} points
 * @returns {{ slope: number, intercept: number, r2: number }} r2: the share of the variance that the line explains
 */
export function line(points) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const sum = (/** @type {(x: number, y: number) => number} */ of) => points.reduce((total, [x, y]) => total + of(x - mx, y - my), 0);
  const slope = sum((x, y) => x * y) / sum((x) => x * x);
  return { slope, intercept: my - slope * mx, r2: sum((x, y) => x * y) ** 2 / (sum((x) => x * x) * sum((_, y) => y * y)) };
}
