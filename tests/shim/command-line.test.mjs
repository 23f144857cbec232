// The command line's help, version and suggestions.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createProgram } from '../../cli/program.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));

/** Every option that scripts may use, by command. */
const OPTIONS = {
  bundle: ['config', 'access-keys', 'secrets', 'out', 'endpoint', 'json', 'allow-weak-secrets'],
  replay: ['config', 'access-keys', 'secrets', 'credentials-endpoint', 'now', 'json'],
  explain: ['config', 'access-keys', 'secrets', 'credentials-endpoint', 'now', 'security-tokens', 'json'],
  serve: [
    'config', 'access-keys', 'secrets', 'credentials-endpoint', 'port', 's3-endpoint', 'data', 'framing', 'api-chunked', 'json', 'function-log', 'explain', 'no-origin-response',
  ],
  doctor: ['config', 'access-keys', 'url', 'host', 'key', 's3', 's3-endpoint', 'json'],
};

/** What a key may do. */
const BOUNDS = ['bucket', 'prefix', 'operations', 'rule', 'everything', 'scope', 'max-clock-skew-seconds', 'max-object-bytes'];

const KEYS_OPTIONS = {
  new: ['id', 'master', 'security-token', ...BOUNDS],
  set: ['remove-scope', 'security-token', 'no-security-token', 'id', 'master', ...BOUNDS],
  delete: ['id', 'master', 'force'],
  derive: ['master', 'devices', 'scope', 'expires', 'sts', 'out'],
  rotate: ['id', 'overlap'],
  retire: ['id', 'master', 'generation', 'logs', 'since', 'force'],
  disable: ['id', 'master'],
  enable: ['id', 'master'],
  revoke: ['master', 'device', 'devices'],
  unrevoke: ['master', 'device', 'devices'],
  list: [],
  show: ['id', 'master'],
  check: ['allow-weak-secrets'],
};

const SECRETS_OPTIONS = { new: ['out'], rotate: ['from', 'out'] };

const OF_A_DEPLOYMENT = ['config', 'access-keys', 'stack', 'profile'];

const DEPLOY_OPTIONS = {
  diff: [...OF_A_DEPLOYMENT, 'revert-drift'],
  status: OF_A_DEPLOYMENT,
  rollback: [...OF_A_DEPLOYMENT, 'to', 'dry-run', 'yes'],
  rotate: [...OF_A_DEPLOYMENT, 'yes', 'image-is-pushed'],
  destroy: [...OF_A_DEPLOYMENT, 'yes'],
  template: ['config', 'access-keys', 'bundle', 'endpoint', 'out'],
};

const VPN_OPTIONS = {
  plan: ['config', 'out', 'keys', 'aws-configuration', 'dry-run', 'json'],
  verify: ['config', 'connections', 'routes', 'alibaba', 'keys', 'json'],
};

const ROAS = ['roas', 'validator'];
const AT_AWS = ['profile', 'dry-run', 'yes'];
const BYOIP_OPTIONS = {
  prepare: AT_AWS,
  sign: ['dry-run'],
  verify: ['rdap', 'rdap-url', ...ROAS, 'range', 'distributions'],
  provision: ['rdap', 'rdap-url', ...ROAS, ...AT_AWS, 'range', 'token'],
  advertise: [...ROAS, ...AT_AWS, 'range'],
  status: ['profile'],
  withdraw: [...AT_AWS, 'range', 'deprovision'],
};

const KEYS_COMMON = ['file', 'secret', 'region', 'profile', 'endpoint', 'json'];

test('prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await run('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
});

