// oss-edge network: ways in other than public CloudFront.

import { action } from '../action.mjs';

const NETWORK = `Plan and check the networks that devices come through: an IPsec VPN between Alibaba Cloud and AWS.

docs/networks.md says which fleet needs which.`;

const PLAN = `Check the plan of two IPsec tunnels between Alibaba Cloud and AWS, and write both sides from it.

With --out it writes CloudFormation for AWS, Terraform for Alibaba Cloud, and the pre-shared keys in
a file that only you can read. Keys are made once, and never printed. Run it again with
--aws-configuration when AWS's addresses are known.`;

const VERIFY = `Say which tunnels are up, and what doesn't fit the plan.

It reads what both clouds print of themselves, asks neither, and shows no key. The exit status is 1
if something doesn't fit.`;

/** @param {import('commander').Command} program */
export function addNetwork(program) {
  const network = program.command('network').summary('plan and check private ways in').description(NETWORK);
  network.helpCommand('help [command]', 'show help for a command');
  addVpn(network);
}

/** @param {import('commander').Command} network */
function addVpn(network) {
  const vpn = network
    .command('vpn')
    .summary('IPsec tunnels between Alibaba Cloud and AWS')
    .description('Plan and check two IPsec tunnels between a VPC of Alibaba Cloud and one of AWS.');
  vpn.helpCommand('help [command]', 'show help for a command');
  vpn
    .command('plan')
    .summary('check a plan and write both sides')
    .description(PLAN)
    .option('--config <file>', 'the plan, vpn.json (required)')
    .option('--out <dir>', 'where to write; without it the plan is only checked and shown')
    .option('--keys <file>', 'the pre-shared keys (default: those in --out, else new ones)')
    .option('--aws-configuration <file>', "AWS's configuration file of a connection; may be repeated", appended)
    .option('--dry-run', 'show what would be written, and write nothing')
    .option('--json', 'print the plan as JSON, without keys')
    .action(action(async (options) => (await import('../network/vpn-plan.mjs')).planVpn(options)));
  vpn
    .command('verify')
    .summary('say what is up and what does not fit')
    .description(VERIFY)
    .option('--config <file>', 'the plan, vpn.json (required)')
    .option('--connections <file>', 'what `aws ec2 describe-vpn-connections` prints; - is standard input (required)')
    .option(
      '--routes <file>',
      'what `describe-route-tables` or `search-transit-gateway-routes` prints; may be repeated',
      appended,
    )
    .option('--alibaba <file>', 'what `aliyun vpc DescribeVpnConnections` prints')
    .option('--keys <file>', "the pre-shared keys, to compare AWS's with")
    .option('--json', 'print a JSON line for each finding')
    .action(action(async (options) => (await import('../network/vpn-verify.mjs')).verifyVpn(options)));
}

/** @param {string} value @param {string[]} [before] */
function appended(value, before = []) {
  return [...before, value];
}
