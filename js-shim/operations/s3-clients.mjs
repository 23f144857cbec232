// S3 through the AWS SDK, which Lambda's runtime provides. The relay brings it.

import { Readable } from 'node:stream';

/** @typedef {Pick<import('@aws-sdk/client-s3').S3Client, 'send'>} S3 */

/** By default the SDK would begin an upload with a CRC32 that every part must then carry. */
const CHECKSUMS = /** @type {const} */ ({
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
});

/**
 * For a request with a Content-MD5, which is signed and which S3 checks: the SDK would compute a SHA-256 of the payload
 * besides.
 */
export const UNSIGNED_PAYLOAD = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };

/**
 * @param {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] in addition to the Region
 * @returns {(region: string) => Promise<S3>} a client for each Region, made when it is first needed
 */
export function regionalClients(s3Options) {
  /** @type {Map<string, S3>} */
  const clients = new Map();
  return async (region) => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    const options = { ...CHECKSUMS, ...s3Options, region };
    const client = clients.get(region) ?? new S3Client(options);
    clients.set(region, client);
    return client;
  };
}

/**
 * The credentials that the SDK finds, with which it also calls S3: in a container those of its role, which aren't in
 * the environment. The SDK renews them.
 *
 * @returns {() => Promise<{ accessKeyId: string, secretAccessKey: string, sessionToken?: string }>}
 */
export function sdkCredentials() {
  /** @type {import('@aws-sdk/client-s3').S3Client | undefined} */
  let client;
  return async () => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    client ??= new S3Client({ region: 'us-east-1' });
    return client.config.credentials();
  };
}

/**
 * Adds verified headers to a command as they are, without the SDK parsing and formatting them.
 *
 * Text beyond ASCII is added after the request is signed: the SDK would sign other bytes than Node
 * sends. S3 only requires that Host and `x-amz-*` are signed, and those are ASCII here.
 *
 * @template {{ middlewareStack: { add: Function } }} C
 * @param {C} command @param {Record<string, string>} headers
 * @returns {C}
 */
export function withHeaders(command, headers) {
  const [ascii, text] = [true, false].map((wanted) =>
    Object.entries(headers).filter(([, value]) => isAscii(value) === wanted),
  );
  addHeaders(command, 'build', Object.fromEntries(ascii));
  if (text.length === 0) return command;
  const bytes = text.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
  // The last step before the request is sent.
  addHeaders(command, 'deserialize', Object.fromEntries(bytes), keepBytes);
  return command;
}

/**
 * @param {{ middlewareStack: { add: Function } }} command @param {string} step
 * @param {Record<string, string>} headers @param {(request: any) => void} [change]
 */
function addHeaders(command, step, headers, change = () => {}) {
  command.middlewareStack.add(
    (/** @type {(args: any) => any} */ next) => (/** @type {any} */ args) => {
      // Before Content-Length: Node encodes a Content-Disposition that follows it a second time.
      args.request.headers = { ...headers, ...args.request.headers, ...headers };
      change(args.request);
      return next(args);
    },
    { step, name: `verifiedHeaders-${step}` },
  );
}

/**
 * Has Node send text beyond ASCII as it is. It encodes a second time a Content-Disposition before a body whose length it
 * knows, and all headers that it sends before the body, as it does for Expect.
 *
 * @param {{ headers: Record<string, string>, body?: unknown }} request
 */
function keepBytes(request) {
  for (const name of Object.keys(request.headers)) if (name.toLowerCase() === 'expect') delete request.headers[name];
  if (Buffer.isBuffer(request.body)) request.body = Readable.from([request.body]);
}

/** @param {string} text */
function isAscii(text) {
  return /^[\0-\x7f]*$/u.test(text);
}
