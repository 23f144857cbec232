// oss-edge network private plan

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { privateFaultsOf } from '../../deploy/private/checks.mjs';
import { throughEndpointStatement } from '../../deploy/private/buckets.mjs';
import { privatePlanOf } from '../../deploy/private/plan.mjs';
import { privateStacks } from '../../deploy/private/stacks.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { checkBySchema, readSchema } from '../checked-document.mjs';
import { splitDeployment } from '../deployment.mjs';
import { readDocument } from '../document.mjs';
import { printable } from '../table.mjs';
import { UsageError } from '../usage-error.mjs';
import { readDocumentsWasm } from '../wasm-file.mjs';

const SCHEMA = readSchema('private');

/**
 * @param {{ config?: string, gateway?: string, out?: string, json?: boolean, dryRun?: boolean }} options
 * @returns {Promise<number>} the exit status
 * @throws {Error} with the field's path, what was found and what was expected
 */
export async function planPrivate({ config: file, gateway, out, json = false, dryRun = false }) {
  if (file === undefined) throw new UsageError('expected --config FILE');
  if (gateway === undefined) throw new UsageError('expected --gateway FILE');
  const document = readPrivate(await readDocument(file));
  const { config } = splitDeployment(await readDocument(gateway));
  createGate({ wasm: await readDocumentsWasm(), config });
  const plan = privatePlanOf(document, config);
  const stacks = privateStacks(plan);
  const faults = privateFaultsOf(plan, stacks);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const files = [...stacks.map(stackFile), ...bucketStatementFiles(plan)];
  const isWritten = out !== undefined && !dryRun;
  if (isWritten) {
    await mkdir(out, { recursive: true });
    for (const { name, content } of files) await writeFile(join(out, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  const shown = files.map(({ content: _, ...rest }) => rest);
  if (json) process.stdout.write(`${JSON.stringify({ written: isWritten, files: shown, next: nextSteps(plan) })}\n`);
  else process.stdout.write(textOf(shown, nextSteps(plan), isWritten ? out : undefined));
  return 0;
}

/**
 * @param {unknown} document
 * @returns {import('../../deploy/private/plan.mjs').PrivateDocument}
 * @throws {Error} with the field's path, what was found and what was expected
 */
export function readPrivate(document) {
  checkBySchema(SCHEMA, document, { name: 'private' });
  return /** @type {any} */ (document);
}

/** @param {import('../../deploy/private/stacks.mjs').PrivateStack} stack */
function stackFile({ kind, name, account, region, template }) {
  return { name: `${name}.${region}.template.json`, kind, account, region, content: template };
}

/**
 * What to add to the policies of existing buckets.
 *
 * @param {import('../../deploy/private/plan.mjs').PrivatePlan} plan
 */
function bucketStatementFiles({ buckets, provider }) {
  return buckets
    .filter(({ existing }) => existing)
    .map(({ s3Bucket, region }) => ({
      name: `${s3Bucket}.statement.json`,
      kind: 'bucket-statement',
      account: provider.account,
      region,
      content: throughEndpointStatement(s3Bucket, 'the ARN of RelayRole', provider.s3Endpoint ?? 'S3Endpoint of the provider\'s stack'),
    }));
}

/** @param {import('../../deploy/private/plan.mjs').PrivatePlan} plan @returns {string[]} */
function nextSteps({ name, service, consumers, api, resource, buckets }) {
  const names = consumers.map((consumer) => consumer.name).join(', ');
  return [
    `create ${name}-provider with ImageTag, the first 12 digits of the bundle's hash`,
    ...(service.privateDnsName ? ['publish its outputs TxtName and TxtValue as a TXT record, and start the verification'] : []),
    ...(consumers.length > 0 ? [`give its output ServiceName to ${names}, who create their stacks`] : []),
    ...(service.acceptance === 'automatic' ? [] : ['accept each endpoint: aws ec2 accept-vpc-endpoint-connections']),
    ...(api ? [`let ${names} create their api-consumer stacks, write the endpoints into \`api.endpoints\`, create ${name}-api with Balancer, and update the api-consumer stacks with DomainNameArn within 12 hours of the share`] : []),
    ...(resource ? [`create ${name}-resource, and give ResourceConfigurationArn to ${names}`] : []),
    ...buckets.filter(({ existing }) => existing).map(({ s3Bucket }) => `add the statement to the policy of ${s3Bucket}`),
  ];
}

/** @param {{ name: string, kind: string, account: string, region: string }[]} files @param {string[]} steps @param {string} [out] */
function textOf(files, steps, out) {
  const lines = files.map(({ name, account, region }) => `  ${name}  (account ${account}, ${region})`);
  const head = out === undefined ? 'would write:' : `wrote to ${out}:`;
  return `${[head, ...lines, '', 'then:', ...steps.map((step, index) => `  ${index + 1}. ${step}`)].map(printable).join('\n')}\n`;
}
