// HeadObject and GetObjectMeta behind the API.

import { getObjectMeta, headObject } from '../operations/head-object.mjs';
import { apiOperation } from './api-operation.mjs';

/**
 * @param {import('./api-operation.mjs').Options & {
 *   storageClasses?: import('../operations/head-object.mjs').StorageClasses }} options
 */
export function createHeadObject({ storageClasses, ...options }) {
  const head = apiOperation('HeadObject', (s3, request) => headObject(s3, request, storageClasses))(options);
  const meta = apiOperation('GetObjectMeta', getObjectMeta)(options);
  /** @param {import('./api-operation.mjs').ProxyEvent} event */
  return (event) => (event?.requestContext?.authorizer?.operation === 'GetObjectMeta' ? meta(event) : head(event));
}
