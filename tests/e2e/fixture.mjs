// The gateway that the end-to-end tests upload through: its documents, and a look into its S3.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, RestoreObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { serve } from '../../cli/serve.mjs';
import { LogCheck } from './log-check.mjs';
import { startVersityGateway } from './versitygw.mjs';

export { localAgent } from './local-agent.mjs';

/** OSS buckets; the hosts that stand for one bucket stand for the first. */
export const BUCKET = 'fleet-uploads';
export const OTHER_BUCKET = 'fleet-logs';

/** The S3 bucket of each. */
export const S3_BUCKETS = { [BUCKET]: 'uploads-in-s3', [OTHER_BUCKET]: 'logs-in-s3' };

/** With OSS_EDGE_TRIGGERS=origin-request all these tests go through one function at origin request. */
const { OSS_EDGE_TRIGGERS: triggers } = process.env;

/**
 * Each style at two hosts where an SDK needs it: ali-oss sends path style to names only, oss2 sends
 * path style to `localhost` and to every IP address.
 */
const WITH_API = {
  ...(triggers ? { triggers } : {}),
  maxClockSkewSeconds: 300,
  maxUrlExpirySeconds: 86_400,
  hosts: [
    { host: 'localhost', style: 'cname', bucket: BUCKET },
    { host: 'uploads.test', style: 'cname', bucket: BUCKET },
    { host: '127.0.0.1', style: 'path' },
    { host: 'path.test', style: 'path' },
    { host: '*.oss.test', style: 'virtual-hosted' },
    { host: 'endpoint.test', style: 'endpoint', bucket: BUCKET },
  ],
  buckets: Object.fromEntries(Object.entries(S3_BUCKETS).map(([name, s3Bucket]) => [name, { s3Bucket, region: 'eu-west-1' }])),
  api: { domain: 'abc123.execute-api.eu-west-1.amazonaws.com', path: '/prod' },
};

const { api: _, ...WITHOUT_API } = WITH_API;

/** The relay is the entrance: no CloudFront is before it. */
export const ENTRANCE_CONFIG = { ...WITHOUT_API, entrance: 'relay' };

/** That of most tests. With OSS_EDGE_ENTRANCE=relay they go through the relay alone. */
export const IS_ENTRANCE = process.env.OSS_EDGE_ENTRANCE === 'relay';
export const CONFIG = IS_ENTRANCE ? ENTRANCE_CONFIG : WITH_API;

/** With a relay in place of the API. */
export const RELAY_CONFIG = {
  ...WITHOUT_API,
  relay: { domain: 'relay.example.com', path: '/v1' },
  bodiesWithoutLength: 'relay',
};

export const FIRST_KEY = { accessKeyId: 'LTAI5tEndToEndDevice1', accessKeySecret: 'endToEndSecretOfTheFirstKey001' };
export const SECOND_KEY = { accessKeyId: 'LTAI5tEndToEndDevice2', accessKeySecret: 'endToEndSecretOfTheSecondKey02' };
/** The only key with a security token, which has characters that a query must encode. */
export const STS_KEY = {
  accessKeyId: 'STS.NUEndToEndDevice3',
  accessKeySecret: 'endToEndSecretOfTheThirdKey003',
  securityToken: 'CAIS+end/to/end==Token&of%the#third?key=',
};
export const ACCESS_KEYS = { accessKeys: [FIRST_KEY, SECOND_KEY, STS_KEY] };

/** Whether S3 is Versity's gateway, and not the local one. */
export const IS_VERSITY_GATEWAY = process.env.E2E_S3 === 'versitygw';

/** What S3 has, asked of S3 itself and never through the gateway. */
export class StoredObjects {
  #client;
  #directory;

  /** `directory` is where the local S3 keeps its files. */
  constructor({ endpoint, credentials, directory }) {
    this.#client = new S3Client({ endpoint, credentials, region: 'eu-west-1', forcePathStyle: true, maxAttempts: 1 });
    this.#directory = directory;
  }

