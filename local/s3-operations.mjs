/**
 * The table of S3's operations.
 */
import { S3Error } from './s3-error.mjs';
import { listMultipartUploads, listObjectVersions, listObjectsV2 } from './s3-list-operations.mjs';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './s3-multipart-operations.mjs';
import { deleteObject, deleteObjects, getObject, getObjectTagging, putObject, restoreObject } from './s3-object-operations.mjs';

/** @typedef {import('./s3-request.mjs').Operation} Operation */
/**
 * @typedef {object} Row
 * @property {string} name as in the S3 API reference
 * @property {string} method
 * @property {'object' | 'bucket'} on
 * @property {string[]} [needs] query parameters that make it this operation
 * @property {string[]} [takes] further ones
 * @property {boolean} [copies] whether it has an x-amz-copy-source
 * @property {Operation} run
 */

/**
 * The operation of a request. A query parameter that it doesn't have is refused rather than ignored.
 *
 * @param {{ method: string, key: string, query: Record<string, string>, headers: Record<string, string> }} request
 * @returns {Row}
 * @throws {S3Error} NotImplemented
 */
export function operationOf({ method, key, query, headers }) {
  // The AWS SDKs name the operation in `x-id`, which S3 ignores.
  const names = Object.keys(query).filter((name) => name !== 'x-id');
  const row = ROWS.find(
    ({ needs = [], takes = [], copies = false, ...one }) =>
      one.method === method &&
      one.on === (key ? 'object' : 'bucket') &&
      copies === 'x-amz-copy-source' in headers &&
      needs.every((name) => names.includes(name)) &&
      names.every((name) => needs.includes(name) || takes.includes(name)),
  );
  if (!row) throw new S3Error('NotImplemented');
  return row;
}

const PAGES = ['prefix', 'delimiter', 'encoding-type', 'key-marker'];

/** @type {Row[]} */
const ROWS = [
  { name: 'PutObject', method: 'PUT', on: 'object', run: putObject },
  { name: 'GetObject', method: 'GET', on: 'object', takes: ['versionId', 'partNumber'], run: getObject },
  { name: 'HeadObject', method: 'HEAD', on: 'object', takes: ['versionId', 'partNumber'], run: getObject },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    on: 'object',
    needs: ['tagging'],
    takes: ['versionId'],
    run: getObjectTagging,
  },
  {
    name: 'RestoreObject',
    method: 'POST',
    on: 'object',
    needs: ['restore'],
    takes: ['versionId'],
    run: restoreObject,
  },
  { name: 'DeleteObject', method: 'DELETE', on: 'object', takes: ['versionId'], run: deleteObject },
  { name: 'DeleteObjects', method: 'POST', on: 'bucket', needs: ['delete'], run: deleteObjects },
  { name: 'CreateMultipartUpload', method: 'POST', on: 'object', needs: ['uploads'], run: createMultipartUpload },
  { name: 'UploadPart', method: 'PUT', on: 'object', needs: ['partNumber', 'uploadId'], run: uploadPart },
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    on: 'object',
    needs: ['partNumber', 'uploadId'],
    copies: true,
    run: uploadPartCopy,
  },
  { name: 'CompleteMultipartUpload', method: 'POST', on: 'object', needs: ['uploadId'], run: completeMultipartUpload },
  { name: 'AbortMultipartUpload', method: 'DELETE', on: 'object', needs: ['uploadId'], run: abortMultipartUpload },
  {
    name: 'ListParts',
    method: 'GET',
    on: 'object',
    needs: ['uploadId'],
    takes: ['max-parts', 'part-number-marker', 'encoding-type'],
    run: listParts,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    on: 'bucket',
    needs: ['uploads'],
    takes: [...PAGES, 'upload-id-marker', 'max-uploads'],
    run: listMultipartUploads,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    needs: ['list-type'],
    takes: [...PAGES, 'start-after', 'continuation-token', 'max-keys', 'fetch-owner'],
    run: listObjectsV2,
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    on: 'bucket',
    needs: ['versions'],
    takes: [...PAGES, 'version-id-marker', 'max-keys'],
    run: listObjectVersions,
  },
];
