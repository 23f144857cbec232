// index.mjs of relay.zip, with bundled access keys.

import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createBundledGate } from 'oss-edge/bundled-gate';
import { createRelay, readSettings, runRelay } from 'oss-edge/relay';

const wasm = readFileSync(new URL('oss_edge.wasm', import.meta.url));
const bytes = readFileSync(new URL('gate.bin', import.meta.url));
const seal = readFileSync(new URL('seal.bin', import.meta.url));
const gate = createBundledGate({ wasm, bytes, seal });

/** @param {Partial<Parameters<typeof createRelay>[0]>} [options] */
export const create = (options) =>
  createRelay({
    gate,
    wasm,
    seal,
    storageClasses: JSON.parse(OSS_EDGE_STORAGE_CLASSES),
    entrance: JSON.parse(OSS_EDGE_LISTENER) ?? undefined,
    originSecret: process.env.ORIGIN_SECRET,
    ...options,
    settings: options?.settings ?? readSettings(process.env),
  });

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await runRelay(create);
