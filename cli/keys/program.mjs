// oss-edge keys: the commands and options of the operator's tool.

import { action } from '../action.mjs';
import {
  runDelete,
  runDerive,
  runNew,
  runRetire,
  runRevoke,
  runRotate,
  runSet,
  runStatus,
  runUnrevoke,
} from './commands.mjs';
import { runCheck, runList, runShow } from './inspect.mjs';
import { runOnStore } from './run-on-store.mjs';

const DESCRIPTION = `Create, rotate and retire access keys in a file or in Secrets Manager.

Documents are checked before and after a change. A change replaces the whole document, and fails
if somebody else changed it meanwhile. The previous document is kept in FILE.bak, or in Secrets
Manager as AWSPREVIOUS. A secret is printed once, by the command that creates it.

Credentials for Secrets Manager come from where the AWS SDK looks for them: the environment, a
profile (also one with SSO, a role or a process), a container, an instance.`;

const TIMES = `
TIME is like 2026-11-25T00:00:00Z, or a SPAN from now. A SPAN is like 90m, 24h or 7d.`;

const WHEN_IT_TAKES_EFFECT = `The edge knows after the next deployment if the document is bundled, or within twice
refreshSeconds if it is in Secrets Manager.`;

const EXIT_STATUS = `
Exit status: 0 done, 1 refused or not valid, 2 not understood or not readable.`;

/** @typedef {import('commander').Command} Command */

/** @param {Command} program */
export function addKeys(program) {
  const keys = program.command('keys').summary('manage access keys').description(DESCRIPTION);
  keys.helpCommand('help [command]', 'show help for a command').addHelpText('after', EXIT_STATUS);
  for (const add of [addNew, addSet, addDelete, addDerive, addRotate, addRetire, addDisable, addEnable]) add(keys);
  for (const add of [addRevoke, addUnrevoke, addList, addShow, addCheck]) add(keys);
}

/** @param {Command} keys */
function addNew(keys) {
  const made = command(keys, 'new', runNew)
    .summary('create an access key or a master key')
    .description(
      `Create an access key, or with --master a master key to derive access keys from.

The options --bucket, --prefix and --operations make one rule for what the key may do, and each
--rule another. A key needs a rule or --everything.`,
    )
    .option('--id <id>', 'the AccessKeyId (default: a random one)')
    .option('--master <id>', 'create a master key with this id')
    .option('--security-token', 'make a token that each request of the access key must present');
  withBounds(made);
}

/** @param {Command} keys */
function addSet(keys) {
  const changed = command(keys, 'set', runSet)
    .summary('change what a key may do')
    .description(
      `Change the rules, scopes, limits or token of an access key or a master key.

The rules that are given replace all that there are; a scope that is given replaces the one of its
name. What isn't named stays.\n\n${WHEN_IT_TAKES_EFFECT}`,
    )
    .option('--remove-scope <name>', 'take a scope away; may be repeated', appended)
    .option('--security-token', 'make a new token')
    .option('--no-security-token', 'take the token away');
  withBounds(withIdOrMaster(changed));
}

/** @param {Command} command of which the options say what a key may do */
function withBounds(command) {
  return command
    .option('--bucket <bucket>', 'the bucket that the key may write to')
    .option('--prefix <prefix>', "the prefix of the object keys; {device} stands for the device's id")
    .option('--operations <names>', 'the operations, separated by commas')
    .option('--rule <json>', 'a rule as in the document, as in {"prefix":"logs/"}; may be repeated', appended)
    .option('--everything', 'no rule: every upload to every bucket')
    .option('--scope <name=json>', 'a rule of a scope, as in logs={"prefix":"logs/"}; may be repeated', appended)
    .option('--max-clock-skew-seconds <n>', "how far the clocks of its devices may be off; none: the configuration's")
    .option('--max-object-bytes <n>', 'the largest body of a request; none: what S3 takes');
}

/** @param {Command} keys */
function addDelete(keys) {
  withIdOrMaster(command(keys, 'delete', runDelete))
    .summary('remove a disabled key from the document')
    .description(
      `Remove an access key or a master key, and the devices of a master key that were revoked.

It must be disabled: a disabled key can be enabled again, a deleted one can't.`,
    )
    .option('--force', 'delete it even if it is active');
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
      `Remove a secret of an access key: of two, the older one. Or remove a master key.

The logs of the edge functions must show that the secret was not used. Lambda@Edge writes logs in
each Region where it ran: give those of every Region.`,
    )
    .option('--id <id>', 'an AccessKeyId')
    .option('--master <id>', 'a master key')
    .option('--generation <name>', 'the secret to remove (default: the older of two)')
    .option(
      '--logs <file>',
      'the log: JSON lines, or the JSON of filter-log-events or Logs Insights; - is standard input; may be repeated',
      appended,
    )
    .option('--since <time>', 'ignore requests before this, as TIME (a SPAN is before now)')
    .option('--force', "remove the secret even if the logs don't show that it is unused")
    .addHelpText('after', TIMES);
}

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
function addUnrevoke(keys) {
  command(keys, 'unrevoke', runUnrevoke)
    .summary("accept a revoked device's keys again")
    .description(`Accept all keys derived for a revoked device again.\n\n${WHEN_IT_TAKES_EFFECT}`)
    .option('--master <id>', 'the master key (required)')
    .option('--device <id>', 'the device; may be repeated', appended)
    .option('--devices <file>', 'device ids, one per line; - is standard input');
}

/** @param {Command} keys */
function addShow(keys) {
  withIdOrMaster(command(keys, 'show', runShow))
    .summary('show one key, without its secrets')
    .description('Show an access key or a master key, without its secrets and token.');
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
    .option('--profile <name>', 'the AWS profile (default: AWS_PROFILE)')
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
