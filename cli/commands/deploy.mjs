// oss-edge deploy

import { action } from '../action.mjs';
import { addDocumentOptions, documentFiles } from '../document-options.mjs';

const TEMPLATE = `Write the CloudFormation templates of a deployment, one a stack and Region, for a pipeline of your own.

With a bundle the functions are in them. Without one they have what the bundle needs: the domain of
the API or the relay, the buckets and the secrets. Every template is checked first.`;

/** @param {import('commander').Command} program */
export function addDeploy(program) {
  const deploy = program.command('deploy').summary('make a deployment on AWS').description('Make a deployment on AWS.');
  deploy.helpCommand('help [command]', 'show help for a command');
  addDocumentOptions(deploy.command('template'))
    .summary('write the CloudFormation templates')
    .description(TEMPLATE)
    .option('--bundle <dir>', 'the zips that `oss-edge bundle` made')
    .option('--endpoint <url>', 'the API or the relay that the bundle was made for')
    .option('--out <dir>', 'where to write', 'templates')
    .action(action(writeTemplates));
}

/** @param {any} options */
async function writeTemplates({ bundle, out, endpoint, ...options }) {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const { faultsOf } = await import('../../deploy/checks.mjs');
  const { planOf } = await import('../../deploy/plan.mjs');
  const { foundationStacks, releaseStacks } = await import('../../deploy/stacks.mjs');
  const { endpointOf } = await import('../endpoint-option.mjs');
  const { readDocuments } = await import('../documents.mjs');
  const { readRelease } = await import('../deploy/release.mjs');
  const documents = await readDocuments(documentFiles(options), endpointOf(endpoint));
  const plan = planOf(documents.written, documents.settings ?? {});
  const release = bundle === undefined ? undefined : await readRelease(documents, bundle);
  const stacks = release === undefined ? foundationStacks(plan) : releaseStacks(plan, release);
  const faults = faultsOf(plan, stacks);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  await mkdir(out, { recursive: true });
  for (const { name, region, template } of stacks) {
    const file = join(out, `${name}.${region}.json`);
    await writeFile(file, `${JSON.stringify(template, null, 2)}\n`);
    process.stdout.write(`${file}\n`);
  }
  return 0;
}

