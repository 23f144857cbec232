// oss-edge network: ways in other than public CloudFront.

import { action } from '../action.mjs';
import { addPrivate } from '../network/private-command.mjs';

const NETWORK = `Plan and check the networks that devices come through: a private entrance in AWS, an IPsec VPN between
Alibaba Cloud and AWS, and addresses of your own at AWS.

docs/networks.md says which fleet needs which.`;

const PLAN = `Check the plan of two IPsec tunnels between Alibaba Cloud and AWS, and write both sides from it.

With --out it writes CloudFormation for AWS, Terraform for Alibaba Cloud, and the pre-shared keys in
a file that only you can read. Keys are made once, and never printed. Run it again with
--aws-configuration when AWS's addresses are known.`;

const VERIFY = `Say which tunnels are up, and what doesn't fit the plan.

It reads what both clouds print of themselves, asks neither, and shows no key. The exit status is 1
if something doesn't fit.`;

const BYOIP = `Let AWS announce addresses of your own (BYOIP), one range after the other.

Nothing is sent before every check holds: the registry has the range and our certificate, and AWS's
autonomous systems may announce it. The private key stays in --dir, and only you can read it.`;

const PREPARE = `Make the key and the certificate that shows the ranges are yours, and say where they and the ROAs go.

With "verification": "dns-token" it asks IPAM for a token instead, and says which DNS record to
publish. What is there already stays.`;

/** @param {import('commander').Command} program */
export function addNetwork(program) {
  const network = program.command('network').summary('plan and check private ways in').description(NETWORK);
  network.helpCommand('help [command]', 'show help for a command');
  addPrivate(network);
  addVpn(network);
  addByoip(network);
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

/** @param {import('commander').Command} network */
function addByoip(network) {
  const byoip = network.command('byoip').summary('addresses of your own at AWS').description(BYOIP);
  byoip.helpCommand('help [command]', 'show help for a command');
  ofAws(byoipCommand(byoip, 'prepare'))
    .summary('make the key and the certificate')
    .description(PREPARE)
    .action(action(async (options) => (await import('../network/byoip.mjs')).prepareByoip(options)));
  byoipCommand(byoip, 'sign')
    .summary('sign the authorisation of each range')
    .description('Sign a message for each range that lets the account announce it, until the day `expires`.')
    .option('--dry-run', 'show the messages, and write nothing')
    .action(action(async (options) => (await import('../network/byoip.mjs')).signByoip(options)));
  withSources(byoipCommand(byoip, 'verify'))
    .summary('check everything that AWS will look at')
    .description(
      'Check key, certificate, authorisation, registry and ROAs. The exit status is 1 if something does not hold.',
    )
    .option('--range <range>', 'one of the ranges (default: all)')
    .option('--distributions <file>', 'what `aws cloudfront list-distributions` prints: those that get the addresses')
    .action(action(async (options) => (await import('../network/byoip.mjs')).verifyByoip(options)));
  ofAws(withSources(byoipCommand(byoip, 'provision')))
    .summary('bring the next range to AWS')
    .description('Check the next range, and ask AWS to provision it. Nothing is announced yet.')
    .option('--range <range>', 'the range, if its turn has come (default: the next)')
    .option('--token <id>', 'the DNS token that `prepare` made')
    .action(action(async (options) => (await import('../network/byoip-moves.mjs')).provisionByoip(options)));
  ofAws(withOrigins(byoipCommand(byoip, 'advertise')))
    .summary('let AWS announce the next range')
    .description('Check the ROAs of the next range, and let AWS announce it: traffic moves to AWS.')
    .option('--range <range>', 'the range, if its turn has come (default: the next)')
    .action(action(async (options) => (await import('../network/byoip-moves.mjs')).advertiseByoip(options)));
  byoipCommand(byoip, 'status')
    .summary('show the state of each range')
    .description('Show the state of each range, what it means, the way back, and what comes next.')
    .option('--profile <name>', "a profile of AWS's own command line")
    .action(action(async (options) => (await import('../network/byoip.mjs')).statusByoip(options)));
  ofAws(byoipCommand(byoip, 'withdraw'))
    .summary('take a range back')
    .description('Stop the announcement of a range: announce it from where it was first. Or take it out of AWS.')
    .option('--range <range>', 'the range (required)')
    .option('--deprovision', 'take a range out of AWS that is not announced')
    .action(action(async (options) => (await import('../network/byoip-moves.mjs')).withdrawByoip(options)));
}

/** @param {import('commander').Command} byoip @param {string} name */
function byoipCommand(byoip, name) {
  return byoip
    .command(name)
    .option('--config <file>', 'the ranges and where they go, byoip.json (required)')
    .option('--dir <dir>', 'where the key, the certificate and the authorisations are', 'byoip')
    .option('--json', 'print JSON lines');
}

/** @param {import('commander').Command} command that changes something at AWS */
function ofAws(command) {
  return command
    .option('--profile <name>', "a profile of AWS's own command line")
    .option('--dry-run', 'show what would be sent, and change nothing')
    .option('--yes', 'send it without asking');
}

/** @param {import('commander').Command} command */
function withSources(command) {
  return withOrigins(
    command
      .option('--rdap <file>', "the registry's answer about a range, saved; one for each, in their order", appended)
      .option('--rdap-url <url>', "in place of the registry's own RDAP service"),
  );
}

/** @param {import('commander').Command} command */
function withOrigins(command) {
  return command
    .option(
      '--roas <file>',
      "a validator's export: JSON of Routinator or rpki-client, or CSV; may be repeated",
      appended,
    )
    .option('--validator <url>', 'a Routinator to ask about each range');
}

/** @param {string} value @param {string[]} [before] */
function appended(value, before = []) {
  return [...before, value];
}
