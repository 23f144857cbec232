// AWS Secrets Manager over plain HTTPS, its requests signed by SigV4. An AWS SDK would cost the cold start.

import { AwsV4Signer } from 'aws4fetch';

/**
 * @typedef {object} SecretsManager
 * @property {(action: string, region: string, input: Record<string, unknown>, signal?: AbortSignal) => Promise<any>} call
 *   one action of the API, without a repetition
 */

/**
 * @param {object} [options]
 * @param {string} [options.endpoint] in place of each Region's own
 * @param {NodeJS.ProcessEnv} [options.env] read at each call, since Lambda renews its credentials
 * @param {typeof fetch} [options.fetch]
 * @returns {SecretsManager}
 */
export function createSecretsManager({ endpoint, env = process.env, fetch: send = fetch } = {}) {
  return {
    async call(action, region, input, signal) {
      const signer = new AwsV4Signer({
        method: 'POST',
        url: endpoint ?? `https://secretsmanager.${region}.amazonaws.com/`,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `secretsmanager.${action}` },
        body: JSON.stringify(input),
        ...credentialsOf(env),
        service: 'secretsmanager',
        region,
        allHeaders: true,
      });
      const { method, url, headers, body } = await signer.sign();
      const response = await send(url, { method, headers, body, signal, redirect: 'error' });
      const text = await response.text();
      if (!response.ok) throw new SecretsManagerError(response.status, text);
      return parsed(text);
    },
  };
}

/** What Secrets Manager answered in place of a result. */
export class SecretsManagerError extends Error {
  /** @param {number} status @param {string} body */
  constructor(status, body) {
    const type = /"__type"\s*:\s*"(?:[\w.]+#)?(\w{1,100})"/u.exec(body)?.[1] ?? '';
    super(`status ${status}${type && ` ${type}`}`);
    this.name = 'SecretsManagerError';
    /** The name of AWS's exception, or an empty string. */
    this.type = type;
  }
}

/**
 * Without the text in the error: it may hold secrets.
 *
 * @param {string} text
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('an answer that is not JSON');
  }
}

/** @param {NodeJS.ProcessEnv} env */
function credentialsOf({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN }) {
  if (!accessKeyId || !secretAccessKey) {
    throw new Error('expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  }
  return { accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN || undefined };
}
