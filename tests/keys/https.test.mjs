// Secrets Manager over HTTPS, in processes of their own since what Node trusts is read at its start.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ENV } from './moto.mjs';

const PYTHON = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const MODULE = new URL('../../js-shim/keys/secrets-manager-keys.mjs', import.meta.url).href;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-https-'));
const pem = join(directory, 'localhost.pem');
/** @type {https.Server} */
let server;
let requests = 0;
before(async () => {
  const { stdout } = await promisify(execFile)(PYTHON, [fileURLToPath(new URL('certificate.py', import.meta.url))]);
  await writeFile(pem, stdout);
  server = https.createServer({ key: stdout, cert: stdout }, (request, response) => {
    requests += 1;
    if (request.url === '/') response.end(JSON.stringify({ VersionId: 'v1', SecretString: '{"accessKeys":[]}' }));
    else response.writeHead(307, { location: '/' }).end();
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

test('documents come from who has a certificate that is trusted', async () => {
  assert.equal(await fetched(''), '["{\\"accessKeys\\":[]}"]');
});

test('nobody else is even asked for them', async () => {
  const before = requests;
  assert.match(await fetched('', { NODE_EXTRA_CA_CERTS: '' }), /^fleet: us-east-1: (DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/u);
  assert.match(await fetched('', {}, '127.0.0.1'), /^fleet: us-east-1: (ERR_TLS_CERT_ALTNAME_INVALID|ECONNREFUSED)$/u);
  assert.equal(requests, before);
});

test('a redirect is not followed', async () => {
  assert.equal(await fetched('/elsewhere'), 'fleet: us-east-1: status 307');
});

/** The documents or the error of a process that fetches them. @param {string} path @param {Record<string, string>} [env] @param {string} [host] */
async function fetched(path, env = {}, host = 'localhost') {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const credentials = { secretId: 'fleet', regions: ['us-east-1'], endpoint: `https://${host}:${port}${path}` };
  const code = `
    import { fetchAccessKeys } from ${JSON.stringify(MODULE)};
    const show = (value) => process.stdout.write(value);
    await fetchAccessKeys(${JSON.stringify(credentials)}).then((found) => show(JSON.stringify(found.documents())), (error) => show(error.message));`;
  const options = { env: { ...process.env, ...ENV, NODE_EXTRA_CA_CERTS: pem, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], options);
  return stdout;
}
