/**
 * The S3 operations that list a bucket.
 */
import { S3Error } from './s3-error.mjs';
import { XML, pageSize } from './s3-request.mjs';
import { resultDocument } from './s3-xml.mjs';

/** @typedef {import('./s3-request.mjs').Operation} Operation */
/** @typedef {import('./s3-store.mjs').ListedVersion} ListedVersion */

/** @type {Operation} */
export async function listObjectsV2({ bucket, query, store }) {
  const { prefix = '', 'start-after': startAfter = '', 'continuation-token': token, 'encoding-type': encoding } = query;
  refuseDelimiter(query);
  const after = token === undefined ? startAfter : Buffer.from(token, 'base64url').toString();
  const maxKeys = pageSize(query['max-keys'], 1000);
  const all = store
    .list(prefix)
    .filter(({ key, version, isLatest }) => isLatest && !version.deleteMarker && isAfter(key, after));
  const page = all.slice(0, maxKeys);
  const last = page.length < all.length ? page.at(-1) : undefined;
  const content = {
    Name: bucket,
    Prefix: encoded(prefix, encoding),
    StartAfter: startAfter || undefined,
    ContinuationToken: token,
    KeyCount: page.length,
    MaxKeys: maxKeys,
    EncodingType: encoding,
    IsTruncated: last !== undefined,
    NextContinuationToken: last && Buffer.from(last.key).toString('base64url'),
    Contents: page.map((listed) => described(listed, encoding)),
  };
  return { status: 200, headers: XML, body: resultDocument('ListBucketResult', content) };
}

/** @type {Operation} */
export async function listObjectVersions({ bucket, query, store }) {
  const {
    prefix = '',
    'key-marker': keyMarker = '',
    'version-id-marker': versionMarker,
    'encoding-type': encoding,
  } = query;
  refuseDelimiter(query);
  const maxKeys = pageSize(query['max-keys'], 1000);
  const all = store.list(prefix);
  const marked = all.findIndex(({ key, version }) => key === keyMarker && version.versionId === versionMarker);
  const rest = marked >= 0 ? all.slice(marked + 1) : all.filter(({ key }) => isAfter(key, keyMarker));
  const page = rest.slice(0, maxKeys);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  const content = {
    Name: bucket,
    Prefix: encoded(prefix, encoding),
    KeyMarker: encoded(keyMarker, encoding),
    VersionIdMarker: versionMarker ?? '',
    NextKeyMarker: last && encoded(last.key, encoding),
    NextVersionIdMarker: last?.version.versionId,
    MaxKeys: maxKeys,
    EncodingType: encoding,
    IsTruncated: last !== undefined,
    Version: page.filter(({ version }) => !version.deleteMarker).map((listed) => listedVersion(listed, encoding)),
    DeleteMarker: page.filter(({ version }) => version.deleteMarker).map((listed) => listedMarker(listed, encoding)),
  };
  return { status: 200, headers: XML, body: resultDocument('ListVersionsResult', content) };
}

/** @type {Operation} */
export async function listMultipartUploads({ bucket, query, uploads }) {
  const {
    prefix = '',
    'key-marker': keyMarker = '',
    'upload-id-marker': idMarker,
    'encoding-type': encoding,
  } = query;
  refuseDelimiter(query);
  const maxUploads = pageSize(query['max-uploads'], 1000);
  const all = uploads.list().filter(({ key }) => key.startsWith(prefix));
  const marked = all.findIndex(({ key, uploadId }) => key === keyMarker && uploadId === idMarker);
  const rest = marked >= 0 ? all.slice(marked + 1) : all.filter(({ key }) => isAfter(key, keyMarker));
  const page = rest.slice(0, maxUploads);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  const content = {
    Bucket: bucket,
    KeyMarker: encoded(keyMarker, encoding),
    UploadIdMarker: idMarker ?? '',
    NextKeyMarker: last && encoded(last.key, encoding),
    NextUploadIdMarker: last?.uploadId,
    Prefix: encoded(prefix, encoding),
    EncodingType: encoding,
    MaxUploads: maxUploads,
    IsTruncated: last !== undefined,
    Upload: page.map(({ key, uploadId, initiated, headers }) => ({
      Key: encoded(key, encoding),
      UploadId: uploadId,
      StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
      Initiated: initiated,
    })),
  };
  return { status: 200, headers: XML, body: resultDocument('ListMultipartUploadsResult', content) };
}

/** @param {Record<string, string>} query */
function refuseDelimiter({ delimiter }) {
  if (delimiter) throw new S3Error('NotImplemented', { Header: 'delimiter' });
}

/**
 * @param {string} key
 * @param {string} marker
 */
function isAfter(key, marker) {
  return Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;
}

/**
 * @param {ListedVersion} listed
 * @param {string | undefined} encoding
 */
function described({ key, version: { lastModified, etag, size, headers } }, encoding) {
  return {
    Key: encoded(key, encoding),
    LastModified: lastModified,
    ETag: `"${etag}"`,
    Size: size,
    StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
  };
}

/**
 * @param {ListedVersion} listed
 * @param {string | undefined} encoding
 */
function listedVersion(listed, encoding) {
  return { ...described(listed, encoding), VersionId: listed.version.versionId, IsLatest: listed.isLatest };
}

/**
 * @param {ListedVersion} listed
 * @param {string | undefined} encoding
 */
function listedMarker({ key, version: { lastModified, versionId }, isLatest }, encoding) {
  return { Key: encoded(key, encoding), LastModified: lastModified, VersionId: versionId, IsLatest: isLatest };
}

/**
 * @param {string} text
 * @param {string | undefined} encoding
 */
function encoded(text, encoding) {
  return encoding === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
}
