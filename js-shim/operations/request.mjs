// What the operations work with: a request that was verified, and S3.

/**
 * @typedef {object} Request
 * @property {string} bucket the OSS bucket
 * @property {string} key
 * @property {{ Bucket: string, Key: string }} object in S3
 * @property {URLSearchParams} query for S3
 * @property {ReadonlySet<string>} options
 * @property {Record<string, string>} headers for S3
 * @property {string} [uploadOptions] for the seal of an upload that begins
 * @property {string} [uploadId] of an upload that is listed, as the client has it
 * @property {Staging} [staging] where the small parts wait of an upload that goes on; undefined if they went to S3
 * @property {string} url that the client requested, without its query
 *
 * @typedef {object} Staging
 * @property {string} folder the upload's name among the keys of oss-edge
 * @property {number} maxJoinBytes the most that may be joined when the upload is completed
 * @property {Record<string, string>} headers of a part that waits
 *
 * @typedef {Request & { body: Buffer }} RequestWithBody
 *
 * @typedef {object} Answer of an operation that succeeded
 * @property {number} [status] by default 200
 * @property {string} [document] in OSS's XML; absent where OSS answers without a body
 * @property {import('../core/decision.mjs').HeaderList} [headers] with a Content-Type where it isn't the document's
 * @property {number} [joinedBytes] of small parts, for the log; undefined if none were joined
 * @property {number} [objectBytes] the size of an object that isn't sent, which is the answer's Content-Length for HEAD
 */

/** What was verified lacks what this release needs. */
export class AuthorizerOfAnotherRelease extends Error {
  /** @override */
  name = 'AuthorizerOfAnotherRelease';
}

/**
 * @param {{ bucket: string, key: string, s3Bucket: string, query: string, options: string[], uploadOptions?: string,
 *   uploadId?: string, staging?: string, maxJoinBytes?: number, stagedHeaders?: [string, string][] }} verified
 * @param {Record<string, string>} headers for S3
 * @param {string} url that the client requested, without its query
 * @returns {Request}
 */
export function verifiedRequest(verified, headers, url) {
  const { bucket, key, s3Bucket, query, options, uploadOptions, uploadId } = verified;
  const { staging: folder, maxJoinBytes = 0, stagedHeaders = [] } = verified;
  return {
    bucket,
    key,
    object: { Bucket: s3Bucket, Key: key },
    // The core writes a space as %20, never as `+`.
    query: new URLSearchParams(query),
    options: new Set(options),
    headers,
    uploadOptions,
    uploadId,
    staging: folder === undefined ? undefined : { folder, maxJoinBytes, headers: Object.fromEntries(stagedHeaders) },
    url,
  };
}
