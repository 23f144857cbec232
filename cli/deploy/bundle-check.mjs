// Whether the zips of a bundle were made of the documents that they are to be deployed with.

import { isDeepStrictEqual } from 'node:util';

import { unzipSync } from 'fflate';

import { createGate } from '../../js-shim/core/gate.mjs';
import { GATE_FILE, settingsOf } from '../bundle.mjs';
import { readDocumentsWasm } from '../wasm-file.mjs';

/** A part of the configuration in the first line of a function: its name, and JSON in a JavaScript string. */
const SETTING = /const (OSS_EDGE_\w+)=("(?:[^"\\]|\\.)*");/gu;

/**
 * What the secrets of the seals make isn't compared: only who bundles has these.
 *
 * @param {import('../documents.mjs').Documents} documents checked
 * @param {Map<string, Uint8Array>} zips by function
 * @returns {Promise<string | undefined>} the first function that was made of other documents, or by another release
 */
export async function functionOfOtherDocuments({ config, accessKeys }, zips) {
  const wasm = await readDocumentsWasm();
  const gate = accessKeys === undefined ? undefined : createGate({ wasm, config, accessKeys }).toBytes();
  // As JSON has it, where what is undefined is left out.
  const expected = JSON.parse(JSON.stringify(settingsOf(config)));
  for (const [name, zip] of zips) {
    const files = unzipSync(zip);
    const index = Buffer.from(files['index.mjs'] ?? []).toString();
    const [line] = index.split('\n', 1);
    const isOther = [...line.matchAll(SETTING)].some(
      ([, setting, text]) => !isDeepStrictEqual(JSON.parse(JSON.parse(text)), expected[setting]),
    );
    const found = files[GATE_FILE];
    if (isOther || (found !== undefined && (gate === undefined || !Buffer.from(found).equals(gate)))) return name;
  }
  return undefined;
}
