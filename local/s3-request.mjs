/**
 * A request of S3 and its response.
 */

/** @typedef {import('./s3-store.mjs').S3Store} S3Store */
/**
 * @typedef {object} S3Request
 * @property {string} method
 * @property {string} bucket
 * @property {string} key decoded
 * @property {Record<string, string>} query decoded
 * @property {Record<string, string>} headers lower-case
 * @property {import('node:http').IncomingMessage} body
 * @property {S3Store} store of the bucket
 */
/**
 * @typedef {object} S3Response
 * @property {number} status
 * @property {Record<string, string>} [headers]
 * @property {string | import('node:stream').Readable} [body]
 */
/** @typedef {(request: S3Request) => Promise<S3Response>} Operation */

export {};
