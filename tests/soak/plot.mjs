// Draws what a run measured: node tests/soak/plot.mjs target/soak/samples.jsonl docs/soak.svg

import { readFileSync, writeFileSync } from 'node:fs';

const [, , from, to] = process.argv;
const samples = readFileSync(from, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const [WIDTH, HEIGHT, LEFT, GAP] = [900, 120, 70, 46];
const end = samples.at(-1).seconds;

/** Each with its lines; the scale begins at 0, or is logarithmic. */
const PANELS = [
  { title: 'small uploads of the generator, milliseconds (median, and 99 of 100)', logarithmic: true, lines: [{ colour: '#1f77b4', of: ({ median }) => median }, { colour: '#9ecae1', of: ({ slow }) => slow }] },
  { title: 'answered, a second', lines: [{ colour: '#2ca02c', of: ({ answered }, before) => answered / Math.max(1, before.period) }] },
  { title: 'memory, MiB (blue: with the API, orange: with the relay)', lines: [{ colour: '#1f77b4', of: ({ servers }) => servers.api.mib }, { colour: '#ff7f0e', of: ({ servers }) => servers.relay.mib }] },
  { title: 'open files and connections (blue: with the API, orange: with the relay)', lines: [{ colour: '#1f77b4', of: ({ servers }) => servers.api.files }, { colour: '#ff7f0e', of: ({ servers }) => servers.relay.files }] },
];

const x = (seconds) => Math.round(LEFT + (seconds / end) * WIDTH);
const total = PANELS.length * (HEIGHT + GAP) + GAP;
const parts = PANELS.flatMap((panel, number) => panelOf(panel, GAP + number * (HEIGHT + GAP)));
writeFileSync(
  to,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + LEFT + 20} ${total}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`,
);

function panelOf({ title, lines, logarithmic = false }, top) {
  const period = samples.length > 1 ? samples[1].seconds - samples[0].seconds : 1;
  const series = lines.map(({ colour, of }) => ({ colour, values: samples.map((sample) => of(sample, { period })) }));
  const most = Math.max(1, ...series.flatMap(({ values }) => values.filter((value) => value !== null)));
  const scale = logarithmic ? (value) => Math.log10(Math.max(1, value)) / Math.log10(most) : (value) => value / most;
  const y = (value) => Math.round(top + HEIGHT * (1 - scale(value)));
  return [
    ...faults(top),
    `<text x="${LEFT}" y="${top - 8}">${title}</text>`,
    `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${Math.round(most)}</text>`,
    `<text x="${LEFT - 6}" y="${top + HEIGHT}" text-anchor="end">${logarithmic ? 1 : 0}</text>`,
    `<text x="${LEFT + WIDTH}" y="${top + HEIGHT + 14}" text-anchor="end">${Math.round(end / 60)} min</text>`,
    `<path d="M${LEFT} ${top}V${top + HEIGHT}H${LEFT + WIDTH}" fill="none" stroke="#888"/>`,
    ...series.map(({ colour, values }) => `<polyline fill="none" stroke="${colour}" points="${pointsOf(values, y)}"/>`),
  ];
}

function pointsOf(values, y) {
  return values.flatMap((value, index) => (value === null ? [] : [`${x(samples[index].seconds)},${y(value)}`])).join(' ');
}

/** The times in which something was made to fail: red for Secrets Manager, grey for S3. */
function faults(top) {
  const turns = [];
  for (const [index, { turn, seconds }] of samples.entries()) {
    const since = index === 0 ? 0 : samples[index - 1].seconds;
    const last = turns.at(-1);
    if (last !== undefined && last.turn === turn && last.until === since) last.until = seconds;
    else if (turn !== null) turns.push({ turn, since, until: seconds });
  }
  return turns.map(({ turn, since, until }) => {
    const colour = turn.startsWith('S3') ? '#e8e8e8' : '#fbe3e1';
    return `<rect x="${x(since)}" y="${top}" width="${x(until) - x(since)}" height="${HEIGHT}" fill="${colour}"><title>${turn}</title></rect>`;
  });
}