  /** An object, or null where the bucket has none under the key. */
  async get(key, bucket = BUCKET) {
    const object = { Bucket: S3_BUCKETS[bucket], Key: key };
    const found = await this.#client.send(new GetObjectCommand(object)).catch(async (error) => {
      if (error.name === 'NoSuchKey') return null;
      if (error.name !== 'InvalidObjectState') throw error;
      await this.#client.send(new RestoreObjectCommand({ ...object, RestoreRequest: { Days: 1 } }));
      return this.#client.send(new GetObjectCommand(object));
    });
    if (found === null) return null;
    const body = Buffer.from(await found.Body.transformToByteArray());
    return {
      body,
      sha256: sha256(body),
      metadata: found.Metadata,
      contentType: found.ContentType,
      cacheControl: found.CacheControl,
      contentDisposition: found.ContentDisposition,
      storageClass: found.StorageClass,
    };
  }

  /**
   * All there is: every bucket's objects, and every file on disk, so that a part, an upload that was
   * begun or a half-written body is seen as well.
   */
  async everything() {
    const objects = await Promise.all(Object.values(S3_BUCKETS).map((bucket) => this.#list(bucket)));
    const files = await readdir(this.#directory, { recursive: true });
    return { objects: objects.flat(), files: files.sort() };
  }

  /** Deletes every object. */
  async empty() {
    for (const bucket of Object.values(S3_BUCKETS)) {
      const objects = (await this.#contents(bucket)).map(({ Key }) => ({ Key }));
      if (objects.length > 0) await this.#client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects } }));
    }
  }

  close() {
    this.#client.destroy();
  }

  async #list(bucket) {
    return (await this.#contents(bucket)).map(({ Key, ETag, Size }) => `${bucket}/${Key} ${ETag} ${Size}`);
  }

  async #contents(bucket) {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents;
  }
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The gateway with an S3 of its own: what it logged in `requests`, each line also told by `logged` as `line` and
 * by its request id, and what arrived in `stored`. `options` are those of `serve`, as `now`, the functions' clock. What its
 * functions log is checked when it is closed.
 */
export async function startGateway(accessKeys = ACCESS_KEYS, { config = CONFIG, ...options } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-e2e-'));
  const requests = [];
  const logged = new EventEmitter();
  const log = (entry, decision) => {
    const line = { ...decision, ...entry };
    requests.push(line);
    logged.emit('line', line);
    if (line.ossRequestId) logged.emit(String(line.ossRequestId), line);
  };
  const check = new LogCheck(accessKeys);
  const functionLog = (text) => check.add(text);
  const other = IS_VERSITY_GATEWAY ? await startVersityGateway({ directory, buckets: Object.values(S3_BUCKETS) }) : undefined;
  const store = other ? { s3: other } : { data: directory };
  const server = await serve({ ...options, documents: { config, accessKeys }, ...store, log, functionLog });
  const stored = new StoredObjects({ ...server.s3, directory });
  return {
    server,
    stored,
    requests,
    logged,
    directory,
    url: server.url,
    /** The functions that have logged a line. */
    loggingFunctions: () => check.functions,
    assertStored: async (key, body) => {
      const object = await stored.get(key);
      assert.deepEqual([object?.body.length, object?.sha256], [body.length, sha256(body)], key);
    },
    close: async () => {
      stored.close();
      await server.close();
      await other?.close();
      await rm(directory, { recursive: true });
      assert.deepEqual(requests.filter(({ violation }) => violation), [], 'no function broke a rule of CloudFront');
      assert.deepEqual(check.end(), [], "the functions' log");
    },
  };
}

/** Where each client's tests leave what their gateway logged; the table in docs/compatibility.md is made of it. */
const RECORDS = new URL('../../target/compatibility/', import.meta.url);

export async function record(client, lines) {
  if (IS_ENTRANCE) return;
  await mkdir(RECORDS, { recursive: true });
  await writeFile(new URL(`${client}.jsonl`, RECORDS), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
