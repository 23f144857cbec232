#!/usr/bin/env bash
# The one script for people and CI: sets a fresh machine up, builds, bundles, tests, shows.
#
#   ./build.sh                                        bundle the sample configuration, with a new access key
#   ./build.sh bundle --config C --access-keys K --secrets S [--out DIR]
#   ./build.sh check                                  format, lints, types, unit tests, a replay: before each commit
#   ./build.sh test                                   every test
#   ./build.sh bench [--short] [--json FILE]          the budget of docs/performance.md
#   ./build.sh fuzz [--seconds N] [TARGET…]           each fuzz target for a minute, or so long (CONTRIBUTING.md)
#   ./build.sh mutants [--all | --changed BASE] […]   each change that no test notices, of the modules that decide
#   ./build.sh constant-time                          whether comparisons tell by their time where they differ
#   ./build.sh demo                                   a real OSS SDK uploads through the bundle
#   ./build.sh compatibility                          write docs/compatibility.md, from the end-to-end tests
#   ./build.sh vpn-trial                              two IPsec gateways against each other, as root on Debian
#   ./build.sh versitygw                              the end-to-end tests against an S3 that nobody here wrote
#   ./build.sh soak [--minutes N]                     load, with faults, for 30 minutes
#   ./build.sh mutants-js [--changed BASE] […]        which breaks of the functions' JavaScript no test notices
#   ./build.sh reproduce                              build twice, elsewhere, and print the hashes that are the same
#   ./build.sh audit                                  licences, sources and known faults of dependencies
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

tools="$PWD/target/tools"
logs="$PWD/target/logs"
mkdir -p "$tools" "$logs"
export PATH="$PWD/node_modules/.bin:$tools/bin:$PATH"
# The AWS SDK would print two paragraphs about Node 20, which Lambda doesn't run.
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
export npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

. build/tools.sh
. build/mutants.sh

# step "what is done" command...: runs a command and prints one line, with a dot every five seconds. On failure it
# prints the command's output.
step() {
  local what=$1 log status=0 started=$SECONDS ticks=0
  shift
  log="$logs/$(tr -c 'a-zA-Z0-9\n' '-' <<<"$what").log"
  printf '%s ' "$what"
  "$@" >"$log" 2>&1 </dev/null &
  local job=$!
  trap 'kill "$job" 2>/dev/null || true' INT TERM
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.2
    if (((SECONDS - started) / 5 > ticks)); then
      printf '.'
      ticks=$((ticks + 1))
    fi
  done
  wait "$job" || status=$?
  trap - INT TERM
  if ((status != 0)); then
    printf 'failed\n\n'
    cat "$log"
    exit "$status"
  fi
  local passed
  passed=$(($(passed_in "$log")))
  echo "$passed" >>"$logs/passed"
  if ((passed > 0)); then printf '%d passed' "$passed"; else printf 'ok'; fi
  printf ' (%d s)\n' "$((SECONDS - started))"
}

# Sums up the tests in a step's log, from the runners' last lines; prints nothing for other steps.
passed_in() {
  sed -nE -e 's/^# pass ([0-9]+)$/\1/p' -e 's/^ℹ pass ([0-9]+)$/\1/p' \
    -e 's/^test result: ok\. ([0-9]+) passed.*/\1/p' -e 's/^Ran ([0-9]+) tests in .*/\1/p' "$1" | paste -sd+
}

# beside FUNCTION: runs a function's steps in the background, in their own process group. `join` waits for them and
# prints their lines.
beside() {
  set -m
  ("$1") >"$logs/$1.steps" 2>&1 </dev/null &
  set +m
  beside_jobs+=("$1:$!")
}
beside_jobs=()
trap 'for job in "${beside_jobs[@]}"; do kill -- "-${job#*:}" 2>/dev/null || true; done' EXIT

join() {
  local job status=0 waited
  for job in "${beside_jobs[@]}"; do
    waited=0
    while kill -0 "${job#*:}" 2>/dev/null; do
      sleep 1
      ((++waited % 5)) || printf '.'
    done
    ((waited < 5)) || printf '\n'
    wait "${job#*:}" || status=$?
    cat "$logs/${job%:*}.steps"
    ((status == 0)) || exit "$status"
  done
  beside_jobs=()
}

# A hash of the core's sources and compilers. It names the build: a function refuses a gate.bin of another build.
core_hash() {
  {
    find src build/{module.sh,crate-licences.mjs,rust-library-licence.txt} .cargo Cargo.toml Cargo.lock -type f |
      LC_ALL=C sort | xargs sha256sum
    rustc --version
    wasm-opt --version
  } | sha256sum | cut -c 1-32
}

