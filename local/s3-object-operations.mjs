/**
 * The S3 operations that show what was stored.
 */
import { S3Error } from './s3-error.mjs';
import { resultDocument } from './s3-xml.mjs';

/** @typedef {import('./s3-request.mjs').Operation} Operation */

/** @type {Operation} */
export async function getObject({ key, store }) {
  const object = await store.get(key);
  if (!object) throw new S3Error('NoSuchKey', { Key: key });
  const headers = {
    ...object.headers,
    ...ENCRYPTION,
    ETag: `"${object.etag}"`,
    'Last-Modified': new Date(object.lastModified).toUTCString(),
    'Content-Length': String(object.size),
  };
  return { status: 200, headers, body: store.read(object) };
}

/** @type {Operation} */
export async function deleteObject({ key, store }) {
  await store.delete(key);
  return { status: 204 };
}

/** @type {Operation} */
export async function listObjectsV2({ bucket, query, store }) {
  const {
    prefix = '',
    'start-after': startAfter = '',
    'continuation-token': token = '',
    'max-keys': maxKeys = '1000',
    'encoding-type': encoding,
  } = query;
  if (query.delimiter) throw new S3Error('NotImplemented');
  const after = token ? Buffer.from(token, 'base64url').toString() : startAfter;
  const all = (await store.list()).filter(
    ({ key }) => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
  );
  const page = all.slice(0, Number(maxKeys));
  const last = page.length < all.length ? page.at(-1) : undefined;
  const contents = page.map(({ key, lastModified, etag, size }) => ({
    Key: encoding === 'url' ? encodeURIComponent(key).replaceAll('%2F', '/') : key,
    LastModified: lastModified,
    ETag: `"${etag}"`,
    Size: size,
    StorageClass: 'STANDARD',
  }));
  const content = {
    Name: bucket,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: Number(maxKeys),
    EncodingType: encoding,
    IsTruncated: last !== undefined,
    NextContinuationToken: last && Buffer.from(last.key).toString('base64url'),
    Contents: contents,
  };
  return { status: 200, headers: XML, body: resultDocument('ListBucketResult', content) };
}

export const XML = { 'Content-Type': 'application/xml' };

/** S3 has encrypted every object since 2023. */
export const ENCRYPTION = { 'x-amz-server-side-encryption': 'AES256' };
