// What is seen of a deployment: saved queries and metrics, over lines that the bundled functions wrote; alarms and their
// runbook; the dashboard.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { DECISION_METRICS, FAILURE_METRICS, JOIN_METRICS, RELAY_METRICS, namespaceOf } from '../../deploy/metrics.mjs';
import { QUERIES } from '../../deploy/queries.mjs';
import { ACCESS_KEY, DATE, NOW, SECOND_KEY, functions, sealedUploadId, signedEvent, viewerEvent } from '../shim/fixture.mjs';
import { PICTURE, dashboardPicture } from './dashboard-picture.mjs';
import { VARIANTS, deploymentOf } from './fixture.mjs';
import { matches, queried } from './insights.mjs';

const DAY = 86_400_000;
const PYTHON = { 'user-agent': 'aliyun-sdk-python/2.19.1' };
const TOMORROW = new Date(NOW + DAY).toUTCString();

/** @type {any[]} */
const lines = [];

/** @param {any} event @param {number} [now] */
async function recorded(event, now = NOW) {
  const handler = functions['viewer-request'].create({ now: () => now, log: (/** @type {any} */ line) => lines.push(JSON.parse(JSON.stringify(line))) });
  await handler(event);
}

const part = `partNumber=1&uploadId=${sealedUploadId('video.bin')}`;
await recorded(signedEvent({ headers: { 'content-length': '20', ...PYTHON } }));
await recorded(signedEvent({ headers: { 'content-length': '30', date: TOMORROW, ...PYTHON } }), NOW + DAY);
await recorded(signedEvent({ headers: { 'content-length': '0' }, accessKey: SECOND_KEY }));
await recorded(signedEvent({ uri: '/video.bin', querystring: part, headers: { 'content-length': '1048576', ...PYTHON } }));
await recorded(signedEvent({ uri: '/video.bin', querystring: part, headers: { 'content-length': '5242880', ...PYTHON } }));
await recorded(signedEvent({ accessKey: SECOND_KEY }), NOW + 3_600_000);
await recorded(signedEvent({ accessKey: SECOND_KEY }), NOW - 7_200_000);
await recorded(signedEvent({ accessKey: { ...SECOND_KEY, accessKeySecret: 'wrong' } }));
await recorded(viewerEvent({ method: 'PUT', uri: '/a', headers: { host: 'nowhere.example.com', date: DATE } }));
// A failure of the function itself, and one of fetching keys, as js-shim/ writes them.
lines.push({ log: 1, time: '2026-11-24T01:00:00.000Z', function: 'viewer-request', decision: 'deny', status: 500, code: 'InternalError', detail: 'unreachable' });
lines.push({ log: 1, time: '2026-11-24T01:00:00.000Z', function: 'viewer-request', level: 'error', event: 'access-keys', detail: 'us-east-1: timed out', usableUntil: null });

// Decided by fetched keys: the field that such a line has besides.
for (const keysAgeSeconds of [0, 61]) lines.push({ log: 1, function: 'viewer-request', keysAgeSeconds });

const [FIRST, SECOND] = [ACCESS_KEY, SECOND_KEY].map(({ accessKeyId }) => accessKeyId);

/** @type {Record<string, object[]>} */
const ROWS = {
  'uploads per device and day': [
    { accessKeyId: FIRST, day: '2026-11-25', uploads: 1, bytes: 30 },
    { accessKeyId: FIRST, day: '2026-11-24', uploads: 3, bytes: 20 + 1_048_576 + 5_242_880 },
    { accessKeyId: SECOND, day: '2026-11-24', uploads: 1, bytes: 0 },
  ],
  'devices with wrong clocks': [{ accessKeyId: SECOND, refused: 2, least: -3600, most: 7200 }],
  'devices by secret': [
    { accessKeyId: FIRST, generation: '1', requests: 4, last: '2026-11-25T01:52:57.000Z' },
    { accessKeyId: SECOND, generation: '1', requests: 1, last: '2026-11-24T01:52:57.000Z' },
  ],
  'small parts by SDK': [{ userAgent: 'aliyun-sdk-python/2.19.1', parts: 1, devices: 1 }],
  'silent devices': [
    { accessKeyId: SECOND, lastUpload: '2026-11-24T01:52:57.000Z' },
    { accessKeyId: FIRST, lastUpload: '2026-11-25T01:52:57.000Z' },
  ],
  'internal errors by cause': [{ function: 'viewer-request', detail: 'unreachable', requests: 1 }],
};

