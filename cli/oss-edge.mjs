#!/usr/bin/env node
// oss-edge: bundle, replay, serve, keys.

import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { UsageError } from './usage-error.mjs';

const HELP = `oss-edge: Alibaba Cloud OSS uploads into Amazon S3, at CloudFront's edge

  oss-edge bundle --config C [--access-keys K] [--out DIR]
      Check both documents, bake them in (K only where C doesn't have it in Secrets Manager), and make
      a zip of each function in DIR (dist): viewer-request, origin-request, origin-response,
      authorizer, initiate, complete, list-parts.

  oss-edge replay --config C [--access-keys K | --credentials-endpoint URL] [--now ISO] [--json] FILE...
      Run events of viewer request and origin request through the bundle and say what is decided and
      why. A FILE is one event (Lambda@Edge's shape or CloudFront Functions'), an array of events, or
      JSON lines of events or of {"id":…,"now":…,"event":…,"expected":…}; - is standard input. Exit
      status 1 when a decision differs from an \`expected\`.

  oss-edge serve --config C [--access-keys K | --credentials-endpoint URL] [--port P]
                 [--s3-endpoint URL] [--data DIR] [--json] [--no-origin-response]
      A local CloudFront in front of the bundle, on 127.0.0.1. Objects go to an S3 of its own, kept
      in DIR or for as long as it runs, or to URL with the credentials in AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. --no-origin-response leaves out the function
      that gives S3's answers in OSS's words, as a deployment may.

  oss-edge keys new|derive|rotate|retire|disable|enable|revoke|list|check ...
      Access keys in a file or in Secrets Manager; see oss-edge keys --help.
`;

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const COMMANDS = { bundle: runBundle, replay: runReplay, serve: runServe, keys: runKeys };

const DOCUMENTS = /** @type {const} */ ({ config: { type: 'string' }, 'access-keys': { type: 'string' } });

const ENDPOINT = /** @type {const} */ ({ 'credentials-endpoint': { type: 'string' } });

/** @param {string[]} args @returns {Promise<number>} the exit status */
async function main([command = '', ...args]) {
  if (['', 'help', '--help', '-h'].includes(command) || (args.includes('--help') && command !== 'keys')) {
    process.stdout.write(HELP);
    return command === '' ? 2 : 0;
  }
  if (!Object.hasOwn(COMMANDS, command)) throw new UsageError(`unknown command \`${command}\``);
  return COMMANDS[command](args);
}

/** @param {string[]} args */
async function runBundle(args) {
  const { values } = parse(args, { ...DOCUMENTS, out: { type: 'string', default: 'dist' } }, 0);
  const { documentWarnings, readDocuments, writeFunctions, writeZips } = await import('./bundle.mjs');
  const { writeWarnings } = await import('./key-warnings.mjs');
  const documents = await readDocuments(documentsOf(values));
  writeWarnings(documentWarnings(documents));
  const { out } = values;
  await mkdir(out, { recursive: true, mode: 0o700 });
  for (const { file, bytes } of await writeZips(await writeFunctions(documents, out), out)) {
    process.stdout.write(`${file}  ${(bytes / 1024).toFixed(1)} KB\n`);
  }
  return 0;
}

/** @param {string[]} args */
async function runReplay(args) {
  /** @type {import('node:util').ParseArgsConfig['options']} */
  const options = { ...DOCUMENTS, ...ENDPOINT, now: { type: 'string' }, json: { type: 'boolean', default: false } };
  const { values, positionals } = parse(args, options, 1);
  const { readDocuments } = await import('./bundle.mjs');
  const { loadFunctions } = await import('./load-functions.mjs');
  const { readEntries, readTime, replay, report } = await import('./replay.mjs');
  const now = values.now === undefined ? Date.now() : readTime(values.now, '--now');
  const { withFetchedKeys } = await import('./fetched-keys.mjs');
  const functions = await loadFunctions(await withFetchedKeys(await readDocuments(documentsOf(values))));
  const entries = (await Promise.all(positionals.map(readEntries))).flat();
  const replayed = [];
  for (const entry of entries) replayed.push(await replay(functions, entry, now));
  const failed = replayed.flatMap(({ verdict, differences }) => differences.map((one) => `${verdict.id}: ${one}\n`));
  if (values.json) {
    process.stdout.write(replayed.map(({ verdict }) => `${JSON.stringify(verdict)}\n`).join(''));
    process.stderr.write(failed.join(''));
  } else {
    process.stdout.write(report(replayed));
  }
  return failed.length > 0 ? 1 : 0;
}

