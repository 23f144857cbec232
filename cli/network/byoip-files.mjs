// The key, the certificate and the authorisations of `oss-edge network byoip`, in a folder of their own.

import { execFile } from 'node:child_process';
import { X509Certificate, createPrivateKey, generateKeyPair } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { checkKey } from '../../network/byoip/authorization.mjs';
import { byoipPlanOf } from '../../network/byoip/plan.mjs';
import { onOneLine } from '../../network/byoip/registry.mjs';
import { checkBySchema, readSchema } from '../checked-document.mjs';
import { readDocument } from '../document.mjs';
import { writeNewPrivate, writePrivate } from '../private-file.mjs';
import { UsageError } from '../usage-error.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../../network/byoip/authorization.mjs').Authorization} Authorization */

/** @param {string} folder */
export const filesIn = (folder) => ({
  key: join(folder, 'private-key.pem'),
  certificate: join(folder, 'certificate.pem'),
  oneLine: join(folder, 'certificate.txt'),
  authorizations: join(folder, 'authorizations.json'),
});

/**
 * @param {string | undefined} file
 * @param {'authorizes' | 'takes back'} purpose what has been announced is looked at and taken back at any time
 * @returns {Promise<ByoipPlan>}
 */
export async function readByoip(file, purpose) {
  if (file === undefined) throw new UsageError('expected --config FILE');
  const document = await readDocument(file);
  checkBySchema(readSchema('byoip'), document, { name: 'byoip' });
  return byoipPlanOf(document, purpose === 'authorizes' ? Date.now() : undefined);
}

/**
 * Makes the key and its certificate, unless they are there.
 *
 * @param {ByoipPlan} plan @param {string} folder
 * @returns {Promise<string[]>} a line for each file
 */
export async function makeFiles(plan, folder) {
  await mkdir(folder, { recursive: true });
  const files = filesIn(folder);
  const lines = [];
  if (!(await exists(files.key))) {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    await writeNewPrivate(files.key, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    lines.push(`new       ${files.key}`);
  }
  const privateKey = await readKey(folder);
  const certificate = await readCertificate(folder).catch(() => undefined);
  const isUsable = certificate?.checkPrivateKey(privateKey) && Date.parse(certificate.validTo) > Date.now();
  if (!isUsable) {
    await writeFile(files.certificate, await selfSigned(files.key, plan));
    lines.push(`new       ${files.certificate}`);
  }
  await writeFile(files.oneLine, `${onOneLine(await readFile(files.certificate, 'utf8'))}\n`);
  return lines.length > 0 ? lines : [`unchanged ${files.key} and ${files.certificate}`];
}

/** @param {string} folder */
export async function readKey(folder) {
  const { key } = filesIn(folder);
  const pem = await readFile(key, 'utf8').catch(missing(key, 'prepare'));
  const { mode } = await stat(key);
  if ((mode & 0o077) !== 0) throw new Error(`${key}: expected a file that only its owner can read: chmod 600 ${key}`);
  try {
    const privateKey = createPrivateKey(pem);
    checkKey(privateKey, key);
    return privateKey;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(key)) throw error;
    throw new Error(`${key}: expected a private key as PEM, without a passphrase`);
  }
}

/** @param {string} folder */
export async function readCertificate(folder) {
  const { certificate } = filesIn(folder);
  const pem = await readFile(certificate, 'utf8').catch(missing(certificate, 'prepare'));
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error(`${certificate}: expected a certificate as PEM`);
  }
}

/** @param {string} folder @param {Record<string, Authorization>} authorizations by range */
export async function writeAuthorizations(folder, authorizations) {
  await writePrivate(filesIn(folder).authorizations, Buffer.from(`${JSON.stringify(authorizations, null, 2)}\n`));
}

/** @param {string} folder @param {string} range @returns {Promise<Authorization | undefined>} */
export async function readAuthorization(folder, range) {
  const { authorizations } = filesIn(folder);
  if (!(await exists(authorizations))) return undefined;
  const all = /** @type {any} */ (await readDocument(authorizations));
  const one = all?.[range];
  if (one === undefined) return undefined;
  if (typeof one.message !== 'string' || typeof one.signature !== 'string') {
    throw new Error(`${authorizations}: ${range}: expected a message and a signature`);
  }
  return one;
}

/** The tool of AWS's own instructions. The key stays in its file. @param {string} keyFile @param {ByoipPlan} plan */
async function selfSigned(keyFile, { organization, certificateDays, registry }) {
  const subject = `/O=${organization}/CN=BYOIP ${registry.toUpperCase()}`;
  const args = ['req', '-new', '-x509', '-sha256', '-key', keyFile, '-days', String(certificateDays), '-subj', subject];
  const { stdout } = await promisify(execFile)('openssl', args).catch((error) => {
    if (error.code === 'ENOENT') throw new Error('expected openssl, which makes the certificate, in the PATH');
    throw new Error(`openssl: ${String(error.stderr).trim().split('\n')[0]}`);
  });
  return stdout;
}

/** @param {string} file */
async function exists(file) {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** @param {string} file @param {string} command that makes it @returns {(error: any) => never} */
function missing(file, command) {
  return ({ code }) => {
    throw new Error(`${file}: ${code === 'ENOENT' ? `no such file: make it with \`${command}\`` : code}`);
  };
}
