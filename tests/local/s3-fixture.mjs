// The local S3 with an empty bucket, asked by the AWS SDK and by requests that are signed as origin access control signs them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import {
  CreateMultipartUploadCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3';

import { openRequest, signedRequest } from '../../local/origin-access-control.mjs';
import { startS3Server } from '../../local/s3-server.mjs';

export const Bucket = 'devices';

/** The smallest part of S3's that isn't the last. */
export const MINIMUM = 5 * 1024 * 1024;

/** @param {Partial<Parameters<typeof startS3Server>[0]>} [options] */
export async function startTestS3(options = {}) {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 's3-server-')));
  const server = await startS3Server({ directory, buckets: [Bucket], ...options });
  const client = new S3Client({
    endpoint: server.endpoint,
    credentials: server.credentials,
    region: 'eu-west-1',
    forcePathStyle: true,
    maxAttempts: 1,
    // As the functions behind the API have it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const run = (Command, input, sending = {}) => client.send(new Command({ Bucket, ...input }), sending);

  /** A request that is signed as origin access control signs it; `change` is made after that. */
  async function signed({ method = 'PUT', uri, querystring = '', headers = {}, change = (request) => request, s3 = {} }) {
    const lines = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value: String(value) }]]);
    const origin = { s3: { domainName: `${Bucket}.s3.eu-west-1.amazonaws.com`, path: '', customHeaders: {} } };
    const request = { method, uri, querystring, headers: Object.fromEntries(lines), origin };
    return change(await signedRequest(request, { ...server, region: 'eu-west-1', ...s3 }));
  }

  return {
    directory,
    endpoint: server.endpoint,
    credentials: server.credentials,
    client,
    run,
    signed,

    /** What S3 answers to such a request. */
    ask: async ({ body = '', ...request }) => send(await signed(request), body),

    /** The bytes of an object. */
    stored: async (Key, options = {}) => {
      const { Body } = await run(GetObjectCommand, { Key, ...options });
      return Buffer.from(await Body.transformToByteArray());
    },

    exists: (Key) => run(HeadObjectCommand, { Key }).then(() => true, ({ name }) => (assert.equal(name, 'NotFound'), false)),

    put: (Key, Body, options = {}, sending = {}) => run(PutObjectCommand, { Key, Body, ...options }, sending),

    /** An upload that was begun, for the commands of its parts. */
    begin: async (Key, options = {}) => {
      const { UploadId } = await run(CreateMultipartUploadCommand, { Key, ...options });
      return { Bucket, Key, UploadId };
    },

    part: async (upload, PartNumber, Body) => {
      const { ETag } = await run(UploadPartCommand, { ...upload, PartNumber, Body });
      return { PartNumber, ETag };
    },

    /** How many data files there are: objects, parts, and what nobody deleted. */
    dataFiles: async () => (await readdir(join(directory, Bucket, 'data'))).length,

    close: async () => {
      client.destroy();
      await server.close();
      if (!options.directory) await rm(directory, { recursive: true });
    },
  };
}

/** @param {import('../../local/origin-access-control.mjs').SignedRequest} request @param {string | Buffer} body */
export async function send(request, body) {
  const upstream = openRequest(request);
  upstream.write(Buffer.from(body));
  upstream.end();
  const [message] = await once(upstream, 'response');
  const answer = await text(message);
  return { status: message.statusCode, headers: message.headers, text: answer, code: /<Code>(.*?)<\/Code>/.exec(answer)?.[1] };
}

export async function waitFor(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