# Builds two modules: one without the code that reads JSON documents, for most functions, and one with it, for functions
# that fetch their keys and for the command line.
build_core() {
  local out=js-shim/wasm hash
  hash=$(core_hash)
  if [[ -f $out/built && $(<"$out/built") == "$hash" ]]; then return; fi
  rm -rf "$out"
  step 'Building the core' build/module.sh oss_edge "$hash" --no-default-features
  step 'Building the core that reads documents' build/module.sh oss_edge_documents "$hash"
  echo "$hash" >"$out/built"
}

# The type declarations that `exports` of package.json names.
build_types() {
  rm -rf types
  step "JavaScript: the library's types" tsc -p tsconfig.types.json
}

prepare() {
  install_node_modules
  install_rust_tools
  build_core
  build_types
}

bundle() {
  prepare
  node cli/oss-edge.mjs bundle "$@"
}

# Bundles the sample with a new key and new secrets: its own key is published, and it has no secrets.
bundle_sample() {
  rm -f target/access-keys.json target/secrets.json
  node cli/oss-edge.mjs keys new --file target/access-keys.json --everything >/dev/null
  node cli/oss-edge.mjs secrets new --out target/secrets.json
  node cli/oss-edge.mjs bundle --config sample/config.json --access-keys target/access-keys.json \
    --secrets target/secrets.json
  node benches/sizes.mjs
}

check() {
  prepare
  lint_rust
  step 'JavaScript: types' tsc
  step 'Rust: unit tests' cargo test --locked --lib
  step 'JavaScript: handlers, gate, imports' node --test tests/shim/{viewer,origin,one}-*.test.mjs tests/shim/{api,gate,layers}.test.mjs
  step 'Replay of the sample' node cli/oss-edge.mjs replay --config sample/config.json \
    --access-keys sample/access-keys.json sample/events.jsonl
}

lint_rust() {
  step 'Rust: format' cargo fmt --check
  step 'Rust: clippy' cargo clippy --locked --all-targets -- -D warnings
  step 'Rust: clippy for WebAssembly' bash -c '
    for features in "" --no-default-features; do
      cargo clippy --locked --target wasm32-unknown-unknown $features -- -D warnings
    done'
  step 'Rust: documentation' env RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items
}

