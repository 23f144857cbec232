// Builds the fuzz targets and runs them: node fuzz/run.mjs [--seconds N | --check] [TARGET…]
//
// With --seconds, each target runs so long, from the seeds and from what earlier runs found (target/fuzz/corpus). With
// --check, a fixed number of runs from a fixed seed; then each target must find its faults (faults.json), which are
// planted into a copy of the core.
//
// libFuzzer's C++ comes with the crate libfuzzer-sys. rustc's own coverage passes do without a nightly toolchain.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { seeds } from './seeds.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'target/fuzz');
const LONGEST_INPUT = 8192;

/** Runs of each target with --check, and the most until it finds a planted fault. */
const RUNS = 4000;
const MAX_RUNS_TO_FAULT = 40_000;

const PASSES = [
  'passes=sancov-module',
  'llvm-args=-sanitizer-coverage-level=4',
  'llvm-args=-sanitizer-coverage-inline-8bit-counters',
  'llvm-args=-sanitizer-coverage-pc-table',
  'llvm-args=-sanitizer-coverage-trace-compares',
];

/** @typedef {{ name: string, target: string, file: string, find: string, replace: string }} Fault */

/** @type {Fault[]} */
const faults = JSON.parse(readFileSync(new URL('faults.json', import.meta.url), 'utf8'));
const allTargets = readdirSync(new URL('fuzz_targets', import.meta.url)).map((file) => file.replace('.rs', ''));

/** Builds the targets of a folder that has `src/` and `fuzz/`, and keeps the programs in `programs`. */
function build(/** @type {string} */ folder, /** @type {string} */ programs) {
  const host = execFileSync('rustc', ['-vV'], { encoding: 'utf8' }).match(/^host: (.*)$/m)?.[1] ?? '';
  const manifest = join(folder, 'fuzz/Cargo.toml');
  // With a target named, programs of the build itself aren't instrumented.
  const options = ['build', '--locked', '--release', '--quiet', '--target', host, '--manifest-path', manifest];
  const flags = ['--cfg', 'fuzzing', ...PASSES.flatMap((pass) => ['-C', pass])];
  const env = { ...process.env, CARGO_TARGET_DIR: join(out, 'build'), CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') };
  execFileSync('cargo', options, { stdio: 'inherit', env, cwd: folder });
  mkdirSync(programs, { recursive: true });
  for (const target of allTargets) cpSync(join(out, 'build', host, 'release', target), join(programs, target));
}

/** A copy of the core with every fault in it, each switched on by its name in the environment. */
function plant(/** @type {string} */ folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['Cargo.toml', 'Cargo.lock', 'src', 'fuzz']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  for (const { name, file, find, replace } of faults) {
    const path = join(folder, 'src', file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`faults.json: ${name}: ${file} has not exactly one "${find}"`);
    writeFileSync(path, text.replace(find, () => replace.replaceAll('PLANTED', `crate::is_planted("${name}")`)));
  }
  const library = join(folder, 'src/lib.rs');
  const isPlanted = `
/// Whether the fault of this name is switched on.
#[allow(missing_docs)]
pub(crate) fn is_planted(name: &str) -> bool {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| std::env::var("OSS_EDGE_FAULT").unwrap_or_default()) == name
}
`;
  writeFileSync(library, readFileSync(library, 'utf8') + isPlanted);
}

/** Runs a target; its output ends in what libFuzzer says of the runs. */
function run(/** @type {string} */ program, /** @type {string[]} */ options, /** @type {string[]} */ corpora, fault = '') {
  const defaults = [`-max_len=${LONGEST_INPUT}`, '-len_control=0', '-print_final_stats=1', '-verbosity=0'];
  const env = { ...process.env, OSS_EDGE_FAULT: fault, RUST_BACKTRACE: '0' };
  const { status, stderr } = spawnSync(program, [...defaults, ...options, ...corpora], { env, encoding: 'utf8' });
  const runs = Number(stderr.match(/number_of_executed_units: (\d+)/)?.[1] ?? 0);
  return { status, stderr, runs };
}

/** The folder of a target's seeds, newly written. */
function writeSeeds(/** @type {string} */ target) {
  const folder = join(out, 'seeds', target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  seeds(target).forEach((seed, index) => writeFileSync(join(folder, String(index)), JSON.stringify(seed)));
  return folder;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, check: { type: 'boolean', default: false } },
});
const targets = positionals.length > 0 ? positionals : allTargets;
const unknown = targets.find((target) => !allTargets.includes(target));
if (unknown) throw new Error(`no target ${unknown}: there are ${allTargets.join(', ')}`);

const programs = join(out, 'programs');
build(root, programs);
let failed = 0;
for (const target of targets) {
  const folder = writeSeeds(target);
  const artifacts = join(out, 'artifacts', target);
  mkdirSync(artifacts, { recursive: true });
  const options = [`-artifact_prefix=${artifacts}/`];
  const corpora = [folder];
  if (values.check) {
    options.push('-seed=1', `-runs=${RUNS}`);
  } else {
    const kept = join(out, 'corpus', target);
    mkdirSync(kept, { recursive: true });
    corpora.unshift(kept);
    options.push(`-max_total_time=${values.seconds}`);
  }
  const { status, stderr, runs } = run(join(programs, target), options, corpora);
  if (status !== 0) {
    failed += 1;
    process.stderr.write(`${target}: a fault after ${runs} runs\n${stderr}\n`);
  } else {
    process.stdout.write(`${target}: ${runs} runs, no fault\n`);
  }
}
if (values.check) {
  const folder = join(out, 'planted');
  plant(folder);
  build(folder, join(out, 'planted-programs'));
  for (const { name, target } of faults.filter(({ target }) => targets.includes(target))) {
    const options = ['-seed=1', `-runs=${MAX_RUNS_TO_FAULT}`, `-artifact_prefix=${out}/planted-`];
    const { status, runs } = run(join(out, 'planted-programs', target), options, [join(out, 'seeds', target)], name);
    if (status === 0) {
      failed += 1;
      process.stderr.write(`${target}: ${name} is planted, and wasn't found in ${runs} runs\n`);
    } else {
      process.stdout.write(`${target}: ${name} found after ${runs} runs\n`);
    }
  }
}
if (!existsSync(programs) || failed > 0) process.exitCode = 1;
