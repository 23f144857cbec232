// index.mjs of authorizer.zip, with bundled access keys.

import { readFileSync } from 'node:fs';

import { createAuthorizer } from 'oss-edge/authorizer';
import { createBundledGate } from 'oss-edge/bundled-gate';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const bytes = readFileSync(new URL('gate.bin', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const gate = createBundledGate({ wasm, bytes, seal });

/** @param {Partial<Parameters<typeof createAuthorizer>[0]>} [options] */
export const create = (options) => createAuthorizer({ gate, originSecret: process.env.ORIGIN_SECRET, ...options });

/** Created at the first request: it throws without an origin secret. @type {ReturnType<typeof create> | undefined} */
let authorizer;

/** @param {import('aws-lambda').APIGatewayRequestAuthorizerEvent} event */
export const handler = async (event) => (authorizer ??= create())(event);
