/**
 * The S3 operations of multipart uploads.
 */
import { createHash } from 'node:crypto';
import { UPLOAD_BYTES, checksumHeader, documentText, receive } from './s3-body.mjs';
import { copyCondition, writeCondition } from './s3-conditions.mjs';
import { S3Error } from './s3-error.mjs';
import { MAXIMUM_PARTS, requirePartNumber } from './s3-multipart-upload.mjs';
import { encryption, objectHeaders, refuseObjectHeaders } from './s3-object-headers.mjs';
import { etagOf, versionHeader, wantedVersion } from './s3-object-operations.mjs';
import { XML, pageSize } from './s3-request.mjs';
import { completedParts, resultDocument } from './s3-xml.mjs';

/** @typedef {import('./s3-request.mjs').Operation} Operation */
/** @typedef {import('./s3-request.mjs').S3Request} S3Request */
/** @typedef {import('./s3-multipart-upload.mjs').S3MultipartUpload} S3MultipartUpload */
/** @typedef {import('./s3-data.mjs').ByteRange} ByteRange */

/** @type {Operation} */
export async function createMultipartUpload({ bucket, headers, key, uploads }) {
  const kept = objectHeaders(headers);
  const checksumAlgorithm = headers['x-amz-checksum-algorithm']?.toLowerCase();
  const uploadId = await uploads.begin({ key, headers: kept, checksumAlgorithm });
  const content = { Bucket: bucket, Key: key, UploadId: uploadId };
  const answered = { ...XML, ...encryption(kept) };
  return { status: 200, headers: answered, body: resultDocument('InitiateMultipartUploadResult', content) };
}

/** @type {Operation} */
export async function uploadPart(request) {
  const { headers, uploads } = request;
  const { upload, partNumber } = wantedPart(request);
  refuseObjectHeaders(headers);
  upload.requireChecksum(checksumHeader(headers));
  const { segment, md5, checksums } = await receive(request);
  const etag = etagOf(md5, upload.beginning.headers);
  await uploads.putPart(upload, { ...segment, partNumber, etag, lastModified: new Date().toISOString() });
  return { status: 200, headers: { ETag: `"${etag}"`, ...encryption(upload.beginning.headers), ...checksums } };
}

/** @type {Operation} */
export async function uploadPartCopy(request) {
  const { headers, store, uploads } = request;
  const { upload, partNumber } = wantedPart(request);
  const { source, version } = copySource(request);
  copyCondition(headers, version);
  const range = copyRange(headers['x-amz-copy-source-range'], version.size);
  const md5 = createHash('md5');
  const bytes = source.data.read(version.segments, range);
  const segment = await store.data.write(bytes, (chunk) => void md5.update(chunk));
  if (segment.size !== range.end - range.start + 1) {
    store.data.remove([segment]);
    throw new S3Error('InternalError');
  }
  const etag = etagOf(md5.digest('hex'), upload.beginning.headers);
  const lastModified = new Date().toISOString();
  await uploads.putPart(upload, { ...segment, partNumber, etag, lastModified });
  const answered = {
    ...XML,
    ...encryption(upload.beginning.headers),
    ...(source.versioned ? { 'x-amz-copy-source-version-id': version.versionId } : {}),
  };
  const content = { LastModified: lastModified, ETag: `"${etag}"` };
  return { status: 200, headers: answered, body: resultDocument('CopyPartResult', content) };
}

/** @type {Operation} */
export async function completeMultipartUpload(request) {
  const { bucket, headers, key, query, store, uploads } = request;
  const listed = completedParts(await documentText(request));
  if (!listed || listed.length > MAXIMUM_PARTS) throw new S3Error('MalformedXML');
  const { etag, versionId, headers: kept } = await uploads.complete(key, query.uploadId ?? '', listed, (deletions) =>
    writeCondition(headers, store, key, deletions),
  );
  const location = `http://${headers.host}/${bucket}/${encodeURIComponent(key)}`;
  const content = { Location: location, Bucket: bucket, Key: key, ETag: `"${etag}"` };
  return {
    status: 200,
    headers: { ...XML, ...encryption(kept), ...versionHeader(store, versionId) },
    body: resultDocument('CompleteMultipartUploadResult', content),
  };
}

