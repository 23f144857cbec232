// Draws docs/dashboard.svg: the dashboard's widgets that are made of log lines, over a made-up day of a fleet whose
// requests went through the bundled functions. `node tests/deploy/dashboard-picture.mjs` writes it.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { FAILURE_METRICS, DECISION_METRICS } from '../../deploy/metrics.mjs';
import { ACCESS_KEY, NOW, SECOND_KEY, functions, sealedUploadId, signedEvent } from '../shim/fixture.mjs';
import { deploymentOf } from './fixture.mjs';
import { matches } from './insights.mjs';

export const PICTURE = new URL('../../docs/dashboard.svg', import.meta.url);

const HOURS = 24;
const HOUR = 3_600_000;
const MIDNIGHT = NOW - (NOW % (HOURS * HOUR));
const METRICS = [...DECISION_METRICS, ...FAILURE_METRICS];

/** A widget's place. */
const [COLUMNS, WIDTH, HEIGHT, MARGIN] = [2, 440, 150, 16];
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf', '#8c564b'];

/** Lines of a day: busy by day, with one device whose clock is wrong, one with an old secret, and SDKs of two part sizes. */
async function dayOfLines() {
  /** @type {any[]} */
  const lines = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    const time = MIDNIGHT + hour * HOUR;
    const handler = functions['viewer-request'].create({ now: () => time, log: (/** @type {any} */ line) => lines.push({ ...line, hour }) });
    const sent = async (/** @type {Parameters<typeof signedEvent>[0]} */ request, ahead = 0) =>
      handler(signedEvent({ ...request, headers: { date: new Date(time + ahead).toUTCString(), ...request?.headers } }));
    const busy = Math.round(6 + 5 * Math.sin(((hour - 9) / HOURS) * 2 * Math.PI));
    for (let upload = 0; upload < busy; upload += 1) {
      await sent({ headers: { 'content-length': String(200_000 + 10_000 * upload) } }, 1000 * ((upload % 5) - 2));
    }
    for (let part = 1; part <= busy; part += 1) {
      const querystring = `partNumber=${part}&uploadId=${sealedUploadId('video.bin')}`;
      await sent({ uri: '/video.bin', querystring, headers: { 'content-length': String(part % 3 === 0 ? 1_048_576 : 5_242_880) } });
    }
    if (hour % 3 === 0) await sent({ accessKey: SECOND_KEY, headers: { 'content-length': '10' } }, -2 * HOUR);
    if (hour === 5) await sent({ accessKey: SECOND_KEY, headers: { 'content-length': '0' } });
    if (hour > 14) await sent({ accessKey: { ...ACCESS_KEY, accessKeySecret: 'an old secret' } });
  }
  return lines;
}

/** @returns {Promise<string>} SVG */
export async function dashboardPicture() {
  const lines = await dayOfLines();
  const { stacks } = deploymentOf('an API, with every choice');
  const body = stacks.find(({ kind }) => kind === 'edge')?.template.Resources.Dashboard.Properties?.DashboardBody['Fn::Sub'];
  const widgets = JSON.parse(body).widgets.filter((/** @type {any} */ { properties }) => /OssEdge/u.test(JSON.stringify(properties)));
  const rows = Math.ceil(widgets.length / COLUMNS);
  const drawn = widgets.map((/** @type {any} */ { properties }, /** @type {number} */ at) => {
    const [x, y] = [(at % COLUMNS) * (WIDTH + MARGIN) + MARGIN, Math.floor(at / COLUMNS) * (HEIGHT + MARGIN) + MARGIN];
    return `<g transform="translate(${x} ${y})">${widget(properties, lines)}</g>`;
  });
  const [width, height] = [COLUMNS * (WIDTH + MARGIN) + MARGIN, rows * (HEIGHT + MARGIN) + MARGIN];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">\n` +
    `<rect width="${width}" height="${height}" fill="#f4f4f4"/>\n${drawn.join('\n')}\n</svg>\n`
  );
}

/** @param {any} properties @param {any[]} lines */
function widget({ title, metrics }, lines) {
  const text = JSON.stringify(metrics);
  const shown = METRICS.filter(({ name }) => text.includes(`"${name}"`) || text.includes(`\\"${name}\\"`));
  const series = shown.flatMap((metric) => seriesOf(metric, lines));
  const most = Math.max(1, ...series.flatMap(({ values }) => values.map(Math.abs)));
  const [left, top, width, height] = [40, 26, WIDTH - 190, HEIGHT - 46];
  const curves = series.map(({ label, values }, at) => {
    const points = values.map((value, hour) => `${left + (hour * width) / (HOURS - 1)},${(top + height - (Math.abs(value) * height) / most).toFixed(1)}`);
    const colour = COLOURS[at % COLOURS.length];
    return (
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>` +
      `<text x="${left + width + 10}" y="${top + 10 + at * 14}" fill="${colour}">${label}</text>`
    );
  });
  return (
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff" stroke="#ddd"/><text x="10" y="16" font-weight="bold">${title}</text>` +
    `<path d="M${left} ${top}V${top + height}H${left + width}" stroke="#999" fill="none"/>` +
    `<text x="${left - 4}" y="${top + 8}" text-anchor="end">${shortened(most)}</text>` +
    `<text x="${left}" y="${HEIGHT - 6}">00:00</text><text x="${left + width}" y="${HEIGHT - 6}" text-anchor="end">24:00</text>${curves.join('')}`
  );
}

/** @param {import('../../deploy/metrics.mjs').Metric} metric @param {any[]} lines @returns {{ label: string, values: number[] }[]} */
function seriesOf({ name, pattern, value, dimensions = {} }, lines) {
  const matching = lines.filter((line) => matches(pattern, line));
  const [field] = Object.values(dimensions).map((path) => path.replace('$.', ''));
  const labels = field === undefined ? [name] : [...new Set(matching.map((line) => line[field]))].sort();
  return labels.map((label) => ({
    label,
    values: Array.from({ length: HOURS }, (_, hour) => {
      const ofHour = matching.filter((line) => line.hour === hour && (field === undefined || line[field] === label));
      if (value === undefined) return ofHour.length;
      const values = ofHour.map((line) => line[value.replace('$.', '')]);
      return name.startsWith('Clock') ? Math.max(0, ...values.map(Math.abs)) : values.reduce((sum, one) => sum + one, 0);
    }),
  }));
}

/** @param {number} number */
function shortened(number) {
  return number >= 1e6 ? `${Math.round(number / 1e6)}M` : number >= 1e4 ? `${Math.round(number / 1e3)}k` : String(number);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(PICTURE, await dashboardPicture());
