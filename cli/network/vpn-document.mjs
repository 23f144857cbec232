// The documents of `oss-edge network vpn`.

import { stat } from 'node:fs/promises';

import { checkedKeys } from '../../network/vpn/keys.mjs';
import { checkBySchema, readSchema } from '../checked-document.mjs';
import { readDocument } from '../document.mjs';
import { UsageError } from '../usage-error.mjs';

/** @param {string | undefined} file @returns {Promise<any>} checked by its schema */
export async function readVpn(file) {
  if (file === undefined) throw new UsageError('expected --config FILE');
  const document = await readDocument(file);
  checkBySchema(readSchema('vpn'), document, { name: 'vpn' });
  return document;
}

/**
 * @param {string} file
 * @returns {Promise<import('../../network/vpn/keys.mjs').VpnKeys>}
 * @throws {Error} also when others may read it
 */
export async function readVpnKeys(file) {
  const document = await readDocument(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new Error(`${file}: expected a file that only its owner can read: chmod 600 ${file}`);
  return checkedKeys(document, file);
}
