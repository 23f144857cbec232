// A relay that is the entrance, with a local S3, and clients that sign for it.

import { createHmac } from 'node:crypto';

import { S3Client } from '@aws-sdk/client-s3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { readSettings } from '../../js-shim/relay/settings.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { DOCUMENTS, NOW, memoryLog } from '../shim/fixture.mjs';

export const KEY = DOCUMENTS.accessKeys.accessKeys[0];
export const S3_BUCKET = 'fleet-uploads-prod';
/** That stands for the bucket, and a health path's look-alikes are tried at the other, where the path begins with a bucket. */
export const HOST = 'uploads.example.com';

const { api: _, ...config } = DOCUMENTS.config;

/** @param {object} [fields] of the configuration besides */
export function documents(fields = {}) {
  return { ...DOCUMENTS, config: { ...config, entrance: 'relay', bodiesWithoutLength: 'relay', ...fields } };
}

/**
 * @param {{ fields?: object, listener?: object, settings?: object, documents?: any,
 *   clock?: { now: number }, options?: object }} [given]
 */
export async function startEntrance({ fields, listener = {}, settings = {}, documents: given, clock = { now: NOW }, options = {} } = {}) {
  const { relay: bundled } = await loadFunctions(given ?? documents(fields));
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-entrance-'));
  const buckets = Object.values((given ?? documents(fields)).config.buckets).map(({ s3Bucket }) => s3Bucket);
  const store = await startS3Server({ directory, buckets });
  const { endpoint, credentials } = store;
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const { lines, log } = memoryLog();
  const relay = bundled.create({
    entrance: listener,
    settings: { ...readSettings({}), port: 0, ...settings },
    s3Options: { endpoint, credentials, forcePathStyle: true },
    now: () => clock.now,
    log,
    ...options,
  });
  const port = await relay.listen('127.0.0.1');
  return {
    port,
    relay,
    s3,
    lines,
    /** Until the relay has logged so many lines. */
    async logged(count) {
      while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      return lines.at(-1);
    },
    async close() {
      await relay.stop();
      s3.destroy();
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** Lines of a request signed by version 1, without its framing. `more` are lines that no signature covers. */
export function signed({ method = 'PUT', key = 'a.txt', query = '', headers = {}, host = HOST, bucket = 'fleet-uploads', secret = KEY.accessKeySecret }, more = []) {
  const date = new Date(NOW).toUTCString();
  const oss = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-')).map(([name, value]) => `${name}:${value}\n`);
  const resource = `/${bucket}/${key}${query && `?${query}`}`;
  const text = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date, `${oss.join('')}${resource}`].join('\n');
  const signature = createHmac('sha1', secret).update(text).digest('base64');
  const target = `/${key.split('/').map(encodeURIComponent).join('/')}${query && `?${query}`}`;
  const all = { Host: host, Date: date, Authorization: `OSS ${KEY.accessKeyId}:${signature}`, ...headers };
  const lines = [`${method} ${target} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), ...more];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