test('each command has exactly the options that scripts may use', () => {
  const program = createProgram();
  assert.deepEqual(optionsOf(program), OPTIONS);
  const keys = program.commands.find((command) => command.name() === 'keys');
  const expected = Object.entries(KEYS_OPTIONS).map(([name, options]) => [name, [...KEYS_COMMON, ...options]]);
  assert.deepEqual(optionsOf(/** @type {any} */ (keys)), Object.fromEntries(expected));
  const secrets = program.commands.find((command) => command.name() === 'secrets');
  assert.deepEqual(optionsOf(/** @type {any} */ (secrets)), SECRETS_OPTIONS);
  const deploy = program.commands.find((command) => command.name() === 'deploy');
  assert.deepEqual(optionsOf(/** @type {any} */ (deploy)), DEPLOY_OPTIONS);
  const network = program.commands.find((command) => command.name() === 'network');
  assert.deepEqual(network?.commands.map((command) => [command.name(), optionsOf(command)]), [
    ['private', { plan: ['config', 'gateway', 'out', 'dry-run', 'json'] }],
    ['vpn', VPN_OPTIONS],
    ['byoip', Object.fromEntries(Object.entries(BYOIP_OPTIONS).map(([name, options]) => [name, ['config', 'dir', 'json', ...options]]))],
  ]);
  assert.deepEqual(deploy?.options.map(({ long }) => long?.slice(2)), [...OF_A_DEPLOYMENT, 'dry-run', 'yes', 'smoke-key', 'image-is-pushed', 'revert-drift', 'skip-account-check']);
});

for (const path of [[], ['bundle'], ['replay'], ['explain'], ['serve'], ['doctor'], ['keys'], ...Object.keys(KEYS_OPTIONS).map((name) => ['keys', name]), ['secrets'], ['secrets', 'new'], ['secrets', 'rotate'], ['deploy'], ...Object.keys(DEPLOY_OPTIONS).map((name) => ['deploy', name]), ['network'], ['network', 'private'], ['network', 'private', 'plan'], ['network', 'vpn'], ...Object.keys(VPN_OPTIONS).map((name) => ['network', 'vpn', name]), ['network', 'byoip'], ...Object.keys(BYOIP_OPTIONS).map((name) => ['network', 'byoip', name])]) {
  test(`${['oss-edge', ...path].join(' ')} --help describes the command and its options`, async () => {
    const { status, stdout, stderr } = await run(...path, '--help');
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(stdout.startsWith(`Usage: ${['oss-edge', ...path].join(' ')} `), stdout);
    const [, description] = stdout.split('\n\n');
    assert.match(description, /^[A-Z][^]*[.:]$/u);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 120, line);
    assert.doesNotMatch(stdout, /undefined/u);
  });
}

for (const [args, expected] of /** @type {[string[], string][]} */ ([
  [['bundel'], "oss-edge: unknown command 'bundel'\n(Did you mean bundle?)\nSee oss-edge --help.\n"],
  [['replay', '--confg', 'x'], "oss-edge: unknown option '--confg'\n(Did you mean --config?)\nSee oss-edge replay --help.\n"],
  [['keys', 'rotat'], "oss-edge: unknown command 'rotat'\n(Did you mean rotate?)\nSee oss-edge keys --help.\n"],
  [['keys', 'list', '--jsn'], "oss-edge: unknown option '--jsn'\n(Did you mean --json?)\nSee oss-edge keys list --help.\n"],
  [['serve', 'now'], "oss-edge: too many arguments for 'serve'. Expected 0 arguments but got 1.\nSee oss-edge serve --help.\n"],
  [['bundle', '--config'], "oss-edge: option '--config <file>' argument missing\nSee oss-edge bundle --help.\n"],
])) {
  test(`\`oss-edge ${args.join(' ')}\` ends with 2 and says what was meant`, async () => {
    assert.deepEqual(await run(...args), { status: 2, stdout: '', stderr: expected });
  });
}

test('without a command it shows help, and ends with 2', async () => {
  for (const args of [[], ['keys'], ['secrets']]) {
    const { status, stdout, stderr } = await run(...args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^Usage: oss-edge /u);
  }
});

/** @param {import('commander').Command} parent */
function optionsOf(parent) {
  const commands = parent.commands.filter(({ commands: children }) => children.length === 0);
  return Object.fromEntries(commands.map((command) => [command.name(), command.options.map(({ long }) => long?.slice(2))]));
}

/** @param {string[]} args @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
function run(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