for (const { name, query } of QUERIES) {
  test(`the query "${name}" finds what it is for`, () => {
    const rows = queried(query, lines);
    if (name in ROWS) assert.deepEqual(rows, ROWS[name]);
    else {
      assert.deepEqual(
        rows.map((/** @type {any} */ row) => [row.accessKeyId, row.code, row.refused]).sort(),
        [[SECOND, 'RequestTimeTooSkewed', 2], [SECOND, 'SignatureDoesNotMatch', 1], [undefined, 'AccessDenied', 1], [undefined, 'InternalError', 1]].sort(),
      );
    }
  });
}

test('each metric counts the lines that it is for', () => {
  const counts = Object.fromEntries([...DECISION_METRICS, ...FAILURE_METRICS].map(({ name, pattern }) => [name, lines.filter((line) => matches(pattern, line)).length]));
  assert.deepEqual(counts, {
    Accepted: 5,
    AcceptedAll: 5,
    AcceptedByScheme: 5,
    Refused: 5,
    RefusedAll: 5,
    DeclaredBytes: 4,
    ClockBehindSeconds: 1,
    ClockAheadSeconds: 1,
    SmallParts: 1,
    SmallPartBytes: 1,
    EmptyObjects: 1,
    KeysAgeSeconds: 2,
    InternalErrors: 1,
    KeysUnavailable: 1,
  });
});

test('bytes of small parts, of joins and of the relay are counted', () => {
  const relayed = { log: 1, function: 'relay', decision: 'forward', status: 200, bytes: 7, joinedBytes: 9 };
  const sum = (/** @type {string} */ wanted) => {
    const metric = [...DECISION_METRICS, ...RELAY_METRICS, ...JOIN_METRICS].find(({ name }) => name === wanted);
    const counted = [...lines, relayed, { ...relayed, bytes: 0 }].filter((line) => matches(String(metric?.pattern), line));
    return counted.map((line) => line[String(metric?.value).slice(2)]).reduce((all, one) => all + one, 0);
  };
  assert.equal(sum('SmallPartBytes'), 1_048_576);
  assert.equal(sum('RelayBytes'), 7);
  assert.equal(sum('JoinedBytes'), 18);
  assert.equal(sum('KeysAgeSeconds'), 61);
});

test("a metric's value and dimensions are fields of the log, and its dimensions have few values", async () => {
  const { properties } = JSON.parse(await readFile(new URL('../../cli/schema/log-line.schema.json', import.meta.url), 'utf8'));
  for (const { value, dimensions = {}, name } of [...DECISION_METRICS, ...FAILURE_METRICS, ...RELAY_METRICS, ...JOIN_METRICS]) {
    for (const field of [value, ...Object.values(dimensions)].filter(Boolean)) assert.ok(String(field).slice(2) in properties, `${name}: ${field}`);
    for (const field of Object.values(dimensions)) assert.ok(['$.operation', '$.scheme', '$.code'].includes(field), `${name}: ${field}`);
  }
});

