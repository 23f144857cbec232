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
#   ./build.sh s3s-fs                                 the end-to-end tests against an S3 that nobody here wrote
#   ./build.sh soak [--minutes N]                     load, with faults, for 30 minutes
#   ./build.sh mutants-js [GROUP...]                  which breaks of the functions' JavaScript no test notices
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

# step "what is done" command...: one line, a dot every five seconds, the command's output on failure.
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

# How many tests a step's log counts, by the runners' own closing lines; nothing for other steps.
passed_in() {
  sed -nE -e 's/^# pass ([0-9]+)$/\1/p' -e 's/^ℹ pass ([0-9]+)$/\1/p' \
    -e 's/^test result: ok\. ([0-9]+) passed.*/\1/p' -e 's/^Ran ([0-9]+) tests in .*/\1/p' "$1" | paste -sd+
}

# beside FUNCTION: runs a function's steps in the background, as a process group of its own. `join` waits for them and
# shows their lines.
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

version_of() { # the locked version of a crate
  sed -nE "/^name = \"$1\"$/{n;s/^version = \"(.*)\"$/\1/p;}" Cargo.lock
}

install_node_modules() {
  local hash
  hash=$(sha256sum <package-lock.json)
  if [[ ! -f node_modules/installed || $(<node_modules/installed) != "$hash" ]]; then
    step 'Installing npm packages' npm ci --no-progress
    echo "$hash" >node_modules/installed
  fi
}

install_rust_tools() {
  local bindgen
  bindgen=$(version_of wasm-bindgen)
  if ! rustup target list --installed | grep -qx wasm32-unknown-unknown; then
    step 'Adding the target wasm32-unknown-unknown' rustup target add wasm32-unknown-unknown
  fi
  if [[ $(wasm-bindgen --version 2>/dev/null) != "wasm-bindgen $bindgen" ]]; then
    step "Building wasm-bindgen-cli $bindgen, once, some minutes" \
      cargo install --locked --root "$tools" wasm-bindgen-cli --version "$bindgen"
  fi
}

install_wasm_pack() {
  if ! command -v wasm-pack >/dev/null; then
    step 'Building wasm-pack 0.15.1, once, some minutes' cargo install --locked --root "$tools" wasm-pack --version 0.15.1
  fi
}

install_python_sdk() {
  if ! cmp -s <(cat tests/{e2e,deploy,local}/requirements.txt) .venv/installed; then
    step 'Installing the OSS SDKs for Python, moto, cfn-lint and s3-tests' bash -c '
      python3 -m venv .venv
      .venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/e2e/requirements.txt \
        --requirement tests/deploy/requirements.txt --requirement tests/local/requirements.txt
      cat tests/{e2e,deploy,local}/requirements.txt >.venv/installed'
  fi
}

# Earlier releases of SDKs whose latest is in .venv, which has what they depend on.
install_older_python_sdks() {
  local list=tests/e2e/older-releases.txt folder=target/sdks
  if ! cmp -s $list $folder/installed; then
    step 'Installing earlier releases of the OSS SDKs for Python' bash -c "
      rm -rf $folder
      for release in \$(grep == $list); do
        .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $folder/\$release \$release
      done
      cp $list $folder/installed"
  fi
}

# Lambda's runtimes: nodejs22.x at the edge and behind the API, nodejs24.x for the relay.
edge_node=22.23.3 relay_node=24.21.0

install_runtimes() {
  local version
  for version in $edge_node $relay_node; do
    if [[ $("$(runtime $version)" --version 2>/dev/null) != "v$version" ]]; then
      step "Installing Node $version" npm install --silent --prefix "target/runtimes/$version" "node@$version"
    fi
  done
}

# runtime VERSION: its `node`, to run tests with. What they start by name is still the machine's own.
runtime() {
  echo "$PWD/target/runtimes/$1/node_modules/node/bin/node"
}

