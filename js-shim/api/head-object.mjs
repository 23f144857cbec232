// HeadObject and GetObjectMeta behind the API.

import { getObjectMeta, headObject } from '../operations/head-object.mjs';
import { apiOperation } from './api-operation.mjs';

/** @param {import('./api-operation.mjs').Options} options */
export function createHeadObject(options) {
  const head = apiOperation('HeadObject', headObject)(options);
  const meta = apiOperation('GetObjectMeta', getObjectMeta)(options);
  /** @param {import('./api-operation.mjs').ProxyEvent} event */
  return (event) => (event?.requestContext?.authorizer?.operation === 'GetObjectMeta' ? meta(event) : head(event));
}
