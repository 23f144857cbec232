/**
 * The S3 operations that uploads need, and the table of all operations.
 */
import { S3Error } from './s3-error.mjs';
import { S3MultipartUpload, multipartEtag } from './s3-multipart-upload.mjs';
import { bodyLength, checkDigests, objectHeaders, onlyIfAbsent } from './s3-object-headers.mjs';
import { ENCRYPTION, XML, deleteObject, getObject, listObjectsV2 } from './s3-object-operations.mjs';
import { completedParts, resultDocument } from './s3-xml.mjs';

/** @typedef {import('./s3-store.mjs').S3Store} S3Store */
/** @typedef {import('./s3-request.mjs').S3Request} S3Request */
/** @typedef {import('./s3-request.mjs').Operation} Operation */

/**
 * The operation of a request, by its method and all its query parameters.
 *
 * @param {S3Request} request
 * @returns {Operation}
 * @throws {S3Error} NotImplemented
 */
export function operationOf({ method, key, query, headers }) {
  // The AWS SDKs name the operation in `x-id`, which S3 ignores.
  const names = Object.keys(query)
    .filter((name) => name !== 'x-id')
    .sort()
    .join('&');
  if (!key) {
    if (method === 'GET' && query['list-type'] === '2') return listObjectsV2;
    throw new S3Error('NotImplemented');
  }
  const operation = OPERATIONS[`${method} ${names}`];
  if (!operation || 'x-amz-copy-source' in headers) throw new S3Error('NotImplemented');
  return operation;
}

/** @type {Operation} */
async function putObject({ body, headers, key, store }) {
  const length = bodyLength(headers);
  const answered = objectHeaders(headers);
  const conditional = { onlyIfAbsent: onlyIfAbsent(headers) };
  if (conditional.onlyIfAbsent && (await store.get(key))) {
    throw new S3Error('PreconditionFailed', { Condition: 'If-None-Match' });
  }
  const segment = await receivedSegment(body, headers, length, store);
  await putOrRefuse(store, storedObject(key, segment.md5, [segment], answered), conditional);
  return { status: 200, headers: { ETag: `"${segment.md5}"`, ...ENCRYPTION } };
}

/** @type {Operation} */
async function createMultipartUpload({ bucket, headers, key, store }) {
  const upload = await S3MultipartUpload.create(store, key, objectHeaders(headers));
  const content = { Bucket: bucket, Key: key, UploadId: upload.uploadId };
  return {
    status: 200,
    headers: { ...XML, ...ENCRYPTION },
    body: resultDocument('InitiateMultipartUploadResult', content),
  };
}

/** @type {Operation} */
async function uploadPart({ body, headers, key, query, store }) {
  const length = bodyLength(headers);
  const partNumber = Number(query.partNumber);
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000) {
    throw new S3Error('InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: query.partNumber ?? '' });
  }
  const upload = await S3MultipartUpload.open(store, key, query.uploadId ?? '');
  const segment = await receivedSegment(body, headers, length, store);
  await upload.putPart(partNumber, segment);
  return { status: 200, headers: { ETag: `"${segment.md5}"`, ...ENCRYPTION } };
}

/** @type {Operation} */
async function completeMultipartUpload({ body, bucket, headers, key, query, store }) {
  const upload = await S3MultipartUpload.open(store, key, query.uploadId ?? '');
  const conditional = { onlyIfAbsent: onlyIfAbsent(headers) };
  const listed = completedParts(await documentText(body));
  if (!listed) throw new S3Error('MalformedXML');
  const parts = await upload.chosenParts(listed);
  const etag = multipartEtag(parts);
  await putOrRefuse(store, storedObject(key, etag, parts, upload.headers), conditional);
  await upload.remove(parts);
  const location = `http://${headers.host}/${bucket}/${encodeURIComponent(key)}`;
  const content = { Location: location, Bucket: bucket, Key: key, ETag: `"${etag}"` };
  return {
    status: 200,
    headers: { ...XML, ...ENCRYPTION },
    body: resultDocument('CompleteMultipartUploadResult', content),
  };
}

/** @type {Operation} */
async function abortMultipartUpload({ key, query, store }) {
  await (await S3MultipartUpload.open(store, key, query.uploadId ?? '')).remove();
  return { status: 204 };
}

/** @type {Operation} */
async function listParts({ bucket, key, query, store }) {
  const { uploadId = '', 'part-number-marker': marker = '0', 'max-parts': maxParts = '1000' } = query;
  const after = (await (await S3MultipartUpload.open(store, key, uploadId)).parts()).filter(
    ({ partNumber }) => partNumber > Number(marker),
  );
  const page = after.slice(0, Math.min(Number(maxParts), 1000));
  const listed = page.map(({ partNumber, lastModified, md5, size }) => ({
    PartNumber: partNumber,
    LastModified: lastModified,
    ETag: `"${md5}"`,
    Size: size,
  }));
  const content = {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: maxParts,
    IsTruncated: page.length < after.length,
    Part: listed,
  };
  return { status: 200, headers: XML, body: resultDocument('ListPartsResult', content) };
}

/**
 * A request document. One that is too long for 10,000 parts is refused before it fills the memory.
 *
 * @param {import('node:http').IncomingMessage} body
 */
async function documentText(body) {
  const chunks = [];
  let size = 0;
  // Keep the connection open, so that a refusal can be answered.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > DOCUMENT_BYTES) throw new S3Error('MalformedXML');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Writes the body to disk, and checks it against the headers.
 *
 * @param {import('node:stream').Readable} body
 * @param {Record<string, string>} headers
 * @param {number} length
 * @param {S3Store} store
 */
async function receivedSegment(body, headers, length, store) {
  const claimed = headers['x-amz-content-sha256'] ?? '';
  const segment = await store.writeSegment(body, { withSha256: /^[0-9a-f]{64}$/.test(claimed) });
  try {
    checkDigests(headers, segment, length);
  } catch (error) {
    await store.deleteFiles([segment.file]);
    throw error;
  }
  return segment;
}

/**
 * @param {S3Store} store
 * @param {import('./s3-store.mjs').StoredObject} object
 * @param {{ onlyIfAbsent: boolean }} conditional
 */
async function putOrRefuse(store, object, conditional) {
  if (!(await store.put(object, conditional))) throw new S3Error('PreconditionFailed', { Condition: 'If-None-Match' });
}

/**
 * @param {string} key
 * @param {string} etag
 * @param {import('./s3-store.mjs').Segment[]} segments
 * @param {Record<string, string>} headers
 */
function storedObject(key, etag, segments, headers) {
  const size = segments.reduce((total, segment) => total + segment.size, 0);
  return { key, etag, size, lastModified: new Date().toISOString(), headers, files: segments.map(({ file }) => file) };
}

const DOCUMENT_BYTES = 4 * 1024 * 1024;

/** Method and sorted query parameters. @type {Record<string, Operation>} */
const OPERATIONS = {
  'DELETE ': deleteObject,
  'DELETE uploadId': abortMultipartUpload,
  'GET ': getObject,
  'GET max-parts&part-number-marker&uploadId': listParts,
  'GET part-number-marker&uploadId': listParts,
  'GET uploadId': listParts,
  'HEAD ': getObject,
  'POST uploadId': completeMultipartUpload,
  'POST uploads': createMultipartUpload,
  'PUT ': putObject,
  'PUT partNumber&uploadId': uploadPart,
};
