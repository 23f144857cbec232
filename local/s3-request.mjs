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
/** @typedef {{ status: number, headers?: Record<string, string>, body?: string | import('node:stream').Readable }} S3Response */
/** @typedef {(request: S3Request) => Promise<S3Response>} Operation */

export {};
