// Your own viewer-request function, with oss-edge in it. A behavior of a distribution has only one.

import { createGate } from 'oss-edge/gate';
import wasm from 'oss-edge/oss_edge_documents.wasm';
import { createViewerRequest } from 'oss-edge/viewer-request';

import accessKeys from './access-keys.json' with { type: 'json' };
import config from './config.json' with { type: 'json' };
import secrets from './secrets.json' with { type: 'json' };

const ossEdge = createViewerRequest({ gate: createGate({ wasm, config, accessKeys, secrets }) });

/** Addresses that may not upload. */
const BLOCKED = ['203.0.113.9'];

const FORBIDDEN = { status: '403', statusDescription: 'Forbidden' };

/** @param {import('aws-lambda').CloudFrontRequestEvent} event */
export const handler = async (event) => {
  const { clientIp } = event.Records[0].cf.request;
  if (BLOCKED.includes(clientIp)) return FORBIDDEN;

  const result = await ossEdge(event);

  // oss-edge refused the request, in OSS's words.
  if ('status' in result) return result;
  // The signature is valid, and `result` is the request for S3 or the API. Refuse it, or return it as it is.
  if (result.uri.endsWith('.exe')) return FORBIDDEN;
  return result;
};
