/**
 * Faults of S3, for tests: what becomes of a call instead of S3's own answer.
 */
import { S3Error } from './s3-error.mjs';

/** @typedef {import('./s3-request.mjs').S3Response} S3Response */
/**
 * @typedef {object} S3Call
 * @property {number} number of the call, from 1, in the order in which calls begin
 * @property {string} operation as in the S3 API reference
 * @property {string} bucket
 * @property {string} key
 * @property {Record<string, string>} query
 * @property {Record<string, string>} headers lower-case
 */
/**
 * @typedef {object} Fault
 * @property {import('./s3-error.mjs').S3ErrorCode | 'cut' | 'half' | 'silence' | Promise<unknown>} ends
 *   With an error of S3's; by closing the connection without an answer; after half of the answer; with no answer until
 *   the client gives up; or as usual, once the promise is fulfilled.
 * @property {boolean} [done] whether the call has its effect all the same. Always so with `half` and with a promise.
 * @property {number} [status] in place of the error's own: CompleteMultipartUpload can answer 200 with an error in it
 */
/** @typedef {(call: S3Call) => Fault | undefined | Promise<Fault | undefined>} FaultOf */
/** @typedef {'whole' | 'half' | 'cut' | 'silence'} Ending how much of the answer is sent */

/**
 * @param {Fault | undefined} fault
 * @param {() => Promise<S3Response>} work
 * @param {string} requestId
 * @returns {Promise<{ response: S3Response, ending: Ending }>}
 */
export async function withFault(fault, work, requestId) {
  if (!fault) return { response: await work(), ending: 'whole' };
  const { ends, done = false, status } = fault;
  if (ends instanceof Promise || ends === 'half') {
    const response = await work();
    await ends;
    return { response, ending: ends === 'half' ? 'half' : 'whole' };
  }
  if (done) await work();
  if (ends === 'cut' || ends === 'silence') return { response: { status: 500 }, ending: ends };
  return { response: errorResponse(new S3Error(ends), requestId, status), ending: 'whole' };
}

/**
 * @param {unknown} error
 * @param {string} requestId
 * @param {number} [status] in place of the error's own
 * @returns {S3Response}
 */
export function errorResponse(error, requestId, status) {
  const s3Error = error instanceof S3Error ? error : new S3Error('InternalError');
  const headers = { 'Content-Type': 'application/xml', ...s3Error.headers };
  return { status: status ?? s3Error.status, headers, body: s3Error.toXml(requestId) };
}
