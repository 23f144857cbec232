// The certificate of a relay that ends TLS itself. Its files may be replaced at any time.

import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/**
 * @typedef {{ certificate: string, key: string }} Files in PEM
 * @typedef {{ cert: string, key: string }} Pair
 */

/**
 * @param {Files} files
 * @returns {Pair}
 * @throws {Error} with the field's path, and what was expected
 */
export function readCertificate({ certificate, key }) {
  const pair = { cert: readField('certificate', certificate), key: readField('key', key) };
  try {
    createSecureContext(pair);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Error(`listener.tls: expected a certificate and its key in PEM (${code})`);
  }
  return pair;
}

/**
 * Serves the files' certificate once it has changed. One that can't be used is told once, and the one before stays.
 *
 * @param {import('node:tls').Server} server @param {Files} files @param {Pair} first
 * @param {{ milliseconds: number, failed: (detail: string) => void }} options
 */
export function followCertificate(server, files, first, { milliseconds, failed }) {
  let { cert: served } = first;
  let fault = '';
  const timer = setInterval(() => {
    try {
      const pair = readCertificate(files);
      fault = '';
      if (pair.cert === served) return;
      server.setSecureContext(pair);
      served = pair.cert;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (detail !== fault) failed(detail);
      fault = detail;
    }
  }, milliseconds);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}

/** @param {string} field @param {string} file */
function readField(field, file) {
  const text = textOf(field, file);
  // Node takes an empty text for none, and then no client gets a connection. A file is empty when it begins to be written.
  if (text === '') throw new Error(`listener.tls.${field}: expected PEM, found ${file}, which is empty`);
  return text;
}

/** @param {string} field @param {string} file */
function textOf(field, file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Error(`listener.tls.${field}: expected a file that can be read, found ${file} (${code})`);
  }
}