# Java and Go, for the drivers of their SDKs: Debian's packages, where they may be installed.
install_java_and_go() {
  local packages=() apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq)
  { command -v java && command -v javac; } >/dev/null || packages+=(default-jdk-headless)
  command -v mvn >/dev/null || packages+=(maven)
  command -v go >/dev/null || packages+=(golang-go)
  ((${#packages[@]} > 0)) && command -v apt-get >/dev/null || return 0
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || return 0
    apt=(sudo -n "${apt[@]}")
  fi
  step "Installing ${packages[*]}" bash -c "
    ${apt[*]} update && ${apt[*]} install --yes --no-install-recommends ${packages[*]} || true"
}

# A C++ compiler for libFuzzer: Debian's, where it may be installed.
install_cxx() {
  if ! command -v c++ >/dev/null && command -v apt-get >/dev/null && ((EUID == 0)); then
    step 'Installing g++' bash -c '
      export DEBIAN_FRONTEND=noninteractive
      apt-get -qq update && apt-get -qq install --yes --no-install-recommends g++ || true'
  fi
}

# build_sdk_drivers [--all]: for the oldest and the latest release of each SDK, or for all of them.
build_sdk_drivers() {
  local built=target/sdk-drivers/built hash
  hash=$({
    find tests/e2e/{java,go,sdks/build.mjs,sdks/clients.mjs} -type f | LC_ALL=C sort | xargs sha256sum
    command -v mvn || true
    java -version || true
    go version || true
  } 2>&1 | sha256sum)
  if ! grep -qsxF -e "$hash $*" -e "$hash --all" $built; then
    step 'Building the drivers of the SDKs for Java, Android and Go' node tests/e2e/sdks/build.mjs "$@"
    echo "$hash $*" >$built
  fi
  node -e 'for (const what of Object.values(require("./target/sdk-drivers/left-out.json"))) console.log(`Left out: ${what}`)'
}

# What the core is made from, and by what. Their hash names a build: a function takes no gate.bin that another build wrote.
core_hash() {
  {
    find src build/{module.sh,crate-licences.mjs,rust-library-licence.txt} .cargo Cargo.toml Cargo.lock -type f |
      LC_ALL=C sort | xargs sha256sum
    rustc --version
    wasm-opt --version
  } | sha256sum | cut -c 1-32
}

# Two modules: one without the code that reads documents, for most functions, and the whole one, for functions that
# fetch their keys and for the command line.
build_core() {
  local out=js-shim/wasm hash
  hash=$(core_hash)
  if [[ -f $out/built && $(<"$out/built") == "$hash" ]]; then return; fi
  rm -rf "$out"
  step 'Building the core' build/module.sh oss_edge "$hash" --no-default-features
  step 'Building the core that reads documents' build/module.sh oss_edge_documents "$hash"
  echo "$hash" >"$out/built"
}

# The declarations that the package's `exports` name.
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

# With a key and secrets of its own: the sample's keys are published, and it has no secrets.
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
  beside sdk_tests
  step 'JavaScript: types' tsc
  step 'JavaScript: handlers, bundle, replay' node --test tests/shim/*.test.mjs
  step 'JavaScript: explain' node --test tests/explain/*.test.mjs
  step 'JavaScript: the function to compare with decides alike' node --test benches/*.test.mjs
  step 'JavaScript: the local CloudFront and S3' node --test tests/local/*.test.mjs
  step 'JavaScript: joining parts' node --test tests/operations/*.test.mjs
  step 'JavaScript: the relay, in Node 24' "$(runtime $relay_node)" --test tests/relay/*.test.mjs
  step 'The deployment: templates, rules, permissions, deploy' node --test tests/deploy/*.test.mjs
  step 'Networks: plans, templates, checks' node --test tests/network/*.test.mjs
  step 'Access keys: their source and the tool, with Secrets Manager' node --test tests/keys/*.test.mjs
  step 'The npm package, installed' node --test tests/package/*.test.mjs
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
    --test signature_v1_vectors --test signature_v4_vectors --test derived_keys --test seals --test refusals \
    --test malformed
  if command -v c++ >/dev/null; then
    step 'Fuzzing: a short run of each target, and every planted fault' node fuzz/run.mjs --check
  else
    echo 'Left out: fuzzing, for which libFuzzer needs a C++ compiler (g++)'
  fi
}

python_tests() {
  step 'End to end: oss2, alibabacloud-oss-v2, opendal' .venv/bin/python -m unittest discover -s tests/e2e -p '*_test.py'
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

# The end-to-end tests against s3s-fs, which is no part of `test`: building it takes three minutes of a processor.
s3s_fs() {
  prepare
  install_python_sdk
  install_runtimes
  if [[ $(s3s-fs --version 2>/dev/null) != 's3s-fs 0.14.0' ]]; then
    step 'Building s3s-fs 0.14.0, once, some minutes' \
      cargo install --locked --root "$tools" s3s-fs --version 0.14.0 --features binary
  fi
  local list=tests/e2e/s3s-fs-left-out.txt names
  names=$(sed -nE 's/^([^#].*[^ ])  +[^ ].*/\1/p' $list | sed 's/[][\\.^$*+?(){}|\/]/\\&/g' | paste -sd'|')
  step 'End to end with s3s-fs: ali-oss' env E2E_S3=s3s-fs "$(runtime $edge_node)" --test \
    --test-skip-pattern="/^($names)\$/" tests/e2e/{ali-oss,older-releases,browser,access-keys}.test.mjs
  step 'End to end with s3s-fs: oss2' env E2E_S3=s3s-fs .venv/bin/python -m unittest discover -s tests/e2e -p 'oss2_test.py'
  echo 'Left out, by name and reason:'
  sed -n '/^[^#]/s/^/  /p' $list
}

# The modules that decide who may do what: a mutant of these must be killed, or be told equivalent in tests/mutants.toml.
deciding=(
  authenticate.rs authorize.rs access_keys.rs 'access_keys/*.rs' signature.rs 'signature/**/*.rs' mac.rs
  route.rs 'route/*.rs' hand_over_seal.rs sealing_keys.rs upload_id.rs 'upload_id/*.rs' time.rs
)

# mutants [--all | --changed BASE] [OPTION-OF-CARGO-MUTANTS…]: goes on where it stopped; `--shard 1/4` is a part.
mutants() {
  local options=() out=target/mutants
  case "${1:-}" in
  --all) shift ;;
  --changed)
    git diff "$2" -- src >"$logs/mutants.diff"
    if [[ ! -s $logs/mutants.diff ]]; then
      echo "No changes of src/ since $2: no mutants"
      return
    fi
    options=(--in-diff "$logs/mutants.diff")
    out=target/mutants-of-changes
    shift 2
    ;;
  *) for module in "${deciding[@]}"; do options+=(--file "src/$module"); done ;;
  esac
  if [[ $(cargo mutants --version 2>/dev/null) != 'cargo-mutants 27.1.0' ]]; then
    step 'Building cargo-mutants 27.1.0, once, some minutes' \
      cargo install --locked --root "$tools" cargo-mutants --version 27.1.0
  fi
  cargo mutants --config tests/mutants.toml --iterate --output "$out" "${options[@]}" "$@"
}