/** @param {string[]} args */
async function runServe(args) {
  /** @type {import('node:util').ParseArgsConfig['options']} */
  const options = {
    ...DOCUMENTS,
    ...ENDPOINT,
    port: { type: 'string', default: '8080' },
    's3-endpoint': { type: 'string' },
    data: { type: 'string' },
    'no-origin-response': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  };
  const { values } = parse(args, options, 0);
  // Two paragraphs about Node 20, which Lambda doesn't run.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { readDocuments } = await import('./bundle.mjs');
  const { serve } = await import('./serve.mjs');
  const { requestLine } = await import('./request-line.mjs');
  const documents = await readDocuments(documentsOf(values));
  const server = await serve({
    documents,
    port: portOf(values.port),
    data: values.data,
    originResponse: !values['no-origin-response'],
    s3: values['s3-endpoint'] === undefined ? undefined : s3Of(values['s3-endpoint']),
    log: (entry, decision) => {
      const line = values.json ? JSON.stringify({ ...decision, ...entry }) : requestLine(entry, decision);
      process.stdout.write(`${line}\n`);
    },
    logKeys: (line) => void process.stderr.write(values.json ? `${JSON.stringify(line)}\n` : `access keys ${line.detail}\n`),
  });
  const { endpoint, credentials, embedded } = server.s3;
  const local = embedded ? ` (${credentials.accessKeyId}, ${credentials.secretAccessKey})` : '';
  process.stdout.write(`listening on ${server.url}, S3 on ${endpoint}${local}; Ctrl-C ends it\n`);
  await new Promise((resolve) => ['SIGINT', 'SIGTERM'].forEach((signal) => process.once(signal, resolve)));
  await server.close();
  return 0;
}

/** @param {string[]} args */
async function runKeys(args) {
  const { keys } = await import('./keys/keys.mjs');
  return keys(args);
}

/**
 * @param {string[]} args @param {import('node:util').ParseArgsConfig['options']} options
 * @param {number} minPositionals
 * @returns {{ values: Record<string, any>, positionals: string[] }}
 */
function parse(args, options, minPositionals) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: minPositionals > 0 });
    if (parsed.positionals.length < minPositionals) throw new Error('expected a FILE');
    return parsed;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @param {Record<string, any>} values */
function documentsOf({ config, 'access-keys': accessKeys, 'credentials-endpoint': credentialsEndpoint }) {
  if (config === undefined) throw new UsageError('expected --config FILE');
  return { config, accessKeys, credentialsEndpoint };
}

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (!/^\d+$/u.test(text) || port > 65_535) throw new UsageError('--port: expected a number from 0 to 65535');
  return port;
}

/** @param {string} endpoint */
function s3Of(endpoint) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
  if (!URL.canParse(endpoint)) throw new UsageError('--s3-endpoint: expected a URL, as in https://s3.us-east-1.amazonaws.com');
  if (!accessKeyId || !secretAccessKey) {
    throw new UsageError('--s3-endpoint: expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  }
  return { endpoint, credentials: { accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN } };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`oss-edge: ${error instanceof Error ? error.message : error}\n`);
  if (error instanceof UsageError) process.stderr.write(`See oss-edge ${process.argv[2] === 'keys' ? 'keys ' : ''}--help.\n`);
  process.exitCode = 2;
}
