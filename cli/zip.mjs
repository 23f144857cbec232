// Makes the zips that are deployed.

import { join } from 'node:path';

import { zipSync } from 'fflate';

import { sha256 } from './hashes.mjs';
import { writePrivate } from './private-file.mjs';

/** CloudFront's quota for a viewer-request function, in bytes. */
const MAX_VIEWER_REQUEST_ZIP = 1024 * 1024;

/** The earliest time that a zip can hold, so that the same input gives the same bytes. */
const ZIP_DATE = new Date(1980, 0, 1);

/**
 * @param {Map<string, import('./bundle.mjs').Files>} functions files by function
 * @returns {Map<string, Uint8Array>} zips by function
 * @throws {Error} when the viewer-request function is too large for CloudFront
 */
export function zipsOf(functions) {
  const zips = new Map();
  for (const [name, files] of functions) {
    const zip = zipSync(files, { level: 9, mtime: ZIP_DATE });
    zips.set(name, zip);
    if (name === 'viewer-request' && zip.length > MAX_VIEWER_REQUEST_ZIP) {
      throw new Error(
        `${name}.zip: ${zip.length} bytes, and a viewer-request function may have ${MAX_VIEWER_REQUEST_ZIP}`,
      );
    }
  }
  return zips;
}

/**
 * Zips the functions next to their folders.
 *
 * @param {Map<string, import('./bundle.mjs').Files>} functions files by function
 * @param {string} outDir
 * @returns {Promise<{ file: string, bytes: number, lambdaCodeSha256: string }[]>} in the functions' order; `lambdaCodeSha256`
 *   is how Lambda names a zip that it runs
 * @throws {Error} when the viewer-request function is too large for CloudFront
 */
export async function writeZips(functions, outDir) {
  const written = [];
  for (const [name, zip] of zipsOf(functions)) {
    const file = join(outDir, `${name}.zip`);
    await writePrivate(file, zip);
    written.push({ file, bytes: zip.length, lambdaCodeSha256: sha256(zip, 'base64') });
  }
  return written;
}
