// The tables of docs/compatibility.md, from what the end-to-end tests' gateways logged, and how cases of sdks/ ended.
//
//   node tests/e2e/compatibility.mjs --check   fail unless the page has the tables of this run
//   node tests/e2e/compatibility.mjs --write   write the tables of this run into the page
//
// What a run leaves out stays as it is on the page: releases between the oldest and the latest, and languages that the
// machine has no tools for.

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { CLIENTS } from './sdks/clients.mjs';
import { outcomeTable, recordedOutcomes } from './sdks/outcomes.mjs';

const RECORDS = new URL('../../target/compatibility/', import.meta.url);
const PAGE = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));

const SCHEMES = { 'v1-header': 'V1, header', 'v1-url': 'V1, URL', 'v4-header': 'V4, header', 'v4-url': 'V4, URL' };
const LETTERS = {
  PutObject: 'P',
  InitiateMultipartUpload: 'I',
  UploadPart: 'U',
  ListParts: 'L',
  CompleteMultipartUpload: 'C',
  AbortMultipartUpload: 'A',
  HeadObject: 'H',
  GetObjectMeta: 'M',
};

/** What SDKs call themselves in User-Agent, or x-oss-user-agent, and what people call them. */
const NAMES = {
  'aliyun-sdk-python': 'oss2 (Python)',
  'alibabacloud-python-sdk-v2': 'alibabacloud-oss-v2 (Python)',
  'aliyun-sdk-nodejs': 'ali-oss (Node.js)',
  'aliyun-sdk-js': 'ali-oss (browser)',
  opendal: 'opendal (Rust, Python binding)',
};

/** Client, scheme and operation of each upload that was answered with success. */
async function succeeded() {
  const files = (await readdir(RECORDS)).filter((file) => file.endsWith('.jsonl'));
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, RECORDS), 'utf8')));
  const lines = texts.flatMap((text) => text.trim().split('\n').map((line) => JSON.parse(line)));
  return lines
    .filter(({ status }) => status >= 200 && status < 300)
    .map(({ client, userAgent, scheme, operation }) => ({ client: client ?? clientOf(userAgent), scheme, operation }));
}

/** @param {string} userAgent */
function clientOf(userAgent) {
  const [, product = '', version] = /^([a-z0-9-]+)\/([\d.]+)/u.exec(userAgent) ?? [];
  const name = NAMES[product];
  if (!name) throw new Error(`a request of no known SDK: ${userAgent}`);
  return `${name} ${version}`;
}

/** @param {Set<string>} kept clients whose rows of the page stay @param {string} page */
function table(uploads, kept, page) {
  const rows = new Map();
  for (const client of new Set(uploads.map((upload) => upload.client))) {
    rows.set(client, rowOf([client, ...Object.keys(SCHEMES).map((scheme) => cellOf(uploads, client, scheme))]));
  }
  for (const client of kept) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${client} |`));
    if (row && !rows.has(client)) rows.set(client, `${row}\n`);
  }
  const clients = [...rows.keys()].sort(new Intl.Collator('en', { numeric: true }).compare);
  const head = ['Client', ...Object.values(SCHEMES)];
  return [rowOf(head), rowOf(head.map(() => '---')), ...clients.map((client) => rows.get(client))].join('');
}

function cellOf(uploads, client, scheme) {
  const done = new Set(
    uploads.filter((upload) => upload.client === client && upload.scheme === scheme).map(({ operation }) => operation),
  );
  return Object.keys(LETTERS)
    .filter((operation) => done.has(operation))
    .map((operation) => LETTERS[operation])
    .join(' ');
}

function rowOf(cells) {
  return `| ${cells.join(' | ')} |\n`;
}

/** @param {string} page @param {string} name @param {string} table */
function replaced(page, name, table) {
  const [begin, end] = [`<!-- ${name}: made by ./build.sh compatibility -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/compatibility.md: expected the marks around ${name}`);
  return page.slice(0, from) + begin + table + page.slice(to);
}

const page = await readFile(PAGE, 'utf8');
const outcomes = await recordedOutcomes();
const ran = new Set(outcomes.map(({ client, release }) => `${client} ${release}`));
const leftOut = CLIENTS.flatMap(({ id, name, releases }) =>
  releases.filter((release) => !ran.has(`${id} ${release}`)).map((release) => `${name} ${release}`),
);
const withOperations = replaced(page, 'compatibility', table(await succeeded(), new Set(leftOut), page));
const expected = replaced(withOperations, 'outcomes', outcomeTable(outcomes));
if (process.argv[2] === '--write') {
  await writeFile(PAGE, expected);
} else if (expected !== page) {
  const lines = (/** @type {string} */ from, /** @type {string} */ other) =>
    from.split('\n').filter((line) => !other.split('\n').includes(line));
  const [gone, come] = [lines(page, expected), lines(expected, page)];
  const differences = [...gone.map((line) => `- ${line}`), ...come.map((line) => `+ ${line}`)];
  process.stderr.write(
    `docs/compatibility.md: the tables differ from what this run showed:\n\n${differences.join('\n')}\n\n` +
      'To write them: ./build.sh compatibility\n',
  );
  process.exitCode = 1;
}
