/**
 * A request of S3 and its response.
 */

/** @typedef {import('./s3-store.mjs').S3Store} S3Store */
/** @typedef {import('./s3-uploads.mjs').S3Uploads} S3Uploads */
/** @typedef {{ store: S3Store, uploads: S3Uploads }} Bucket */
/**
 * @typedef {object} S3Request
 * @property {string} method
 * @property {string} bucket its name
 * @property {string} key decoded; empty for an operation on the bucket
 * @property {Record<string, string>} query decoded
 * @property {Record<string, string>} headers lower-case, a repeated one joined by commas
 * @property {import('node:stream').Readable} body
 * @property {S3Store} store of the bucket
 * @property {S3Uploads} uploads of the bucket
 * @property {ReadonlyMap<string, Bucket>} buckets all of them, for the source of a copy
 */
/**
 * @typedef {object} S3Response
 * @property {number} status
 * @property {Record<string, string>} [headers]
 * @property {string | import('node:stream').Readable} [body] a stream has its Content-Length in `headers`
 */
/** @typedef {(request: S3Request) => Promise<S3Response>} Operation */

export const XML = { 'Content-Type': 'application/xml' };

/** S3 user guide, "Object key naming guidelines". */
export const KEY_BYTES = 1024;

/**
 * A number in a query parameter.
 *
 * @param {string | undefined} text
 * @param {number} most also where there is no text
 */
export function pageSize(text, most) {
  return text === undefined ? most : Math.min(Number(text), most);
}
