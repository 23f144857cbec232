// The command line of `oss-edge`.

import { readFileSync } from 'node:fs';

import { Command } from 'commander';

import { addBundle } from './commands/bundle.mjs';
import { addDeploy } from './commands/deploy.mjs';
import { addDoctor } from './commands/doctor.mjs';
import { addExplain } from './commands/explain.mjs';
import { addNetwork } from './commands/network.mjs';
import { addReplay } from './commands/replay.mjs';
import { addSecrets } from './commands/secrets.mjs';
import { addServe } from './commands/serve.mjs';
import { addKeys } from './keys/program.mjs';

/**
 * @returns {Command} whose `parseAsync` throws a CommanderError, also for `--help` and `--version`
 */
export function createProgram() {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const program = new Command('oss-edge')
    .description('Lets devices that upload with an Alibaba Cloud OSS SDK upload to Amazon S3, through CloudFront.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .exitOverride()
    // `deploy` has options itself, and commands with options of their own.
    .enablePositionalOptions()
    // Descriptions are wrapped at the terminal's width: only empty lines in them are kept.
    .configureHelp({ commandDescription: (command) => command.description().replace(/(?<!\n)\n(?!\n)/gu, ' ') })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /u, 'oss-edge: ')) });
  for (const add of [addBundle, addReplay, addExplain, addServe, addDeploy, addDoctor, addKeys, addSecrets, addNetwork]) {
    add(program);
  }
  pointToHelp(program, 'oss-edge');
  return program;
}

/**
 * Adds to each command's errors how to get its help.
 *
 * @param {Command} command
 * @param {string} path the command with its parents, as it is typed
 */
function pointToHelp(command, path) {
  command.showHelpAfterError(`See ${path} --help.`);
  for (const child of command.commands) pointToHelp(child, `${path} ${child.name()}`);
}
