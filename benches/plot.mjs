// Plots as SVG: bars in pairs, and points with a line.

const WIDTH = 760;
/** Where bars begin, behind their labels. */
const BARS = 250;
const STYLE = 'font-family="system-ui, sans-serif" font-size="13"';
const OURS = '#1f6f8b';
const THEIRS = '#c2c7cc';

/**
 * Pairs of horizontal bars.
 *
 * @param {string} title @param {[ours: string, theirs: string]} names @param {string} unit
 * @param {{ label: string, ours: number, theirs: number, ratio: number }[]} rows
 */
export function bars(title, [ours, theirs], unit, rows) {
  const longest = Math.max(...rows.flatMap((row) => [row.ours, row.theirs]));
  const scale = (WIDTH - 420) / longest;
  const parts = rows.flatMap((row, index) => {
    const top = 62 + index * 44;
    return [
      text(10, top + 20, row.label),
      bar(top, row.ours * scale, OURS, `${row.ours.toFixed(1)} ${unit}, ${row.ratio.toFixed(2)} of it`),
      bar(top + 17, row.theirs * scale, THEIRS, `${row.theirs.toFixed(1)} ${unit}`),
    ];
  });
  const legend = [swatch(10, OURS), text(28, 49, ours), swatch(210, THEIRS), text(228, 49, theirs)];
  return svg(62 + rows.length * 44 + 6, [text(10, 22, title, 'font-weight="600"'), ...legend, ...parts]);
}

/**
 * Points, and the line through them.
 *
 * @param {string} title @param {[x: string, y: string]} axes @param {[x: number, y: number][]} points
 * @param {{ slope: number, intercept: number }} fit
 */
export function scatter(title, axes, points, { slope, intercept }) {
  const [left, top, right, bottom] = [60, 50, WIDTH - 20, 330];
  const maxX = Math.max(...points.map(([x]) => x));
  const maxY = 1.1 * Math.max(...points.map(([, y]) => y));
  const at = (/** @type {number} */ x, /** @type {number} */ y) => [left + (x / maxX) * (right - left), bottom - (y / maxY) * (bottom - top)];
  const [x1, y1] = at(0, intercept);
  const [x2, y2] = at(maxX, intercept + slope * maxX);
  return svg(380, [
    text(10, 22, title, 'font-weight="600"'),
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#666"/>`,
    `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${THEIRS}" stroke-width="2"/>`,
    ...points.map(([x, y]) => at(x, y)).map(([x, y]) => `<circle cx="${round(x)}" cy="${round(y)}" r="4" fill="${OURS}"/>`),
    ...[0, 0.5, 1].map((part) => text(left - 8, bottom - (part * (bottom - top)) / 1.1 + 4, ((part * maxY) / 1.1).toFixed(0), 'text-anchor="end"')),
    ...[0, 0.5, 1].map((part) => text(left + part * (right - left), bottom + 18, String(Math.round(part * maxX)), 'text-anchor="middle"')),
    text((left + right) / 2, bottom + 40, axes[0], 'text-anchor="middle"'),
    text(left, top - 8, axes[1]),
  ]);
}

/** @param {number} top @param {number} length @param {string} color @param {string} label */
function bar(top, length, color, label) {
  return `<rect x="${BARS}" y="${top}" width="${round(length)}" height="15" fill="${color}"/>${text(BARS + 6 + length, top + 12, label)}`;
}

/** @param {number} x @param {string} color */
function swatch(x, color) {
  return `<rect x="${x}" y="38" width="12" height="12" fill="${color}"/>`;
}

/** @param {number} x @param {number} y @param {string} content @param {string} [attributes] */
function text(x, y, content, attributes = '') {
  return `<text x="${round(x)}" y="${round(y)}" fill="#222" ${attributes}>${content}</text>`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

/** @param {number} height @param {string[]} parts */
function svg(height, parts) {
  const box = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} ${STYLE}>\n<rect width="100%" height="100%" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`;
}
