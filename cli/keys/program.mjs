// oss-edge keys: the commands and options of the operator's tool.

import { action } from '../action.mjs';
import { runDerive, runNew, runRetire, runRevoke, runRotate, runStatus } from './commands.mjs';
import { runCheck, runList } from './inspect.mjs';
import { runOnStore } from './run-on-store.mjs';

const DESCRIPTION = `Create, rotate and retire access keys in a file or in Secrets Manager.

Documents are checked before and after a change. A change replaces the whole document, and fails
if somebody else changed it meanwhile. The previous document is kept in FILE.bak, or in Secrets
Manager as AWSPREVIOUS. A secret is printed once, by the command that creates it.

Secrets Manager is used with the credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_SESSION_TOKEN.`;

const TIMES = `
TIME is like 2026-11-25T00:00:00Z, or a SPAN from now. A SPAN is like 90m, 24h or 7d.`;

const EXIT_STATUS = `
Exit status: 0 done, 1 refused or not valid, 2 not understood or not readable.`;

/** @typedef {import('commander').Command} Command */

/** @param {Command} program */
export function addKeys(program) {
  const keys = program.command('keys').summary('manage access keys').description(DESCRIPTION);
  keys.helpCommand('help [command]', 'show help for a command').addHelpText('after', EXIT_STATUS);
  for (const add of [addNew, addDerive, addRotate, addRetire, addDisable, addEnable, addRevoke, addList, addCheck]) {
    add(keys);
  }
}

/** @param {Command} keys */
function addNew(keys) {
  command(keys, 'new', runNew)
    .summary('create an access key or a master key')
    .description(
      `Create an access key, or with --master a master key to derive access keys from.

The options --bucket, --prefix and --operations make one rule for what the key may do. An access
key without a rule may do everything. A master key needs a rule or --everything.`,
    )
    .option('--id <id>', 'the AccessKeyId (default: a random one)')
    .option('--master <id>', 'create a master key with this id')
    .option('--bucket <bucket>', 'the bucket that the key may write to')
    .option('--prefix <prefix>', "the prefix of the object keys; {device} stands for the device's id")
    .option('--operations <names>', 'the operations, separated by commas')
    .option('--everything', 'let a master key have no rule');
}

/** @param {Command} keys */
function addDerive(keys) {
  command(keys, 'derive', runDerive)
    .summary('derive access keys for devices from a master key')
    .description('Print an access key for each device as CSV, or with --json as JSON lines.')
    .option('--master <id>', 'the master key (required)')
    .option('--devices <file>', 'device ids, one per line; - is standard input (required)')
    .option('--scope <name>', "one of the master key's scopes")
    .option('--expires <time>', 'when the keys expire, as TIME')
    .option('--sts', 'print for each device what AssumeRole of STS would have answered, as JSON lines')
    .option('--out <file>', 'a new file to write (default: standard output)')
    .addHelpText('after', TIMES);
}

/** @param {Command} keys */
function addRotate(keys) {
  command(keys, 'rotate', runRotate)
    .summary('give an access key a new secret')
    .description(
      `Give an access key a new secret, which is valid at once.

Its other secrets stay valid until they are retired or, with --overlap, for a SPAN.`,
    )
    .option('--id <id>', 'the AccessKeyId (required)')
    .option('--overlap <span>', 'how long the other secrets stay valid, as SPAN')
    .addHelpText('after', TIMES);
}

/** @param {Command} keys */
function addRetire(keys) {
  command(keys, 'retire', runRetire)
    .summary('remove a secret that is no longer used')
    .description(
      `Remove a secret of an access key: of two, the older one.

The logs of the edge functions must show that the secret was not used. Lambda@Edge writes logs in
each Region where it ran: give those of every Region.`,
    )
    .option('--id <id>', 'the AccessKeyId (required)')
    .option('--generation <name>', 'the secret to remove (default: the older of two)')
    .option('--logs <file>', 'JSON lines of the log; - is standard input; may be repeated', appended)
    .option('--since <time>', 'ignore requests before this, as TIME (a SPAN is before now)')
    .option('--force', "remove the secret even if the logs don't show that it is unused")
    .addHelpText('after', TIMES);
}

const WHEN_IT_TAKES_EFFECT = `The edge knows after the next deployment if the document is bundled, or within twice
refreshSeconds if it is in Secrets Manager.`;

/** @param {Command} keys */
function addDisable(keys) {
  withIdOrMaster(command(keys, 'disable', (context) => runStatus(context, 'disabled')))
    .summary('refuse an access key or a master key')
    .description(`Refuse an access key or a master key. It stays in the document.\n\n${WHEN_IT_TAKES_EFFECT}`);
}

/** @param {Command} keys */
function addEnable(keys) {
  withIdOrMaster(command(keys, 'enable', (context) => runStatus(context, 'active')))
    .summary('accept a disabled key again')
    .description(`Accept a disabled key again.\n\n${WHEN_IT_TAKES_EFFECT}`);
}

/** @param {Command} keys */
function addRevoke(keys) {
  command(keys, 'revoke', runRevoke)
    .summary("refuse a device's derived keys")
    .description(
      `Refuse all keys derived for a device.

Device ids are compared byte by byte: SN-1 is another device than sn-1.

${WHEN_IT_TAKES_EFFECT}`,
    )
    .option('--master <id>', 'the master key (required)')
    .option('--device <id>', 'the device; may be repeated', appended)
    .option('--devices <file>', 'device ids, one per line; - is standard input');
}

/** @param {Command} keys */
function addList(keys) {
  command(keys, 'list', runList)
    .summary('list keys, without their secrets')
    .description('List keys, generations and rules, without secrets.');
}

/** @param {Command} keys */
function addCheck(keys) {
  command(keys, 'check', runCheck)
    .summary('validate the documents')
    .description('Validate the documents and warn about likely mistakes.')
    .option('--allow-weak-secrets', 'take secrets that are short, repetitive or published: for tests only');
}

/**
 * A command with the options that all of them have.
 *
 * @param {Command} keys @param {string} name
 * @param {import('./run-on-store.mjs').Run} run
 */
function command(keys, name, run) {
  return keys
    .command(name)
    .optionsGroup('Where the keys are:')
    .option('--file <file>', 'a document of access keys')
    .option('--secret <id>', 'a secret in Secrets Manager')
    .option('--region <region>', "the Region of the secret's primary (default: AWS_REGION)")
    .option('--endpoint <url>', "Secrets Manager's endpoint")
    .optionsGroup('Options:')
    .option('--json', 'print JSON')
    .addHelpText('after', EXIT_STATUS)
    .action(action((options) => runOnStore(options, run)));
}

/** @param {Command} status */
function withIdOrMaster(status) {
  return status.option('--id <id>', 'an AccessKeyId').option('--master <id>', 'a master key');
}

/** @param {string} value @param {string[]} [before] */
function appended(value, before = []) {
  return [...before, value];
}
