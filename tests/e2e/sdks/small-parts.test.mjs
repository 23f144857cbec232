// The SDKs that drivers run upload parts that are too small for S3, by their helpers' own part sizes and by others.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { CONFIG, RELAY_CONFIG, startGateway } from '../fixture.mjs';
import { BUILT } from './build.mjs';
import { CLIENTS, releasesOf } from './clients.mjs';
import { Device, createBodies } from './device.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const LEFT_OUT = JSON.parse(await readFile(join(BUILT, 'left-out.json'), 'utf8').catch(() => '{}'));

const gateways = {};
let bodies;

before(async () => {
  bodies = await createBodies();
  gateways.api = await startGateway(undefined, { config: { ...CONFIG, smallParts: 'stage' } });
  gateways.relay = await startGateway(undefined, { config: { ...RELAY_CONFIG, smallParts: 'stage' } });
});

after(async () => {
  for (const gateway of Object.values(gateways)) await gateway.close();
  await bodies.remove();
});

/** An SDK that sends parts at once starts over if its first part wasn't stored when the connection broke. */
function stepsOf({ host, helperPartSize }) {
  const steps = [
    { name: 'its helper, parts of 100 KiB', operation: 'upload', body: 3 * MIB + 17, device: { host, partSize: 100 * KIB } },
    { name: 'its helper, parts of 1 MiB', operation: 'upload', body: 11 * MIB + 17, device: { host, partSize: MIB } },
    { name: 'its helper, after the connection broke', operation: 'resume', body: 3 * MIB + 1, device: { host, partSize: MIB }, expected: /^(?:resumed|starts over)$/u },
  ];
  const own = { name: 'its helper, its own part size', operation: 'upload', body: 2.5 * (helperPartSize ?? 0), device: { host } };
  return helperPartSize ? [own, ...steps] : steps;
}

describe('small parts, by published SDKs', { concurrency: 2 }, () => {
  for (const client of CLIENTS.filter(({ helper }) => helper)) {
    const release = releasesOf(client, false).at(-1);
    for (const by of ['api', 'relay']) {
      test(`${client.name} ${release}, through the ${by}`, { skip: LEFT_OUT[client.language], timeout: 300_000 }, async (t) => {
        const gateway = gateways[by];
        const device = new Device(client, release, bodies, { usual: gateway });
        t.after(() => device.close());
        for (const { expected = /^stored$/u, ...step } of stepsOf(client)) {
          await t.test(step.name, async () => assert.match(await device.outcomeOf(step, client.signatures[0]), expected));
        }
      });
    }
  }
});
