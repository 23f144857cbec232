// What `keys retire` reads of a log, in each form in which it is exported.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readUse } from '../../cli/keys/usage-log.mjs';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-usage-log-'));
after(() => rm(directory, { recursive: true }));

const LINES = [
  { time: '2026-11-25T12:00:00.000Z', function: 'viewer-request', accessKeyId: 'first', generation: '1' },
  { time: '2026-11-25T12:30:00.000Z', function: 'viewer-request', accessKeyId: 'first', generation: '2' },
  { time: '2026-11-25T13:00:00.000Z', function: 'authorizer', accessKeyId: 'first', generation: '1' },
  { time: '2026-11-25T13:00:00.000Z', function: 'viewer-request', accessKeyId: 'second', generation: '1' },
  // Not verified.
  { time: '2026-11-25T14:00:00.000Z', function: 'viewer-request', accessKeyId: 'first', code: 'SignatureDoesNotMatch' },
];
const MESSAGES = LINES.map((line) => JSON.stringify(line));

/** The output of `aws logs filter-log-events`. */
const FILTERED = {
  events: [...MESSAGES, 'START RequestId: 1 Version: 7', '[INFO] {}'].map((message, index) => ({
    logStreamName: '2026/11/25/[7]0123', timestamp: 1_795_608_000_000 + index, message: `${message}\n`, ingestionTime: 1_795_608_001_000, eventId: String(index),
  })),
  searchedLogStreams: [],
};

/** The output of `aws logs get-query-results`. */
const insights = (/** @type {(line: any) => Record<string, string>} */ fieldsOf) => ({
  results: LINES.map((line) => [...Object.entries(fieldsOf(line)).map(([field, value]) => ({ field, value })), { field: '@ptr', value: 'CmEK' }]),
  statistics: { recordsMatched: LINES.length, recordsScanned: 100, bytesScanned: 1 },
  status: 'Complete',
});
const BY_MESSAGE = insights((line) => ({ '@timestamp': '2026-11-25 00:00:00.000', '@message': JSON.stringify(line) }));
const BY_FIELDS = insights(({ time, accessKeyId, generation }) => ({
  '@timestamp': time.replace('T', ' ').replace('Z', ''), accessKeyId, ...(generation && { generation }),
}));

for (const [form, text] of Object.entries({
  'JSON lines': MESSAGES.join('\n'),
  'lines with text before the object': MESSAGES.map((message) => `2026-11-25T12:00:00 [7]0123 ${message}`).join('\n'),
  'filter-log-events': JSON.stringify(FILTERED, null, 4),
  'filter-log-events on one line': JSON.stringify(FILTERED),
  'the pages of filter-log-events': [0, 2].map((from) => JSON.stringify({ ...FILTERED, events: FILTERED.events.slice(from, from === 0 ? 2 : undefined) }, null, 2)).join('\n'),
  'Logs Insights, whole messages': JSON.stringify(BY_MESSAGE, null, 4),
  'Logs Insights, its fields': JSON.stringify(BY_FIELDS, null, 4),
  'Logs Insights, exported by the console': JSON.stringify(LINES.map((line) => ({ '@timestamp': '2026-11-25 00:00:00.000', '@message': line })), null, 2),
})) {
  test(`reads ${form}`, async () => {
    const file = await written(text);
    const log = await readUse([file], 0);
    assert.equal(log.requests, 4);
    assert.deepEqual(log.usesOf('first'), new Map([['1', { requests: 2, last: '2026-11-25T13:00:00.000Z' }], ['2', { requests: 1, last: '2026-11-25T12:30:00.000Z' }]]));
    assert.deepEqual(log.usesOf('second'), new Map([['1', { requests: 1, last: '2026-11-25T13:00:00.000Z' }]]));
    const later = await readUse([file], Date.parse('2026-11-25T12:30:00.001Z'));
    assert.deepEqual([...later.usesOf('first')], [['1', { requests: 1, last: '2026-11-25T13:00:00.000Z' }]]);
  });
}

test('refuses a part of the output, which proves nothing', async () => {
  for (const part of [
    { ...FILTERED, nextToken: 'eyJ' },
    { ...BY_MESSAGE, status: 'Running' },
    { ...BY_MESSAGE, statistics: { recordsMatched: LINES.length + 1 } },
  ]) {
    for (const spaces of [undefined, 2]) {
      await assert.rejects(readUse([await written(JSON.stringify(part, null, spaces))], 0), /log: expected the whole output/u);
    }
  }
  const cut = JSON.stringify(FILTERED, null, 2).slice(0, -2);
  await assert.rejects(readUse([await written(cut)], 0), /expected the whole output/u);
});

test('counts all keys of a master key, and no other', async () => {
  const ids = ['OE1.a1.SN-1', 'OE1.a1.SN-2.e4102444800.slogs', 'OE1.a10.SN-1', 'a1'];
  const lines = ids.map((accessKeyId, index) => JSON.stringify({ time: `2026-11-25T12:00:0${index}.000Z`, accessKeyId, generation: 'a1' }));
  const log = await readUse([await written(lines.join('\n'))], 0);
  assert.deepEqual(log.useOfMasterKey('a1'), { requests: 2, last: '2026-11-25T12:00:01.000Z' });
  assert.equal(log.useOfMasterKey('a2'), undefined);
});

/** @param {string} text */
async function written(text) {
  const file = join(directory, 'log');
  await writeFile(file, text);
  return file;
}
