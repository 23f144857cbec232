// Secrets Manager as moto's server has it, behind a proxy that verifies what moto doesn't, the shape and
// the SigV4 signature of each request, and that can be away, slow or wrong.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';

import { createSecretsManager } from '../../js-shim/keys/secrets-manager.mjs';

const MOTO = fileURLToPath(new URL('../../.venv/bin/moto_server', import.meta.url));

/** What the clients sign with, as Lambda gives it to a function. */
export const ENV = {
  AWS_ACCESS_KEY_ID: 'ASIATESTOFTHESOURCE1',
  AWS_SECRET_ACCESS_KEY: 'secretAccessKeyOfTheTests/0123456789abcd',
  AWS_SESSION_TOKEN: 'session+token/of=the==tests',
};

/** How the store can be wrong, each an answer in place of moto's. */
const BEHAVIOURS = {
  answers: undefined,
  'is slow': () => {},
  'answers 500': (/** @type {http.ServerResponse} */ response) => answer(response, 500, '{"__type":"InternalServiceError"}'),
  'answers half': (/** @type {http.ServerResponse} */ response, /** @type {Buffer} */ body) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  },
  'stops in the middle of an answer': (/** @type {http.ServerResponse} */ response, /** @type {Buffer} */ body) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2));
  },
  'answers no JSON': (/** @type {http.ServerResponse} */ response) => answer(response, 200, '<html>Service login</html>'),
  'answers another JSON': (/** @type {http.ServerResponse} */ response) => answer(response, 200, '{"Message":"hello"}'),
  'answers null': (/** @type {http.ServerResponse} */ response) => answer(response, 200, 'null'),
};

/** @typedef {keyof typeof BEHAVIOURS | 'is stopped'} Behaviour */

/** The behaviours in which no document comes. */
export const OUTAGES = /** @type {Behaviour[]} */ (['is stopped', ...Object.keys(BEHAVIOURS).filter((name) => name !== 'answers')]);

/** Starts moto and the proxy. */
export async function startSecretsManager() {
  const motoPort = await freePort();
  const moto = spawn(MOTO, ['-H', '127.0.0.1', '-p', String(motoPort)], { stdio: 'ignore' });
  const started = { behaviour: /** @type {Behaviour} */ ('answers'), requests: /** @type {any[]} */ ([]), violations: /** @type {string[]} */ ([]), env: ENV };
  /** @type {Map<string, Behaviour>} of one Region alone */
  const byRegion = new Map();
  const server = http.createServer((request, response) => void relay(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await answering(motoPort);

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async function relay(request, response) {
    const body = await buffer(request);
    const seen = await inspected(request, body, started.env).catch((error) => ({ violation: String(error.message) }));
    if ('violation' in seen) {
      started.violations.push(seen.violation);
      answer(response, 400, '{"__type":"InvalidSignatureException"}');
      return;
    }
    started.requests.push(seen);
    const behaviour = byRegion.get(seen.region) ?? started.behaviour;
    if (behaviour === 'is stopped') {
      request.socket.destroy();
      return;
    }
    const instead = BEHAVIOURS[behaviour];
    const { status, text } = await ask(motoPort, request, body);
    if (instead) instead(response, text);
    else answer(response, status, text);
  }

  const endpoint = `http://127.0.0.1:${port}`;
  const client = createSecretsManager({ endpoint, env: ENV });
  return Object.assign(started, {
    endpoint,
    byRegion,
    /** @param {string} action @param {Record<string, unknown>} input @param {string} [region] */
    call: (action, input, region = 'us-east-1') => client.call(action, region, input),
    /**
     * Makes a secret's first version, or its next. moto loses track of AWSCURRENT where PutSecretValue itself
     * moves it after UpdateSecretVersionStage did, so that moves it here as well.
     *
     * @param {string} name @param {unknown} value
     */
    async put(name, value) {
      const ClientRequestToken = crypto.randomUUID();
      const content = { SecretString: typeof value === 'string' ? value : JSON.stringify(value), ClientRequestToken };
      const found = await this.call('DescribeSecret', { SecretId: name }).catch(() => undefined);
      if (!found) return this.call('CreateSecret', { Name: name, ...content });
      const [current] = Object.entries(found.VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT')) ?? [];
      await this.call('PutSecretValue', { SecretId: name, ...content, VersionStages: [ClientRequestToken] });
      return this.call('UpdateSecretVersionStage', { SecretId: name, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current });
    },
    /** The GetSecretValue requests since the last call. */
    takeFetches: () => started.requests.splice(0).filter(({ action }) => action === 'GetSecretValue'),
    async close() {
      client.close();
      server.closeAllConnections();
      server.close();
      moto.kill();
      await once(moto, 'exit');
      assert.deepEqual(started.violations, [], 'every request was signed as AWS demands');
    },
  });
}

/**
 * What a request asks, when its shape is the API's and its signature verifies by AWS's own signer.
 *
 * @param {http.IncomingMessage} request @param {Buffer} body @param {typeof ENV} env of the client
 */
async function inspected({ method, url, headers }, body, env) {
  assert.deepEqual([method, url, headers['content-type']], ['POST', '/', 'application/x-amz-json-1.1']);
  const [, action] = /^secretsmanager\.(\w+)$/u.exec(String(headers['x-amz-target'])) ?? assert.fail('no action');
  const parsed = AUTHORIZATION.exec(headers.authorization ?? '');
  assert.ok(parsed, 'no authorization');
  const [, accessKeyId, date, region, signedHeaders] = parsed;
  assert.equal(accessKeyId, env.AWS_ACCESS_KEY_ID);
  assert.equal(headers['x-amz-security-token'], env.AWS_SESSION_TOKEN);
  assert.equal(signedHeaders, 'content-type;host;x-amz-date;x-amz-security-token;x-amz-target');
  const signingDate = dateOf(String(headers['x-amz-date']));
  assert.ok(Math.abs(Date.now() - signingDate.getTime()) < 5 * 60_000, 'its date is off');
  assert.equal(String(headers['x-amz-date']).slice(0, 8), date);
  const signer = new SignatureV4({
    service: 'secretsmanager',
    region,
    credentials: { accessKeyId, secretAccessKey: env.AWS_SECRET_ACCESS_KEY, sessionToken: env.AWS_SESSION_TOKEN },
    sha256: Hash.bind(null, 'sha256'),
    applyChecksum: false,
  });
  const signable = Object.fromEntries(signedHeaders.split(';').map((name) => [name, String(headers[name])]));
  const again = { method: 'POST', protocol: 'http:', hostname: String(headers.host), path: '/', query: {}, headers: signable, body };
  const signed = await signer.sign(again, { signingDate });
  assert.equal(headers.authorization, signed.headers.authorization);
  return { action, region, input: JSON.parse(body.toString()) };
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/secretsmanager\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$/u;

/** @param {string} text as in 20261125T010203Z */
function dateOf(text) {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, '$1-$2-$3T$4:$5:$6Z');
  const date = new Date(iso);
  assert.ok(!Number.isNaN(date.getTime()), 'no date');
  return date;
}

/** @param {http.ServerResponse} response @param {number} status @param {string | Buffer} body */
function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(body);
}

/** @param {number} port @param {http.IncomingMessage} request @param {Buffer} body */
async function ask(port, { headers }, body) {
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers });
  request.end(body);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, text: await buffer(response) };
}

/** @param {number} port */
async function answering(port) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await fetch(`http://127.0.0.1:${port}/moto-api/`).then(() => true, () => false)) return;
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
  throw new Error('moto_server does not answer: is it in .venv?');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
