// oss-edge secrets

import { action } from '../action.mjs';
import { UsageError } from '../usage-error.mjs';

const DESCRIPTION = `Make and rotate the secrets of the seals, for \`oss-edge bundle --secrets\`.

The seals show that an upload id is one that the functions gave, and that a request passed
viewer-request before it reached origin-request. Files are readable by their owner only, and are
never overwritten. No secret is printed.`;

const ROTATION = `Write the next step of a rotation to a new file. There are three: a secret is added, which
verifies; then it seals, and the former one verifies; then the former one is removed. Deploy every
function between two steps, and wait 7 days before the last: uploads that are under way go on.`;

/** @param {import('commander').Command} program */
export function addSecrets(program) {
  const secrets = program.command('secrets').summary('make and rotate the secrets of the seals').description(DESCRIPTION);
  secrets.helpCommand('help [command]', 'show help for a command');
  secrets
    .command('new')
    .summary('make a file of new secrets')
    .description('Make a file with one new secret.')
    .option('--out <file>', 'the file to make (required)')
    .action(action(makeSecrets));
  secrets
    .command('rotate')
    .summary('take the next step of a rotation')
    .description(ROTATION)
    .option('--from <file>', 'the present file (required)')
    .option('--out <file>', 'the file to make (required)')
    .action(action(rotateSecrets));
}

/** @param {{ out?: string }} options */
async function makeSecrets({ out }) {
  const { newSecrets } = await import('../secrets.mjs');
  await writeSecrets(out, newSecrets());
  process.stdout.write(`${out}: one new secret. Keep it: without it, no upload that is under way can be completed\n`);
  return 0;
}

/** @param {{ from?: string, out?: string }} options */
async function rotateSecrets({ from, out }) {
  if (from === undefined) throw new UsageError('expected --from FILE');
  const { readSecrets } = await import('../documents.mjs');
  const { rotated } = await import('../secrets.mjs');
  const { secrets, done } = rotated(await readSecrets(from));
  await writeSecrets(out, secrets);
  process.stdout.write(`${out}: ${done}\n`);
  return 0;
}

/** @param {string | undefined} out @param {import('../secrets.mjs').Secrets} secrets */
async function writeSecrets(out, secrets) {
  if (out === undefined) throw new UsageError('expected --out FILE');
  const { writeNewPrivate } = await import('../private-file.mjs');
  await writeNewPrivate(out, `${JSON.stringify(secrets, null, 2)}\n`);
}
