// oss-edge serve

import { openSync, writeSync } from 'node:fs';

import { Option } from 'commander';

import { DEFAULT_FRAMING, FRAMINGS } from '../../local/request-framing.mjs';
import { action } from '../action.mjs';
import { addDocumentOptions, addEndpointOption, addSecretsOption, documentFiles } from '../document-options.mjs';
import { requestLine } from '../request-line.mjs';
import { UsageError } from '../usage-error.mjs';

const DESCRIPTION = `Run a local CloudFront with the functions on 127.0.0.1, so that an SDK can upload through them.

Objects go to a local S3. With --s3-endpoint they go to another S3, with the credentials in
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.

AWS doesn't document what CloudFront makes of a body with both Content-Length and Transfer-Encoding, as the SDK for C
sends it. --framing chooses:

${Object.entries(FRAMINGS)
  .map(([name, what]) => `${name}: ${what}.`)
  .join('\n\n')}`;

const OWN_SECRETS = 'default: new ones, so that no upload in parts goes on after a restart';

/** @param {import('commander').Command} program */
export function addServe(program) {
  addEndpointOption(addSecretsOption(addDocumentOptions(program.command('serve')), OWN_SECRETS))
    .summary('serve real requests with a local CloudFront and S3')
    .description(DESCRIPTION)
    .option('--port <port>', 'the port to listen on', '8080')
    .option('--s3-endpoint <url>', 'an S3 to use in place of the local one')
    .option('--data <dir>', 'where the local S3 keeps its objects (default: deleted at the end)')
    .addOption(
      new Option('--framing <model>', 'what becomes of a body that is framed twice')
        .choices(Object.keys(FRAMINGS))
        .default(DEFAULT_FRAMING),
    )
    .addOption(
      new Option('--api-chunked <model>', 'what API Gateway makes of a request with Transfer-Encoding')
        .choices(['taken', 'refused'])
        .default('taken'),
    )
    .option('--json', 'log JSON lines')
    .option('--function-log <file>', 'append every line that a function logs to this file, as CloudWatch would have it')
    .option('--explain', 'say what a refused device does wrong, as `oss-edge explain` finds out')
    .option('--no-origin-response', "leave out the function that translates S3's responses, as a deployment may")
    .action(action(serveUntilInterrupted));
}

/** @param {any} options */
async function serveUntilInterrupted({ port, s3Endpoint, json, explain, functionLog, ...options }) {
  // The AWS SDK prints a long warning about Node 20, which Lambda doesn't run.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { readDocuments } = await import('../documents.mjs');
  const { serve } = await import('../serve.mjs');
  const documents = await readDocuments(documentFiles(options));
  const file = functionLog === undefined ? undefined : openSync(functionLog, 'a');
  const server = await serve({
    documents,
    functionLog: file === undefined ? undefined : (text) => void writeSync(file, `${text}\n`),
    explain: explain ? await explanationsOf(documents) : undefined,
    port: portOf(port),
    data: options.data,
    originResponse: options.originResponse,
    framing: options.framing,
    apiChunked: options.apiChunked,
    s3: s3Endpoint === undefined ? undefined : s3Of(s3Endpoint),
    ...(json ? JSON_LOG : TEXT_LOG),
  });
  const { endpoint, credentials, embedded } = server.s3;
  const local = embedded ? ` (${credentials.accessKeyId}, ${credentials.secretAccessKey})` : '';
  process.stdout.write(`listening on ${server.url}, S3 on ${endpoint}${local}; Ctrl-C ends it\n`);
  await new Promise((resolve) => ['SIGINT', 'SIGTERM'].forEach((signal) => process.once(signal, resolve)));
  await server.close();
  return 0;
}

/**
 * @param {import('../documents.mjs').Documents} documents checked
 * @returns {Promise<Parameters<typeof import('../serve.mjs').serve>[0]['explain']>}
 */
async function explanationsOf(documents) {
  const { createExplainer } = await import('../explain/explainer.mjs');
  const { requestOfEvent } = await import('../explain/http-message.mjs');
  const { hypothesisLine } = await import('../explain/report.mjs');
  const { withFetchedKeys } = await import('../fetched-keys.mjs');
  const { readDocumentsWasm } = await import('../wasm-file.mjs');
  const wasm = await readDocumentsWasm();
  // Explaining blocks the server, so pairs of hypotheses aren't tried.
  const explain = createExplainer({ wasm, documents: await withFetchedKeys(documents), maxTested: 0 });
  return (request, now) => hypothesisLine(explain({ id: '', form: 'event', request: requestOfEvent(request) }, now));
}

/** @typedef {Required<Pick<Parameters<typeof import('../serve.mjs').serve>[0], 'log' | 'logKeys'>>} Log */

/** @type {Log} */
const JSON_LOG = {
  log: (entry, decision) => void process.stdout.write(`${JSON.stringify({ ...decision, ...entry })}\n`),
  logKeys: (line) => void process.stderr.write(`${JSON.stringify(line)}\n`),
};

/** @type {Log} */
const TEXT_LOG = {
  log: (entry, decision) => void process.stdout.write(`${requestLine(entry, decision)}\n`),
  logKeys: (line) => void process.stderr.write(`access keys ${line.detail}\n`),
};

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (!/^\d+$/u.test(text) || port > 65_535) throw new UsageError('--port: expected a number from 0 to 65535');
  return port;
}

/** @param {string} endpoint */
function s3Of(endpoint) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
  if (!URL.canParse(endpoint)) {
    throw new UsageError('--s3-endpoint: expected a URL, as in https://s3.us-east-1.amazonaws.com');
  }
  if (!accessKeyId || !secretAccessKey) {
    throw new UsageError('--s3-endpoint: expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  }
  return { endpoint, credentials: { accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN } };
}
