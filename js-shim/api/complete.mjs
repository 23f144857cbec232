// CompleteMultipartUpload behind the API. A long join is shared with other instances of the same function. They are
// invoked with a slice in place of a request, which API Gateway can't send.

import { LOG_VERSION, writeLogLine } from '../log.mjs';
import { complete } from '../operations/complete.mjs';
import { madeSlice, slicedJoin } from '../operations/join-slices.mjs';
import { faultDetail } from '../operations/s3-fault.mjs';
import { apiClients, apiOperation } from './api-operation.mjs';
import { invokeThisFunction } from './invoke-this-function.mjs';

/**
 * @typedef {import('../operations/join-slices.mjs').SliceResult} SliceResult
 * @typedef {{ joinSlice: import('../operations/join-slices.mjs').Slice, region: string }} SliceEvent
 *
 * @typedef {object} SliceOptions
 * @property {number} [slices] how many instances share a join, including this one; by default `JOIN_SLICES`, or 1
 * @property {(event: SliceEvent) => Promise<SliceResult>} [invoke] invokes another instance
 */

const OPERATION = 'CompleteMultipartUpload';

/** @param {import('./api-operation.mjs').Options & SliceOptions} options */
export function createComplete({ slices = slicesOf(process.env), invoke = invokeThisFunction, ...options }) {
  const { now = Date.now, log = writeLogLine, s3Client = apiClients(options.s3Options) } = options;
  const failed = (/** @type {unknown} */ error) => {
    const detail = `a slice of a join failed and is made here: ${faultDetail(error)}`;
    const time = new Date(now()).toISOString();
    log({ log: LOG_VERSION, time, function: OPERATION, event: 'join-slice', level: 'error', detail });
  };
  const operation = apiOperation(OPERATION, (s3, request, region) =>
    complete(s3, request, slicedJoin(slices, (joinSlice) => invoke({ joinSlice, region }), failed)),
  );
  const handle = operation({ ...options, s3Client });
  return async (/** @type {import('aws-lambda').APIGatewayProxyEvent | SliceEvent} */ event) =>
    event !== null && typeof event === 'object' && 'joinSlice' in event
      ? madeSlice(await s3Client(event.region), event.joinSlice)
      : handle(event);
}

/** @param {Record<string, string | undefined>} environment */
function slicesOf({ JOIN_SLICES = '1' }) {
  if (!/^[1-9]\d?$/u.test(JOIN_SLICES)) throw new Error(`JOIN_SLICES: expected a number from 1 to 99, found "${JOIN_SLICES}"`);
  return Number(JOIN_SLICES);
}
