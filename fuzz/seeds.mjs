// The inputs that each target begins with, made from tests/vectors and tests/malformed: requests of real SDKs, which the
// targets sign again with keys of their own.

import { readFileSync } from 'node:fs';

const read = (/** @type {string} */ path) =>
  JSON.parse(readFileSync(new URL(`../tests/${path}`, import.meta.url), 'utf8'));

/** Parameters of signatures, which the target writes anew. */
const OF_SIGNATURES =
  /^(OSSAccessKeyId|Expires|Signature|x-oss-(signature(-version)?|credential|date|expires|additional-headers))(=|$)/;

/** @typedef {{ deployment?: string, key: string, sign: string, expires: number, wire: object }} Case */

/** A request of a vector, for a host of the targets' own, dated when they are. */
function caseOf(/** @type {any} */ vector, /** @type {string} */ version) {
  const { method, pathAndQuery, headers } = vector.request;
  const [path, query = ''] = pathAndQuery.split('?');
  const isInUrl = /(Signature|x-oss-signature)=/.test(query);
  const kept = headers
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) => !['host', 'authorization', 'date', 'x-oss-date'].includes(name));
  const date = ['date', 'Tue, 24 Nov 2026 01:52:57 GMT'];
  return {
    deployment: 'Relay',
    key: 'LTAI5tFuzzDevice01',
    sign: `${version}-${isInUrl ? 'url' : 'header'}`,
    expires: 3600,
    wire: {
      method,
      path: vector.style === 'path' ? path.replace(/^\/[^/%]*/, '/fleet-uploads') : path,
      query: query
        .split('&')
        .filter((/** @type {string} */ parameter) => !OF_SIGNATURES.test(parameter))
        .join('&'),
      headers: [['host', vector.style === 'path' ? '127.0.0.1' : 'uploads.example.com'], date, ...kept],
    },
  };
}

/** @type {Record<string, () => object[]>} */
const SEEDS = {
  request: () => [
    ...read('vectors/signature-v1-header.json').vectors.map((/** @type {any} */ vector) => caseOf(vector, 'v1')),
    ...read('vectors/signature-v1-url.json').vectors.map((/** @type {any} */ vector) => caseOf(vector, 'v1')),
    ...read('vectors/signature-v4.json').vectors.map((/** @type {any} */ vector) => caseOf(vector, 'v4')),
    ...read('malformed/requests.json').requests.map((/** @type {any} */ { method, uri, query, headers }) => ({
      key: 'LTAI5tFuzzDevice01',
      sign: 'as-is',
      wire: { method, path: uri, query, headers },
    })),
  ],
  upload_ids: () =>
    read('vectors/seals.json').sealedUploadIds.map((/** @type {any} */ vector) => ({
      s3_bucket: vector.s3Bucket,
      key: vector.key,
      s3_id: vector.s3UploadId,
      options: vector.options,
      begun: vector.now,
    })),
  hand_overs: () =>
    read('vectors/seals.json').handOvers.map((/** @type {any} */ vector) => ({
      wire: {
        method: vector.method,
        path: vector.uri,
        query: vector.query,
        headers: vector.headers.filter((/** @type {string[]} */ [name = '']) => !name.startsWith('x-ossedge-')),
      },
      request_id: vector.requestId,
      origin: vector.origin ?? '',
      sealed: 3,
    })),
  derived_keys: () => {
    const { vectors, malformed } = read('vectors/derived-keys.json');
    return [
      ...vectors.map((/** @type {any} */ vector) => ({ id: vector.accessKeyId, master_secret: vector.masterSecret })),
      ...malformed.map((/** @type {any} */ id) => ({ id: typeof id === 'string' ? id : (id.accessKeyId ?? '') })),
    ];
  },
  canonical: () =>
    read('vectors/signature-v4.json').vectors.map((/** @type {any} */ vector) => {
      const one = [vector.bucket, vector.key, caseOf(vector, 'v4').wire];
      return { one, other: one, additional: vector.additionalHeaders ?? '' };
    }),
};

/** The seeds of a target; the others begin with what their own mutation makes. */
export function seeds(/** @type {string} */ target) {
  return SEEDS[target]?.() ?? [{}];
}
