// The table of docs/compatibility.md, from what the end-to-end tests' gateways logged.
//
//   node tests/e2e/compatibility.mjs --check   fail unless the page has the table of this run
//   node tests/e2e/compatibility.mjs --write   write the table of this run into the page

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const RECORDS = new URL('../../target/compatibility/', import.meta.url);
const PAGE = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));
const [BEGIN, END] = ['<!-- compatibility: made by ./build.sh compatibility -->\n', '<!-- end of compatibility -->'];

const SCHEMES = { 'v1-header': 'V1, header', 'v1-url': 'V1, URL', 'v4-header': 'V4, header', 'v4-url': 'V4, URL' };
const LETTERS = {
  PutObject: 'P',
  InitiateMultipartUpload: 'I',
  UploadPart: 'U',
  ListParts: 'L',
  CompleteMultipartUpload: 'C',
  AbortMultipartUpload: 'A',
};

/** What SDKs call themselves in User-Agent, or x-oss-user-agent, and what people call them. */
const CLIENTS = {
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
  return lines.filter(({ status }) => status >= 200 && status < 300).map(({ userAgent, scheme, operation }) => ({ client: clientOf(userAgent), scheme, operation }));
}

/** @param {string} userAgent */
function clientOf(userAgent) {
  const [, product = '', version] = /^([a-z0-9-]+)\/([\d.]+)/u.exec(userAgent) ?? [];
  const name = CLIENTS[product];
  if (!name) throw new Error(`a request of no known SDK: ${userAgent}`);
  return `${name} ${version}`;
}

function table(uploads) {
  const clients = [...new Set(uploads.map(({ client }) => client))].sort(new Intl.Collator('en', { numeric: true }).compare);
  const head = ['Client', ...Object.values(SCHEMES)];
  const rows = clients.map((client) => [client, ...Object.keys(SCHEMES).map((scheme) => cellOf(uploads, client, scheme))]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function cellOf(uploads, client, scheme) {
  const done = uploads.filter((upload) => upload.client === client && upload.scheme === scheme).map(({ operation }) => operation);
  return Object.keys(LETTERS).filter((operation) => done.includes(operation)).map((operation) => LETTERS[operation]).join(' ');
}

const made = `${BEGIN}${table(await succeeded())}${END}`;
const page = await readFile(PAGE, 'utf8');
const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
if (start < 0 || end < start) throw new Error('docs/compatibility.md: expected the marks around the table');
const expected = page.slice(0, start) + made + page.slice(end + END.length);
if (process.argv[2] === '--write') {
  await writeFile(PAGE, expected);
} else if (expected !== page) {
  process.stderr.write(`docs/compatibility.md: the table differs from what this run showed:\n\n${made}\n\nTo write it: ./build.sh compatibility\n`);
  process.exitCode = 1;
}
