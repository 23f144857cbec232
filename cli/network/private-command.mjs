// oss-edge network private

import { action } from '../action.mjs';

const PRIVATE = `Plan a private entrance in AWS: the relay behind an endpoint service, without CloudFront.`;

const PLAN = `Check the plan of a private entrance, and write the templates of each account from it.

The provider's side has the relay on Fargate, an internal load balancer, the endpoint service and an S3
gateway endpoint; each consumer's an interface endpoint and the private name. docs/networks.md says in
which order they are made. Nothing is asked of AWS.`;

/** @param {import('commander').Command} network */
export function addPrivate(network) {
  const entrance = network.command('private').summary('the relay behind an endpoint service').description(PRIVATE);
  entrance.helpCommand('help [command]', 'show help for a command');
  entrance
    .command('plan')
    .summary('check a plan and write templates for each account')
    .description(PLAN)
    .option('--config <file>', 'the plan, private.json (required)')
    .option('--gateway <file>', 'config.json of the relay, with "entrance": "relay" (required)')
    .option('--out <dir>', 'where to write; without it the plan is only checked and shown')
    .option('--dry-run', 'show what would be written, and write nothing')
    .option('--json', 'print the files and the next steps as JSON')
    .action(action(async (/** @type {any} */ options) => (await import('./private-plan.mjs')).planPrivate(options)));
}
