// S3 as far as `deploy` calls it.

import { AwsError, escaped } from './fake-answers.mjs';

/** @typedef {{ objects: Map<string, Buffer>, settings: Map<string, string> }} Bucket `settings` by the query's name */

/** What a bucket may have, and S3's error where it doesn't. */
const SETTINGS = /** @type {Record<string, string>} */ ({
  policy: 'NoSuchBucketPolicy',
  lifecycle: 'NoSuchLifecycleConfiguration',
  ownershipControls: 'OwnershipControlsNotFoundError',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
});

export class FakeBuckets {
  /** @type {Map<string, Bucket>} */
  all = new Map();
  /** Names that are somebody else's. @type {Set<string>} */
  denied = new Set();
  /** Names of buckets in another Region than the one that is asked. @type {Set<string>} */
  elsewhere = new Set();

  /** @param {string} name */
  create(name) {
    if (this.all.has(name)) throw new AwsError('BucketAlreadyOwnedByYou', `${name} already exists`);
    this.all.set(name, { objects: new Map(), settings: new Map() });
  }

  /** @param {import('node:http').IncomingMessage} request @param {Buffer} body */
  call({ method, url = '' }, body) {
    const { pathname, searchParams } = new URL(url, 'http://s3');
    const [, name, ...rest] = decodeURIComponent(pathname).split('/');
    const key = rest.join('/');
    const bucket = this.all.get(name);
    if (this.elsewhere.has(name)) throw new AwsError('PermanentRedirect', 'The bucket you are attempting to access must be addressed using the specified endpoint.', 301);
    if (this.denied.has(name)) throw new AwsError('AccessDenied', 'Access Denied', 403);
    if (bucket === undefined) throw new AwsError(method === 'HEAD' ? 'NotFound' : 'NoSuchBucket', name, 404);
    if (method === 'HEAD' && key === '') return { body: '' };
    const setting = Object.keys(SETTINGS).find((one) => searchParams.has(one));
    if (setting) return settingOf(bucket, setting, String(method), body);
    if (key === '') return this.#ofBucket(name, bucket, String(method), searchParams, body);
    return ofObject(bucket, key, String(method), body);
  }

  /** @param {string} name @param {Bucket} bucket @param {string} method @param {URLSearchParams} query @param {Buffer} body */
  #ofBucket(name, { objects }, method, query, body) {
    if (method === 'POST' && query.has('delete')) {
      for (const [, key] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/gu)) objects.delete(key);
      return { body: '<DeleteResult/>' };
    }
    if (method === 'DELETE') {
      if (objects.size > 0) throw new AwsError('BucketNotEmpty', name, 409);
      this.all.delete(name);
      return { status: 204, body: '' };
    }
    const keys = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).sort();
    if (query.has('versions')) {
      return { body: `<ListVersionsResult>${keys.map((key) => `<Version><Key>${escaped(key)}</Key><VersionId>v</VersionId></Version>`).join('')}</ListVersionsResult>` };
    }
    return { body: `<ListBucketResult>${keys.map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`).join('')}</ListBucketResult>` };
  }

  snapshot() {
    const of = ({ objects, settings }) => ({ objects: [...objects.keys()].filter((key) => !key.startsWith('releases/')).sort(), settings: Object.fromEntries(settings) });
    return Object.fromEntries([...this.all].map(([name, bucket]) => [name, of(bucket)]));
  }
}

/** @param {Bucket} bucket @param {string} name @param {string} method @param {Buffer} body */
function settingOf({ settings }, name, method, body) {
  if (method === 'PUT') settings.set(name, body.toString());
  if (method === 'DELETE') settings.delete(name);
  if (method !== 'GET') return { status: 204, body: '' };
  const found = settings.get(name);
  if (found === undefined) throw new AwsError(SETTINGS[name], `the bucket has no ${name}`, 404);
  return { body: found, headers: name === 'lifecycle' ? { 'x-amz-transition-default-minimum-object-size': 'varies_by_storage_class' } : {} };
}

/** @param {Bucket} bucket @param {string} key @param {string} method @param {Buffer} body */
function ofObject({ objects }, key, method, body) {
  if (method === 'PUT') {
    objects.set(key, body);
    return { body: '', headers: { etag: '"e"' } };
  }
  if (method === 'DELETE') {
    objects.delete(key);
    return { status: 204, body: '' };
  }
  const found = objects.get(key);
  if (found === undefined) throw new AwsError(method === 'HEAD' ? 'NotFound' : 'NoSuchKey', key, 404);
  return { type: 'application/octet-stream', body: found };
}