# Of the lines that differ from the branch that this one is to be merged into; none on that branch itself. Many take too
# long to be tested each time.
mutants_of_changes() {
  local base count
  base=$(git merge-base HEAD "${MUTANTS_BASE:-main}" 2>/dev/null) || return 0
  count=$(git diff --numstat "$base" -- src | awk '{ lines += $1 } END { print lines + 0 }')
  if ((count > 0 && count <= 15)); then
    step "Mutants of $count changed lines" mutants --changed "$base"
  elif ((count > 15)); then
    echo "Left out: mutants of $count changed lines, which take long: ./build.sh mutants --changed $base"
  fi
}

soak() {
  prepare
  install_python_sdk
  install_java_and_go
  build_sdk_drivers
  node tests/soak/run.mjs "$@"
}

# Stryker, beside the project: its 180 packages are for this alone.
mutants_js() {
  prepare
  if ! grep -qs '"@stryker-mutator/core": "9.6.1"' target/stryker/package.json; then
    mkdir -p target/stryker
    step 'Installing Stryker 9.6.1' npm install --silent --save-exact --prefix target/stryker \
      @stryker-mutator/core@9.6.1 @stryker-mutator/tap-runner@9.6.1
  fi
  node tests/mutants/run.mjs "$@"
}

# The comment at the beginning of this file.
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
s3s-fs) s3s_fs ;;
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
