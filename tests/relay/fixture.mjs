// A relay with a local S3, and requests that the edge handed over.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { S3Client } from '@aws-sdk/client-s3';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { readSettings } from '../../js-shim/relay/settings.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { DOCUMENTS, NOW, memoryLog, signedEvent } from '../shim/fixture.mjs';

export { chunked, exchange, parsed } from './wire.mjs';

export const SECRET = 'the-origin-secret-of-the-distribution';
export const LIMITED_KEY = { accessKeyId: 'LTAI5tTestDeviceLtd1', accessKeySecret: 'testSecretLtd1abcdefghijklmno' };
export const MIB = 1024 * 1024;

/** Bytes of `LIMITED_KEY`'s `maxObjectBytes`. */
export const LIMIT = 6 * MIB;

const { api: _, ...config } = DOCUMENTS.config;
export const RELAYED = {
  config: { ...config, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay' },
  accessKeys: { accessKeys: [...DOCUMENTS.accessKeys.accessKeys, { ...LIMITED_KEY, maxObjectBytes: LIMIT }] },
  secrets: DOCUMENTS.secrets,
};

export const functions = await loadFunctions(RELAYED);

/** The hand-over of a request that the edge sends to the relay. */
export async function handedOver(request = {}) {
  const forwarded = await functions['viewer-request'].create({ now: () => NOW, log: () => {} })(signedEvent(request));
  if (forwarded.status) throw new Error(forwarded.body);
  return { path: forwarded.uri, handOver: forwarded.headers['x-ossedge-request'][0].value };
}

/**
 * A relay and its S3.
 *
 * @param {{ settings?: object, s3Client?: (region: string) => Promise<any>, clock?: { now: number }, fault?: (call: any) => undefined }} [options]
 */
export async function startRelay({ settings = {}, s3Client, clock = { now: NOW }, fault } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-relay-'));
  const store = await startS3Server({ directory, buckets: ['fleet-uploads-prod'], fault });
  const { endpoint, credentials } = store;
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const { lines, log } = memoryLog();
  /** Until the relay has logged so many requests: it logs one when nothing of it is left. */
  const logged = async (count) => {
    while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const relay = functions.relay.create({
    originSecret: SECRET,
    settings: { ...readSettings({}), port: 0, ...settings },
    s3Options: { endpoint, credentials, forcePathStyle: true },
    s3Client,
    now: () => clock.now,
    log,
  });
  const port = await relay.listen('127.0.0.1');
  const closeStore = async () => {
    s3.destroy();
    await store.close();
    await rm(directory, { recursive: true });
  };
  return {
    port,
    s3,
    lines,
    logged,
    relay,
    directory,
    endpoint,
    close: async () => {
      await relay.stop();
      await closeStore();
    },
    closeStore,
  };
}

/** The lines of a request's head, without the framing. */
export function head({ path, handOver, method = 'PUT', secret = SECRET, version = '1.1' }, more = []) {
  const lines = [`${method} ${path} HTTP/${version}`, 'Host: relay.example.com', `x-ossedge-request: ${handOver}`];
  if (secret !== null) lines.push(`x-ossedge-origin-secret: ${secret}`);
  return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
}
