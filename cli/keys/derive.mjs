// Derives access keys for devices from a master key.

import { randomUUID } from 'node:crypto';

import { readText } from '../document.mjs';
import { createDeriver } from './derived-key.mjs';
import { masterKey, revokedDevices } from './document-edit.mjs';
import { Refusal } from './store.mjs';
import { rfc3339 } from './time.mjs';

/** @typedef {{ deviceId: string, accessKeyId: string, accessKeySecret: string }} DerivedKey */

/**
 * A derived key that expires, in the form of an answer of Alibaba Cloud's STS AssumeRole. Any token will do, but
 * clients want one that isn't empty.
 *
 * @param {DerivedKey} key
 * @param {number} expires in seconds since the epoch
 */
export function assumeRoleAnswer({ deviceId, accessKeyId, accessKeySecret }, expires) {
  const Expiration = rfc3339(expires * 1000);
  return {
    RequestId: randomUUID().toUpperCase(),
    AssumedRoleUser: { Arn: `acs:ram::oss-edge:role/device/${deviceId}`, AssumedRoleId: `oss-edge:${deviceId}` },
    Credentials: { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: accessKeyId, Expiration },
  };
}

/**
 * Reads device ids, one per line. Empty lines are ignored.
 *
 * @param {string} file
 * @returns {Promise<string[]>}
 * @throws {Error} that names the line of a malformed or repeated id
 */
export async function readDevices(file) {
  const text = await readText(file === '-' ? '/dev/stdin' : file);
  /** @type {Map<string, number>} */
  const lines = new Map();
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    if (line === '') continue;
    if (!/^[A-Za-z0-9_-]{1,64}$/u.test(line)) {
      throw new Error(`${file}:${index + 1}: expected a device id, 1 to 64 of A-Z a-z 0-9 _ -`);
    }
    if (lines.has(line)) throw new Error(`${file}:${index + 1}: ${line} is already on line ${lines.get(line)}`);
    lines.set(line, index + 1);
  }
  return [...lines.keys()];
}

/**
 * @param {object} request
 * @param {import('./store.mjs').KeyDocument[]} request.documents checked
 * @param {Uint8Array<ArrayBuffer>} request.wasm
 * @param {string} request.master its id
 * @param {string[]} request.devices
 * @param {string} [request.scope]
 * @param {number} [request.expires] in seconds since the epoch
 * @returns {Generator<DerivedKey>}
 * @throws {Refusal} when the keys would be refused at the edge
 */
export function* derive({ documents, wasm, master, devices, scope, expires }) {
  const { entry } = masterKey(documents, master);
  if (entry.status === 'disabled') throw new Refusal(`the master key ${master} is disabled`);
  if (scope !== undefined && !Object.hasOwn(entry.scopes ?? {}, scope)) {
    throw new Refusal(`the master key ${master} has no scope ${scope}`);
  }
  const revoked = new Set(revokedDevices(documents, master));
  const revokedOne = devices.find((device) => revoked.has(device));
  if (revokedOne !== undefined) throw new Refusal(`the device ${revokedOne} is revoked`);
  const secretOf = createDeriver(wasm);
  const suffix = `${expires === undefined ? '' : `.e${expires}`}${scope === undefined ? '' : `.s${scope}`}`;
  for (const deviceId of devices) {
    const accessKeyId = `OE1.${master}.${deviceId}${suffix}`;
    yield { deviceId, accessKeyId, accessKeySecret: secretOf(entry.secret, accessKeyId) };
  }
}
