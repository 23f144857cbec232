/**
 * The S3 operations on one object.
 */
import { createHash, randomBytes } from 'node:crypto';
import { checksumHeader, documentText, receive } from './s3-body.mjs';
import { readCondition, writeCondition } from './s3-conditions.mjs';
import { S3Error } from './s3-error.mjs';
import { answeredHeaders, encryption, isEncryptedByKms, objectHeaders, tags } from './s3-object-headers.mjs';
import { KEY_BYTES, XML } from './s3-request.mjs';
import { objectsToDelete, resultDocument } from './s3-xml.mjs';

/** @typedef {import('./s3-request.mjs').Operation} Operation */
/** @typedef {import('./s3-request.mjs').S3Request} S3Request */
/** @typedef {import('./s3-store.mjs').ObjectVersion} ObjectVersion */
/** @typedef {import('./s3-store.mjs').S3Store} S3Store */
/** @typedef {import('./s3-data.mjs').ByteRange} ByteRange */

/** @type {Operation} */
export async function putObject(request) {
  const { headers, key, store } = request;
  const kept = objectHeaders(headers);
  const condition = writeCondition(headers, store, key);
  const { segment, md5, checksums } = await receive(request);
  const content = { etag: etagOf(md5, kept), headers: kept, segments: [segment] };
  const { etag, versionId } = await store.put(key, content, condition).catch((error) => {
    store.data.remove([segment]);
    throw error;
  });
  const answered = { ...encryption(kept), ...checksums, ...versionHeader(store, versionId) };
  return { status: 200, headers: { ETag: `"${etag}"`, ...answered } };
}

/** @type {Operation} */
export async function getObject({ method, key, headers, query, store }) {
  const version = wantedVersion(store, key, query.versionId);
  const described = {
    'Accept-Ranges': 'bytes',
    ...answeredHeaders(version.headers),
    ETag: `"${version.etag}"`,
    'Last-Modified': new Date(version.lastModified).toUTCString(),
    ...versionHeader(store, version.versionId),
  };
  if (readCondition(headers, version) === 'not modified') return { status: 304, headers: described };
  if (method === 'GET' && isArchived(version) && !store.restored.has(version)) {
    throw new S3Error('InvalidObjectState', { StorageClass: version.headers['x-amz-storage-class'] ?? '' });
  }
  const { range, partsCount } = wantedBytes(version, headers.range, query.partNumber);
  const { start, end } = range ?? { start: 0, end: version.size - 1 };
  return {
    status: range ? 206 : 200,
    headers: {
      ...described,
      'Content-Length': String(end - start + 1),
      ...(range ? { 'Content-Range': `bytes ${start}-${end}/${version.size}` } : {}),
      ...(partsCount ? { 'x-amz-mp-parts-count': String(partsCount) } : {}),
    },
    body: store.data.read(version.segments, { start, end }),
  };
}

/** Restores an object of an archive class, at once where S3 takes hours. @type {Operation} */
export async function restoreObject({ key, query, store }) {
  const version = wantedVersion(store, key, query.versionId);
  if (!isArchived(version)) throw new S3Error('InvalidObjectState', { StorageClass: 'STANDARD' });
  store.restored.add(version);
  return { status: 202, headers: versionHeader(store, version.versionId) };
}

/** @param {{ headers: Record<string, string> }} version */
function isArchived({ headers }) {
  return ['GLACIER', 'DEEP_ARCHIVE'].includes(headers['x-amz-storage-class'] ?? '');
}

/** @type {Operation} */
export async function getObjectTagging({ key, query, store }) {
  const version = wantedVersion(store, key, query.versionId);
  const tagging = tags(version.headers['x-amz-tagging'] ?? '');
  const content = { TagSet: { Tag: tagging.map(([Key, Value]) => ({ Key, Value })) } };
  const headers = { ...XML, ...versionHeader(store, version.versionId) };
  return { status: 200, headers, body: resultDocument('Tagging', content) };
}

/** @type {Operation} */
export async function deleteObject({ key, query, store }) {
  const { versionId, marker } = await deleted(store, key, query.versionId);
  const headers = { ...versionHeader(store, versionId), ...(marker ? { 'x-amz-delete-marker': 'true' } : {}) };
  return { status: 204, headers };
}

