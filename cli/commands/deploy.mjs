// oss-edge deploy

import { Argument } from 'commander';

import { action } from '../action.mjs';
import { addDocumentOptions, documentFiles } from '../document-options.mjs';

const DEPLOY = `Make the deployment that the configuration describes, or bring it up to date: stacks of CloudFormation,
with the bundle between them. Each change is shown before it is made.

First it checks the account: Regions, bucket names, quotas, and the caller's permissions. After any
failure it can be run again, and continues. Credentials come from the AWS SDK's default chain. At
the end it uploads as a device would, and prints the endpoint, DNS records, and the lines to set in
each OSS SDK. The exit status is 1 if something was declined or doesn't work.`;

const TEMPLATE = `Write the CloudFormation templates of a deployment, one a stack and Region, for a pipeline of your own.

With a bundle the functions are in them. Without one they have what the bundle needs: the domain of
the API or the relay, the buckets and the secrets. Every template is checked first.`;

const DESTROY = `Delete the stacks, then the edge functions, then their code.

CloudFront deletes replicas of functions some hours after their distribution: run it again then.
Buckets that devices upload to are never deleted. From a bucket that existed before, only what the
deployment added to it is removed.`;

const ROTATE = `Rotate a secret without interrupting uploads, in steps that are deployed one after the other.

origin-secret: the secret that the distribution sends to the API or the relay. seals: the secrets of
upload ids and of the hand-over; the last step is due after seven days, when you run it again.`;

const REVERT_DRIFT = 'find manual changes of resources, and revert them to the templates';

/** @param {import('commander').Command} program */
export function addDeploy(program) {
  const deploy = program.command('deploy').summary('make a deployment on AWS').description(DEPLOY);
  deploy.helpCommand('help [command]', 'show help for a command').enablePositionalOptions();
  addDeploymentOptions(deploy)
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'make the changes without asking')
    .option('--smoke-key <id>', 'the access key or master key to upload with at the end (default: the first that may)')
    .option('--image-is-pushed', "with Fargate: the relay's image of this bundle is in its repository")
    .option('--revert-drift', REVERT_DRIFT)
    .option('--skip-account-check', 'skip the check of Regions, bucket names, quotas and permissions')
    .action(action(async (options) => (await import('../deploy/run.mjs')).runDeploy(options)));
  addDeploymentOptions(deploy.command('diff'))
    .summary('show what would change')
    .description('Show what `oss-edge deploy` would change, and change nothing.')
    .option('--revert-drift', REVERT_DRIFT)
    .action(
      action(async (options) =>
        (await import('../deploy/run.mjs')).runDeploy({ ...options, dryRun: true, skipAccountCheck: true }),
      ),
    );
  addDeploymentOptions(deploy.command('status'))
    .summary('show what is there')
    .description(
      'Show the stacks, the running bundle and earlier releases. The exit status is 1 if something is incomplete.',
    )
    .action(action(async (options) => (await import('../deploy/run.mjs')).runStatus(options)));
  addDeploymentOptions(deploy.command('rollback'))
    .summary('go back to an earlier release')
    .description('Go back to the release before, or to another one: its bundle, and its configuration of the stacks.')
    .option('--to <hash>', "the beginning of the release's hash")
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'make the changes without asking')
    .action(action(async (options) => (await import('../deploy/run.mjs')).runRollback(options)));
  addDeploymentOptions(deploy.command('rotate'))
    .summary('rotate a secret without an interruption')
    .description(ROTATE)
    .addArgument(new Argument('<secret>', 'which').choices(['origin-secret', 'seals']))
    .option('--yes', 'make the changes without asking')
    .option('--image-is-pushed', "with Fargate: the relay's image of this bundle is in its repository")
    .action(action(async (options, secret) => (await import('../deploy/run.mjs')).runRotate(options, secret)));
  addDeploymentOptions(deploy.command('destroy'))
    .summary('take the deployment down')
    .description(DESTROY)
    .option('--yes', 'delete without asking')
    .action(action(async (options) => (await import('../deploy/run.mjs')).runDestroy(options)));
  addDocumentOptions(deploy.command('template'))
    .summary('write the CloudFormation templates')
    .description(TEMPLATE)
    .option('--bundle <dir>', 'the zips that `oss-edge bundle` made')
    .option('--endpoint <url>', 'the API or the relay that the bundle was made for')
    .option('--out <dir>', 'where to write', 'templates')
    .action(action(writeTemplates));
}

/** @param {import('commander').Command} command */
function addDeploymentOptions(command) {
  return addDocumentOptions(command)
    .option('--stack <name>', 'the name of the deployment, in place of `deployment.name`')
    .option('--profile <name>', "a profile of AWS's own command line");
}

/** @param {any} options */
async function writeTemplates({ bundle, out, endpoint, ...options }) {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const { faultsOf } = await import('../../deploy/checks.mjs');
  const { planOf } = await import('../../deploy/plan.mjs');
  const { foundationStacks, releaseStacks } = await import('../../deploy/stacks.mjs');
  const { requiredSettings } = await import('../deployment.mjs');
  const { endpointOf } = await import('../endpoint-option.mjs');
  const { readDocuments } = await import('../documents.mjs');
  const { readRelease } = await import('../deploy/release.mjs');
  const documents = await readDocuments(documentFiles(options), endpointOf(endpoint));
  const plan = planOf(documents.written, requiredSettings(documents.settings));
  const release = bundle === undefined ? undefined : await readRelease(documents, bundle);
  if (release !== undefined) {
    const { functionOfOtherDocuments } = await import('../deploy/bundle-check.mjs');
    const other = await functionOfOtherDocuments(documents, release.zips);
    if (other !== undefined) {
      throw new Error(
        `${join(bundle, `${other}.zip`)}: expected a bundle of this configuration, these access keys and this --endpoint, ` +
          'by this release, found another: bundle again',
      );
    }
  }
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