test('each alarm says what happens, and where its entry of the runbook is', async () => {
  const docs = await readFile(new URL('../../docs/operate.md', import.meta.url), 'utf8');
  const anchors = [...docs.matchAll(/^#+ (.+)$/gmu)].map(([, heading]) => heading.toLowerCase().replaceAll(/[^a-z0-9 -]/gu, '').replaceAll(' ', '-'));
  const alarms = Object.keys(VARIANTS).flatMap((variant) =>
    deploymentOf(variant).stacks.flatMap(({ template }) => Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')),
  );
  assert.ok(alarms.length > 20);
  for (const { Properties } of alarms) {
    const [, anchor] = /^[A-Z].+\. Runbook: docs\/operate\.md#([a-z0-9-]+)$/u.exec(Properties?.AlarmDescription) ?? [];
    assert.ok(anchors.includes(anchor), Properties?.AlarmDescription);
    assert.ok(Properties?.AlarmActions.length > 0);
  }
});

test('an alarm is on a metric that the deployment makes, or AWS', () => {
  const known = new Set([...DECISION_METRICS, ...FAILURE_METRICS].map(({ name }) => name));
  for (const variant of Object.keys(VARIANTS)) {
    const { plan, stacks } = deploymentOf(variant);
    for (const { template } of stacks) {
      for (const { Type, Properties = {} } of Object.values(template.Resources)) {
        if (Type !== 'AWS::CloudWatch::Alarm') continue;
        const sources = Properties.Metrics?.flatMap((/** @type {any} */ { MetricStat }) => MetricStat?.Metric ?? []) ?? [Properties];
        assert.ok(sources.length > 0);
        for (const { Namespace, MetricName, Dimensions = [] } of sources) {
          if (Namespace.startsWith('AWS/')) continue;
          assert.equal(Namespace, namespaceOf(plan));
          assert.ok(known.has(MetricName), MetricName);
          // Without dimensions, as the filters have none on these.
          assert.deepEqual(Dimensions, []);
        }
      }
    }
  }
});

test('an alarm rings when most requests are refused, and not for a few of strangers', () => {
  const { Resources = {} } = deploymentOf('the least').stacks.find(({ kind }) => kind === 'watch')?.template ?? {};
  const { Metrics, Threshold } = Resources.AlarmMostRefused.Properties ?? {};
  const [part, rest, share] = Metrics;
  assert.deepEqual([part, rest].map(({ MetricStat }) => MetricStat.Metric.MetricName), ['RefusedAll', 'AcceptedAll']);
  // CloudWatch's IF and FILL, of numbers.
  const text = share.Expression.replaceAll(/FILL\((\w+), 0\)/gu, '($1 ?? 0)').replace(/^IF\((.+), (.+), 0\)$/u, '$1 ? $2 : 0');
  const shareOf = new Function('part', 'rest', `return ${text}`);
  for (const [refused, accepted, rings] of [[undefined, 5000, false], [99, 0, false], [100, undefined, true], [80, 20, false], [81, 19, true], [1000, 9000, false], [9000, 1000, true]]) {
    assert.equal(shareOf(refused, accepted) > Threshold, rings, `${refused} ${accepted}`);
  }
});

test('metrics and queries are of the log of the function that decides, and no log goes with a change of triggers', () => {
  for (const [variant, decides, other] of [['the least', 'ViewerRequest', 'OriginRequest'], ['one function at origin request, and an API', 'OriginRequest', 'ViewerRequest']]) {
    const { Resources = {} } = deploymentOf(variant).stacks.find(({ kind }) => kind === 'watch')?.template ?? {};
    for (const { name } of DECISION_METRICS) assert.ok(`${decides}Log${name}` in Resources && !(`${other}Log${name}` in Resources), name);
    for (const { name } of FAILURE_METRICS) assert.ok(`${decides}Log${name}` in Resources && `${other}Log${name}` in Resources, name);
    const queries = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Logs::QueryDefinition');
    assert.equal(queries.length, QUERIES.length);
    const every = [{ Ref: 'ViewerRequestLog' }, { Ref: 'OriginRequestLog' }, { Ref: 'OriginResponseLog' }];
    for (const { Properties } of queries) {
      // Of three functions, what is wrong with a seal is in the log of the second.
      const groups = Properties?.Name.endsWith('/internal errors by cause') ? every : [{ Ref: `${decides}Log` }];
      assert.deepEqual(Properties?.LogGroupNames, groups, Properties?.Name);
    }
    assert.deepEqual(Object.values(Resources).filter(({ Type }) => Type === 'AWS::Logs::LogGroup').length, 3);
  }
});

test('docs/deployment.md has every field of the log, and every event', async () => {
  const docs = await readFile(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
  const section = docs.slice(docs.indexOf('\n## Logs\n'));
  const { properties } = JSON.parse(await readFile(new URL('../../cli/schema/log-line.schema.json', import.meta.url), 'utf8'));
  for (const name of [...Object.keys(properties), ...properties.event.enum]) assert.ok(section.includes(`\`${name}\``), name);
});

test('the dashboard shows every metric in every Region, and no two widgets overlap', () => {
  const { plan, stacks } = deploymentOf('an API, with every choice');
  const body = stacks.find(({ kind }) => kind === 'edge')?.template.Resources.Dashboard.Properties?.DashboardBody['Fn::Sub'];
  const { widgets } = JSON.parse(body);
  const text = JSON.stringify(widgets);
  for (const { name } of [...DECISION_METRICS, ...FAILURE_METRICS].filter(({ name }) => !['Refused', 'AcceptedAll'].includes(name))) assert.ok(text.includes(`"${name}"`) || text.includes(`\\"${name}\\"`), name);
  for (const region of plan.edgeRegions) assert.ok(text.includes(`"region":"${region}"`), region);
  const { Properties } = deploymentOf('a web function').stacks.find(({ kind }) => kind === 'edge')?.template.Resources.Dashboard ?? {};
  for (const { name } of RELAY_METRICS) assert.ok(JSON.stringify(Properties).includes(name), name);
  const places = widgets.map((/** @type {any} */ { x, y }) => `${x} ${y}`);
  assert.equal(new Set(places).size, widgets.length);
});

test('docs/dashboard.svg is the dashboard as it is', async () => {
  assert.equal(await readFile(PICTURE, 'utf8'), await dashboardPicture(), 'run `node tests/deploy/dashboard-picture.mjs`');
});