/** @type {Operation} */
export async function deleteObjects(request) {
  const { headers, store } = request;
  if (headers['content-md5'] === undefined && checksumHeader(headers) === undefined) {
    throw new S3Error('InvalidRequest', { Message: 'Missing required header for this request: Content-MD5' });
  }
  const wanted = objectsToDelete(await documentText(request));
  if (!wanted || wanted.objects.length > 1000) throw new S3Error('MalformedXML');
  /** @type {import('./s3-xml.mjs').XmlContent[]} */
  const errors = [];
  // As S3 does, without an order between keys.
  const results = await Promise.all(
    wanted.objects.map(async ({ key, versionId: VersionId }) => {
      try {
        const { versionId, marker } = await deleted(store, key, VersionId);
        const markerOf = VersionId === undefined ? versionId : VersionId;
        const marked = marker ? { DeleteMarker: true, DeleteMarkerVersionId: markerOf } : {};
        return [{ Key: key, VersionId, ...marked }];
      } catch (error) {
        if (!(error instanceof S3Error)) throw error;
        errors.push({ Key: key, VersionId, Code: error.code, Message: error.message });
        return [];
      }
    }),
  );
  const content = { Deleted: wanted.quiet ? [] : results.flat(), Error: errors };
  return { status: 200, headers: XML, body: resultDocument('DeleteResult', content) };
}

/**
 * The object that a request reads.
 *
 * @param {S3Store} store
 * @param {string} key
 * @param {string | undefined} versionId
 * @returns {ObjectVersion}
 * @throws {S3Error} NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker
 */
export function wantedVersion(store, key, versionId) {
  const version = versionId === undefined ? store.latest(key) : store.version(key, versionId);
  if (!version && versionId !== undefined) throw new S3Error('NoSuchVersion', { Key: key, VersionId: versionId });
  if (!version) throw new S3Error('NoSuchKey', { Key: key });
  if (!version.deleteMarker) return version;
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(store, version.versionId) };
  if (versionId === undefined) throw new S3Error('NoSuchKey', { Key: key }, headers);
  throw new S3Error('MethodNotAllowed', { Method: 'GET', ResourceType: 'DeleteMarker' }, headers);
}

/**
 * @param {S3Store} store
 * @param {string} versionId
 * @returns {Record<string, string>} none in a bucket without versioning
 */
export function versionHeader({ versioned }, versionId) {
  return versioned ? { 'x-amz-version-id': versionId } : {};
}

/**
 * An ETag. It is the MD5 of the content, but not under SSE-KMS (S3 user guide, "Using Content-MD5 and the ETag").
 *
 * @param {string} md5 in hex
 * @param {Record<string, string>} kept headers of the object
 */
export function etagOf(md5, kept) {
  return isEncryptedByKms(kept) ? createHash('md5').update(md5).update(randomBytes(16)).digest('hex') : md5;
}

/**
 * @param {S3Store} store
 * @param {string} key
 * @param {string | undefined} versionId
 * @returns {Promise<{ versionId: string, marker: boolean }>} of the version that was deleted, or of the new marker
 */
async function deleted(store, key, versionId) {
  if (Buffer.byteLength(key) > KEY_BYTES) throw new S3Error('KeyTooLongError');
  if (versionId === undefined) {
    const marker = await store.delete(key);
    return { versionId: marker?.versionId ?? 'null', marker: marker !== undefined };
  }
  const gone = await store.deleteVersion(key, versionId);
  return { versionId, marker: gone?.deleteMarker ?? false };
}

/**
 * @param {ObjectVersion} version
 * @param {string | undefined} range
 * @param {string | undefined} partNumber
 * @returns {{ range?: ByteRange, partsCount?: number }} no range where all is wanted
 * @throws {S3Error} InvalidRange, InvalidPartNumber
 */
function wantedBytes(version, range, partNumber) {
  if (partNumber !== undefined) return bytesOfPart(version, partNumber, range);
  // What isn't one range of bytes is ignored (GetObject, "Range").
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (!first && !last) return {};
  const start = first ? Number(first) : Math.max(version.size - Number(last), 0);
  const end = first && last ? Math.min(Number(last), version.size - 1) : version.size - 1;
  if (first && last && Number(last) < Number(first)) return {};
  if (start > end) {
    throw new S3Error('InvalidRange', { RangeRequested: range ?? '', ActualObjectSize: version.size });
  }
  return { range: { start, end } };
}

/**
 * @param {ObjectVersion} version
 * @param {string} partNumber
 * @param {string | undefined} range
 */
function bytesOfPart({ segments, etag }, partNumber, range) {
  if (range !== undefined) {
    throw new S3Error('InvalidRequest', { Message: 'Cannot specify both Range header and partNumber query parameter' });
  }
  const index = Number(partNumber) - 1;
  const part = segments[index];
  if (!part) {
    throw new S3Error('InvalidPartNumber', { PartNumberRequested: partNumber, ActualPartCount: segments.length });
  }
  if (part.size === 0) return {};
  const start = segments.slice(0, index).reduce((total, { size }) => total + size, 0);
  return { range: { start, end: start + part.size - 1 }, partsCount: etag.includes('-') ? segments.length : undefined };
}
