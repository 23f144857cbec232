// oss-edge doctor

import { randomBytes } from 'node:crypto';

import { action } from '../action.mjs';
import { addDocumentOptions, documentFiles } from '../document-options.mjs';
import { UsageError } from '../usage-error.mjs';

const DESCRIPTION = `Test the assumptions about AWS on a running deployment, as a device with one of the access keys.

For each assumption it prints whether it holds and what was found; if it fails, what follows and what
to change; if no request can test it, why. docs/assumptions.md explains the assumptions by number.
With --s3 it also reads what was stored, with credentials from the AWS SDK's default chain, and
deletes it. Without --s3 some assumptions can't be tested, and objects stay under the printed
prefix. Against \`oss-edge serve\` it tests the local model. The exit status is 1 if an assumption
doesn't hold, and 2 if none can be tested: the deployment doesn't answer, or doesn't take the key.`;

/** @param {import('commander').Command} program */
export function addDoctor(program) {
  addDocumentOptions(program.command('doctor'))
    .summary('test the assumptions about AWS on a deployment')
    .description(DESCRIPTION)
    .option('--url <url>', 'the distribution, or `serve` (default: https and the first host)')
    .option('--host <host>', 'the Host of the requests, where it is not that of the URL')
    .option('--key <id>', 'the access key or master key to use (default: the first that may upload)')
    .option('--s3', 'look into the bucket, and remove what was stored')
    .option('--s3-endpoint <url>', 'an S3 in place of AWS, as that of `serve`')
    .option('--json', 'print a JSON line for each assumption')
    .action(action(doctor));
}

/** @param {any} options */
async function doctor({ url, host: givenHost, key: keyId, s3: looksIntoS3 = false, s3Endpoint, json, ...options }) {
  const { readDocuments } = await import('../documents.mjs');
  const { withFetchedKeys } = await import('../fetched-keys.mjs');
  const { hostOf, keyFor } = await import('../deploy/smoke-target.mjs');
  const { STORED } = await import('../doctor/all-checks.mjs');
  const { createDevice } = await import('../doctor/device.mjs');
  const { bucketAccess, examined, hindranceOf } = await import('../doctor/run.mjs');
  const { accessKeys, config: checked } = await withFetchedKeys(await readDocuments(documentFiles(options)));
  const config = /** @type {any} */ (checked);
  const [bucket] = Object.keys(config.buckets);
  const host = givenHost ?? hostOf(config, bucket);
  const key = await keyFor([accessKeys].flat(), bucket, keyId, Date.now());
  if (host === undefined) throw new UsageError('expected --host: the configuration has no host for the first bucket');
  if (key === undefined)
    throw new UsageError(`expected an access key that may upload to ${bucket}: name one with --key`);
  const address = addressOf(url ?? `https://${host}`, host);
  const prefix = `${key.prefix}oss-edge-doctor/${randomBytes(4).toString('hex')}/`;
  const device = createDevice({ address, host, bucket, key: key.key, prefix });
  const access = looksIntoS3 || s3Endpoint ? bucketAccess(config.buckets[bucket], s3Endpoint) : undefined;
  if (!json)
    process.stdout.write(`as ${key.key.accessKeyId} at ${url ?? `https://${host}`}, Host ${host}, under ${prefix}\n`);
  const hindrance = await hindranceOf(device);
  if (hindrance !== undefined) throw new Error(`${url ?? `https://${host}`}: ${hindrance}; nothing was tried`);
  let isWell = true;
  for await (const result of examined({ device, stored: access?.stored, config })) {
    isWell &&= result.verdict !== 'fails';
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : textOf(result));
  }
  await access?.remove(STORED.map(device.keyOf));
  return isWell ? 0 : 1;
}

const WORDS = { holds: 'holds  ', fails: 'FAILS  ', unknown: 'unknown' };

/** @param {import('../doctor/run.mjs').Result} result */
function textOf({ id, what, verdict, found, follows }) {
  const line = `${id.padEnd(4)} ${WORDS[verdict]}  ${what}: ${found}\n`;
  return verdict === 'fails' ? `${line}              ${follows}\n` : line;
}

/** @param {string} url @param {string} servername @returns {import('../doctor/raw-request.mjs').Address} */
function addressOf(url, servername) {
  if (!URL.canParse(url)) throw new UsageError('--url: expected a URL, as in https://d111111abcdef8.cloudfront.net');
  const { protocol, hostname, port } = new URL(url);
  return { protocol, hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)), servername };
}
