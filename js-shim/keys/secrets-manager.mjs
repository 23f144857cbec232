// A client of AWS Secrets Manager. The AWS SDK takes too long to load at a cold start.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

import { AwsV4Signer } from 'aws4fetch';

/**
 * @typedef {object} SecretsManager
 * @property {(action: string, region: string, input: object, signal?: AbortSignal) => Promise<any>} call performs one
 *   action of the API, without retries, and without following redirects
 * @property {() => void} close ends the connections, which would be dead after Lambda freezes the function
 *
 * @typedef {{ accessKeyId: string, secretAccessKey: string, sessionToken?: string }} AwsCredentials
 */

/**
 * @param {object} [options]
 * @param {string} [options.endpoint] for all Regions
 * @param {NodeJS.ProcessEnv} [options.env] read at each call, because Lambda renews the credentials
 * @param {() => Promise<AwsCredentials> | AwsCredentials} [options.credentials] asked at each call, instead of `env`
 * @returns {SecretsManager}
 */
export function createSecretsManager({
  endpoint,
  env = process.env,
  credentials = () => credentialsOf(env),
} = {}) {
  const agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  /** Signing keys, derived for a day, a Region and this service. @type {Map<string, ArrayBuffer>} */
  const signingKeys = new Map();
  return {
    async call(action, region, input, signal) {
      const signer = new AwsV4Signer({
        method: 'POST',
        url: endpoint ?? `https://secretsmanager.${region}.amazonaws.com/`,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `secretsmanager.${action}` },
        body: JSON.stringify(input),
        ...(await signingCredentials(credentials)),
        service: 'secretsmanager',
        region,
        allHeaders: true,
        cache: signingKeys,
      });
      const { url, headers, body } = await signer.sign();
      const { status, answer } = await post({ url, headers, body: String(body), agents, signal });
      if (status !== 200) throw new SecretsManagerError(status, answer);
      return parsed(answer);
    },
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

/** Secrets Manager answered with an error. */
export class SecretsManagerError extends Error {
  /** @param {number} status @param {string} body */
  constructor(status, body) {
    const type = /"__type"\s*:\s*"(?:[\w.]+#)?(\w{1,100})"/u.exec(body)?.[1] ?? '';
    super(`status ${status}${type && ` ${type}`}`);
    this.name = 'SecretsManagerError';
    /** The name of AWS's exception, or ''. */
    this.type = type;
  }
}

/**
 * @param {{ url: URL, headers: Headers, body: string, signal?: AbortSignal,
 *   agents: { 'http:': http.Agent, 'https:': https.Agent } }} request
 */
async function post({ url, headers, body, agents, signal }) {
  const options = {
    method: 'POST',
    headers: { ...Object.fromEntries(headers), 'content-length': Buffer.byteLength(body) },
    signal,
  };
  const request =
    url.protocol === 'http:'
      ? http.request(url, { ...options, agent: agents['http:'] })
      : https.request(url, { ...options, agent: agents['https:'] });
  // An error after the response began is reported by reading the response.
  request.on('error', () => {});
  request.end(body);
  const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, 'response'));
  return { status: response.statusCode ?? 0, answer: await text(response) };
}

/**
 * Parses JSON. The error doesn't quote the text, which may contain secrets.
 *
 * @param {string} json
 */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error('an answer that is not JSON');
  }
}

/** @param {() => Promise<AwsCredentials> | AwsCredentials} credentials */
async function signingCredentials(credentials) {
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** @param {NodeJS.ProcessEnv} env @returns {AwsCredentials} */
function credentialsOf({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN }) {
  if (!accessKeyId || !secretAccessKey) {
    throw new Error('expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  }
  return { accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN || undefined };
}