/** @type {Operation} */
export async function abortMultipartUpload({ key, query, uploads }) {
  await uploads.abort(key, query.uploadId ?? '');
  return { status: 204 };
}

/** @type {Operation} */
export async function listParts({ bucket, key, query, uploads }) {
  const { uploadId = '', 'part-number-marker': marker = '0' } = query;
  const upload = uploads.find(key, uploadId);
  const { headers, checksumAlgorithm } = upload.beginning;
  const maxParts = pageSize(query['max-parts'], 1000);
  const after = upload.parts().filter(({ partNumber }) => partNumber > Number(marker));
  const page = after.slice(0, maxParts);
  const content = {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: maxParts,
    IsTruncated: page.length < after.length,
    ChecksumAlgorithm: checksumAlgorithm?.toUpperCase(),
    Part: page.map(({ partNumber, lastModified, etag, size }) => ({
      PartNumber: partNumber,
      LastModified: lastModified,
      ETag: `"${etag}"`,
      Size: size,
    })),
  };
  return { status: 200, headers: XML, body: resultDocument('ListPartsResult', content) };
}

/**
 * @param {S3Request} request
 * @returns {{ upload: S3MultipartUpload, partNumber: number }}
 */
function wantedPart({ key, query, uploads }) {
  const partNumber = Number(query.partNumber);
  requirePartNumber(partNumber);
  return { upload: uploads.find(key, query.uploadId ?? ''), partNumber };
}

/**
 * The object of `x-amz-copy-source`: `[/]bucket/key[?versionId=id]`, percent-encoded.
 *
 * @param {S3Request} request
 */
function copySource({ headers, buckets }) {
  const text = headers['x-amz-copy-source'] ?? '';
  const [, bucket = '', key = '', versionId] = /^\/?([^/]+)\/([^?]+)(?:\?versionId=(.+))?$/.exec(text) ?? [];
  const source = buckets.get(bucket)?.store;
  if (!source) throw new S3Error('NoSuchBucket', { BucketName: bucket });
  const version = wantedVersion(source, decoded(key), versionId);
  return { source, version };
}

/** @param {string} key */
function decoded(key) {
  try {
    return decodeURIComponent(key.replaceAll('+', '%20'));
  } catch {
    const Message = 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey';
    throw new S3Error('InvalidArgument', { Message, ArgumentName: 'x-amz-copy-source', ArgumentValue: key });
  }
}

/**
 * @param {string | undefined} text
 * @param {number} size of the source
 * @returns {ByteRange}
 * @throws {S3Error} InvalidRequest, InvalidArgument
 */
function copyRange(text, size) {
  if (text === undefined && size > UPLOAD_BYTES) {
    const Message =
      `The specified copy source is larger than the maximum allowable size for a copy source: ${UPLOAD_BYTES}`;
    throw new S3Error('InvalidRequest', { Message });
  }
  if (text === undefined) return { start: 0, end: size - 1 };
  // UploadPartCopy, "x-amz-copy-source-range".
  if (size <= RANGE_SOURCE_BYTES) {
    const Message = 'The specified copy source is not supported as a byte-range copy source';
    throw new S3Error('InvalidRequest', { Message });
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(text) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (first === undefined || start > end || end >= size) {
    const Message = `Range specified is not valid for source object of size: ${size}`;
    throw new S3Error('InvalidArgument', { Message, ArgumentName: 'x-amz-copy-source-range', ArgumentValue: text });
  }
  if (end - start >= UPLOAD_BYTES) {
    throw new S3Error('EntityTooLarge', { ProposedSize: end - start + 1, MaxSizeAllowed: UPLOAD_BYTES });
  }
  return { start, end };
}

/** A range can be copied of an object of more than 5 MB. */
const RANGE_SOURCE_BYTES = 5 * 1024 * 1024;
