// More published SDKs upload through the gateway: those for Java, Android and Go, and npm's aliyun-sdk. Each release
// has a driver that goes through cases.mjs; clients.mjs says how each case ends today. The oldest and the latest release
// of each SDK, or with SDK_RELEASES=--all every one.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { ACCESS_KEYS, record, startGateway } from '../fixture.mjs';
import { BUILT } from './build.mjs';
import { casesOf, GATEWAYS } from './cases.mjs';
import { CLIENTS, expectedOf, releasesOf, signaturesOf } from './clients.mjs';
import { Device, createBodies } from './device.mjs';
import { recordOutcomes } from './outcomes.mjs';

const ALL = process.env.SDK_RELEASES === '--all';
const LEFT_OUT = JSON.parse(await readFile(join(BUILT, 'left-out.json'), 'utf8').catch(() => '{}'));
const require = createRequire(import.meta.url);

const outcomes = [];
let gateways;
let bodies;

before(async () => {
  const started = Object.entries(GATEWAYS).map(async ([name, options]) => [name, await startGateway(...options)]);
  gateways = Object.fromEntries(await Promise.all(started));
  bodies = await createBodies();
});

after(async () => {
  const all = Object.values(gateways);
  await Promise.all(all.map((gateway) => gateway.close()));
  await bodies.remove();
  const requests = all.flatMap((gateway) => gateway.requests);
  const log = JSON.stringify(requests);
  for (const { accessKeySecret, securityToken } of ACCESS_KEYS.accessKeys) {
    assert.ok(!log.includes(accessKeySecret) && !(securityToken && log.includes(securityToken)), 'no secret is logged');
  }
  await record(
    'sdks',
    requests.map((line) => ({ client: clientOf(line), ...line })),
  );
  await recordOutcomes(outcomes);
});

describe('published SDKs', { concurrency: 4 }, () => {
  for (const client of CLIENTS) {
    for (const release of releasesOf(client, ALL)) {
      test(`${client.name} ${release}`, { skip: LEFT_OUT[client.language], timeout: 300_000 }, async (t) => {
        const device = new Device(client, release, bodies, gateways);
        t.after(() => device.close());
        for (const { signature, ...step } of stepsOf(client, release)) {
          await t.test(`${step.name}, ${signature}`, async () => {
            const outcome = await device.outcomeOf(step, signature);
            outcomes.push({ client: client.id, release, case: step.name, signature, outcome });
            assert.equal(outcome, expectedOf(client, release, signature, step));
          });
        }
        assertIsRelease(client, release);
      });
    }
  }
});

function stepsOf(client, release) {
  const signatures = signaturesOf(client, release);
  return casesOf(client).flatMap((step) =>
    (step.once ? [signatures[0]] : signatures).map((signature) => ({ ...step, signature })),
  );
}

/** The row of docs/compatibility.md that a line of the log belongs to: every device's keys begin with its release. */
function clientOf({ key = '' }) {
  const [id, release] = key.split('/');
  const client = CLIENTS.find((known) => known.id === id);
  return client && `${client.name} ${release}`;
}

/** The driver ran the release that its name says. */
function assertIsRelease({ id, userAgent }, release) {
  if (!userAgent) {
    assert.equal(require(`aliyun-sdk-${release}/package.json`).version, release);
    return;
  }
  // Who uses a signed URL says nothing.
  const lines = gateways.usual.requests.filter((line) => line.key?.startsWith(`${id}/${release}/`) && line.userAgent);
  assert.ok(lines.length > 0);
  for (const line of lines) assert.ok(line.userAgent.startsWith(`${userAgent}${release}`), line.userAgent);
}
