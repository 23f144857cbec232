// The body of an object or a part, as the operations that store one read it.

/**
 * S3's least size of a part that isn't the last, in bytes. A body without a length goes to S3 in parts of this size: two
 * of them are all the memory that it takes.
 */
export const PART_BYTES = 5 * 1024 * 1024;

/**
 * It is read once: in parts or as a stream. Before the last bytes are given out, the whole body has arrived, is as long
 * as was declared and has the digest that was declared; otherwise reading it throws an `S3Fault`.
 *
 * @typedef {object} Body
 * @property {number | undefined} length declared, in bytes
 * @property {() => Promise<Part>} nextPart
 * @property {() => import('node:stream').Readable} stream for a body with a declared length
 * @property {() => { md5: Buffer, crc64: string }} digests of what was read
 *
 * @typedef {object} Part
 * @property {Buffer} bytes `PART_BYTES` unless it is the last; good until the second `nextPart` after it
 * @property {boolean} last
 *
 * @typedef {{ Body: Buffer | import('node:stream').Readable, ContentLength: number, ContentMD5?: string }} Payload of one
 *   request to S3
 */

/** Whether S3 can have the body in one request without its being held in memory. @param {Body} body */
export function canStream({ length }) {
  return length !== undefined && length > PART_BYTES;
}

/**
 * Sends the body as a stream. The AWS SDK doesn't notice when a stream fails: it would wait for the rest.
 *
 * @template R
 * @param {Body} body
 * @param {(payload: Payload, options: { abortSignal: AbortSignal }) => Promise<R>} send
 * @returns {Promise<R>}
 */
export async function sendStream(body, send) {
  const aborted = new AbortController();
  const stream = body.stream();
  stream.once('error', (error) => aborted.abort(error));
  try {
    return await send({ Body: stream, ContentLength: body.length ?? 0 }, { abortSignal: aborted.signal });
  } catch (error) {
    throw stream.errored ?? error;
  } finally {
    stream.destroy();
  }
}

/**
 * A body that was read whole. To be sent with the headers `UNSIGNED_PAYLOAD`.
 *
 * @param {Body} body @param {Part} part its only one
 * @returns {Payload}
 */
export function wholePayload(body, { bytes }) {
  return { Body: bytes, ContentLength: bytes.length, ContentMD5: body.digests().md5.toString('base64') };
}

/**
 * What OSS answers of a body that it stored.
 *
 * @param {Body} body
 * @param {string | undefined} etag
 * @returns {import('../core/decision.mjs').HeaderList}
 */
export function storedHeaders(body, etag) {
  if (!etag) throw new Error('S3 returned no ETag');
  const { md5, crc64 } = body.digests();
  return [
    ['ETag', etag],
    ['Content-MD5', md5.toString('base64')],
    ['x-oss-hash-crc64ecma', crc64],
  ];
}