run_tests() {
  rm -rf "${logs:?}"/*
  export SECRET_SCAN="$logs/functions"
  # Incremental compilation would only help a later build of other sources.
  export CARGO_INCREMENTAL=0
  install_cxx
  install_rust_tools
  install_wasm_pack
  beside rust_tests
  prepare
  install_python_sdk
  install_older_python_sdks
  install_runtimes
  rm -rf target/compatibility
  beside python_tests
  beside sdk_tests_with_versitygw
  beside deployment_tests
  step 'JavaScript: types' tsc
  step 'JavaScript: handlers, bundle, replay' node --test tests/shim/*.test.mjs
  local version handlers=(tests/shim/{viewer,origin,one}-*.test.mjs tests/shim/{api,gate,bundled-gate,seals,serve}.test.mjs)
  for version in "$edge_node" "$relay_node"; do
    step "JavaScript: handlers, gate, serve, in Node ${version%%.*}" "$(runtime "$version")" --test "${handlers[@]}"
  done
  step 'JavaScript: explain' node --test tests/explain/*.test.mjs
  step 'JavaScript: the function to compare with decides alike' node --test benches/*.test.mjs
  step 'JavaScript: the local CloudFront and S3' node --test tests/local/*.test.mjs
  step 'JavaScript: joining parts' node --test tests/operations/*.test.mjs
  step 'JavaScript: the relay, in Node 24' "$(runtime $relay_node)" --test tests/relay/*.test.mjs
  javascript_sdk_tests
  join
  step 'Soak: load and faults for 20 seconds' node tests/soak/run.mjs --minutes 0.33
  step 'docs/compatibility.md' node tests/e2e/compatibility.mjs --check
  step 'Sizes within their budget' bundle_sample
  bench --short | tee "$logs/bench.log"
  mutants_of_changes
  step 'No secret of the tests in what they wrote' node tests/secret-scan.mjs target/logs
  printf '%d passed, 0 failed\n' "$(($(paste -sd+ "$logs/passed")))"
}

rust_tests() {
  lint_rust
  step 'Rust: tests' cargo test --locked
  step 'Rust: vectors, refusals, malformed requests in WebAssembly' wasm-pack test --node --mode no-install -- --locked \
    --test all
  if command -v c++ >/dev/null; then
    step 'Fuzzing: a short run of each target, and every planted fault' node fuzz/run.mjs --check
  else
    echo 'Left out: fuzzing, for which libFuzzer needs a C++ compiler (g++)'
  fi
}

python_tests() {
  step 'End to end: oss2, alibabacloud-oss-v2, opendal' .venv/bin/python -m unittest discover -s tests/e2e -p '*_test.py'
}

deployment_tests() {
  step 'The deployment: templates, rules, permissions, deploy' node --test tests/deploy/*.test.mjs
  step 'Networks: plans, templates, checks' node --test tests/network/*.test.mjs
  step 'Access keys: their source and the tool, with Secrets Manager' node --test tests/keys/*.test.mjs
  step 'The npm package, installed' node --test tests/package/*.test.mjs
}

javascript_sdk_tests() {
  step 'End to end: ali-oss, in Node 22 and in a browser' "$(runtime $edge_node)" --test tests/e2e/*.test.mjs
  step 'End to end: ali-oss, to the relay as the entrance' env OSS_EDGE_ENTRANCE=relay "$(runtime $relay_node)" \
    --test tests/e2e/ali-oss.test.mjs
}

sdk_tests() {
  install_java_and_go
  build_sdk_drivers "$@"
  step 'End to end: the SDKs for Java, Android and Go, aliyun-sdk' env SDK_RELEASES="${1:-}" node --test tests/e2e/sdks/*.test.mjs
}

# Runs the SDK tests with versitygw, an S3 from elsewhere, if it can be built and run: it needs extended file
# attributes.
sdk_tests_with_versitygw() {
  install_java_and_go
  if (install_versitygw) && node tests/e2e/versitygw.mjs; then
    export E2E_S3=versitygw
  else
    echo "Left out: Versity's S3 gateway, which doesn't run here. The local S3 takes its place"
  fi
  sdk_tests
}

bench() {
  prepare
  node --expose-gc benches/run.mjs "$@"
}

compatibility() {
  prepare
  install_python_sdk
  install_older_python_sdks
  install_runtimes
  rm -rf target/compatibility
  javascript_sdk_tests
  python_tests
  sdk_tests --all
  step 'docs/compatibility.md' node tests/e2e/compatibility.mjs --write
}

# The end-to-end tests with versitygw, without those in versitygw-left-out.txt.
versitygw() {
  prepare
  install_python_sdk
  install_older_python_sdks
  install_runtimes
  install_java_and_go
  install_versitygw
  export E2E_S3=versitygw
  local list=tests/e2e/versitygw-left-out.txt names
  names=$(sed -nE 's/^([^#].*[^ ])  +[^ ].*/\1/p' $list | sed 's/[][\\.^$*+?(){}|\/]/\\&/g' | paste -sd'|')
  step 'End to end with versitygw: ali-oss' "$(runtime $edge_node)" --test --test-skip-pattern="/^($names)\$/" \
    tests/e2e/{ali-oss,older-releases,browser,access-keys,cors,looks-first,small-parts,relay,entrance}.test.mjs
  step 'End to end with versitygw: oss2, alibabacloud-oss-v2, opendal' \
    .venv/bin/python -m unittest discover -s tests/e2e -p '*_test.py'
  sdk_tests
  echo 'Left out, by name and reason:'
  sed -n '/^[^#]/s/^/  /p' $list
}

soak() {
  prepare
  install_python_sdk
  install_java_and_go
  build_sdk_drivers
  node tests/soak/run.mjs "$@"
}

# Prints the comment at the beginning of this file.
usage() {
  sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
}

demo() {
  prepare
  node cli/demo.mjs
}

case "${1:-bundle}" in
bundle)
  if (($# > 1)); then
    shift
    bundle "$@"
  else
    prepare
    bundle_sample
  fi
  ;;
check) check ;;
test) run_tests ;;
bench) bench "${@:2}" ;;
mutants) mutants "${@:2}" ;;
constant-time) (cd fuzz && cargo run --quiet --locked --profile constant-time -p constant-time) ;;
fuzz) node fuzz/run.mjs "${@:2}" ;;
demo) demo ;;
compatibility) compatibility ;;
vpn-trial)
  prepare
  node tests/network/vpn-trial.mjs "${@:2}"
  ;;
versitygw) versitygw ;;
soak) soak "${@:2}" ;;
mutants-js) mutants_js "${@:2}" ;;
reproduce) prepare && build/reproduce.sh ;;
audit) prepare && build/audit.sh ;;
help | --help | -h) usage ;;
*)
  usage >&2
  exit 2
  ;;
esac
