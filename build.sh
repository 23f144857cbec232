#!/usr/bin/env bash
# The one script for people and CI: sets a fresh machine up, builds, bundles, tests, shows.
#
#   ./build.sh                                        bundle with the sample configuration
#   ./build.sh bundle --config C --access-keys K [--out DIR]
#   ./build.sh test                                   every test
#   ./build.sh bench [--short] [--plots DIR] ...      the functions against plain JavaScript, see docs/performance.md
#   ./build.sh demo                                   a real OSS SDK uploads through the bundle
#   ./build.sh compatibility                          write the README's table anew, from the end-to-end tests
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
  total=$((total + passed))
  if ((passed > 0)); then printf '%d passed' "$passed"; else printf 'ok'; fi
  printf ' (%d s)\n' "$((SECONDS - started))"
}

# How many tests a step's log counts, by the runners' own closing lines; nothing for other steps.
passed_in() {
  sed -nE -e 's/^# pass ([0-9]+)$/\1/p' -e 's/^ℹ pass ([0-9]+)$/\1/p' \
    -e 's/^test result: ok\. ([0-9]+) passed.*/\1/p' -e 's/^Ran ([0-9]+) tests in .*/\1/p' "$1" | paste -sd+
}
total=0

version_of() { # the locked version of a crate
  sed -nE "/^name = \"$1\"$/{n;s/^version = \"(.*)\"$/\1/p;}" Cargo.lock
}

install_node_modules() {
  if [[ ! node_modules/.package-lock.json -nt package-lock.json ]]; then
    step 'Installing npm packages' npm ci --no-progress
    touch node_modules/.package-lock.json
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
  if [[ ! .venv/installed -nt tests/e2e/requirements.txt ]]; then
    step 'Installing the OSS SDKs for Python, and moto' bash -c '
      python3 -m venv .venv
      .venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/e2e/requirements.txt
      touch .venv/installed'
  fi
}

# Earlier releases of SDKs whose latest is in .venv, which has what they depend on.
install_older_python_sdks() {
  local list=tests/e2e/older-releases.txt folder=target/sdks
  if [[ ! $folder/installed -nt $list ]]; then
    step 'Installing earlier releases of the OSS SDKs for Python' bash -c "
      rm -rf $folder
      for release in \$(grep == $list); do
        .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $folder/\$release \$release
      done
      touch $folder/installed"
  fi
}

# The core's modules, by the features that each has (Cargo.toml): the whole one, and those that functions carry.
modules=(
  'oss_edge documents,edge,api,responses'
  'viewer_request edge'
  'authorizer api'
  'responses responses'
)

build_core() {
  local out=js-shim/wasm newest
  newest=$(find src build Cargo.toml Cargo.lock build.sh -type f -newer "$out/built" 2>/dev/null || echo missing)
  if [[ -f $out/built && -z $newest ]]; then return; fi
  step 'Building the core' build_modules
  step 'Binding the core to JavaScript' bind_modules "$out"
  cp "$out/oss_edge.wasm" "$out/oss_edge_bg.wasm"
  node build/crate-licences.mjs >"$out/licences.json"
  touch "$out/built"
}

# Node has had WebAssembly's SIMD since 16.4. The paths of this machine would be in the module's messages, and so in every zip.
# Loops that go round as often as a text has bytes aren't unrolled, and what has more than four words is copied by one
# instruction. The stack is half of what it would be, of which little is needed, as nothing recurses but digits of numbers,
# and documents no deeper than they may be: addresses of the data behind it take a byte less each.
# Each build of the sources has a name, by which a function knows the image of a gate that the same build made.
build_modules() {
  local home=${CARGO_HOME:-$HOME/.cargo} remapped="--remap-path-prefix=$PWD=oss-edge" registry module name features build
  cargo fetch --locked
  for registry in "$home"/registry/src/*; do remapped+=" --remap-path-prefix=$registry=crates"; done
  build=$(find src build Cargo.toml Cargo.lock build.sh -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-32)
  mkdir -p target/modules
  for module in "${modules[@]}"; do
    read -r name features <<<"$module"
    OSS_EDGE_BUILD=$build RUSTFLAGS="-C target-feature=+simd128 -C llvm-args=-unroll-threshold=100 \
      -C llvm-args=-unroll-runtime=false -C llvm-args=-max-store-memcpy=4 -C link-arg=-zstack-size=524288 $remapped" \
      cargo build --locked --release --target wasm32-unknown-unknown --no-default-features --features "$features"
    cp target/wasm32-unknown-unknown/release/oss_edge.wasm "target/modules/$name.wasm"
  done
}

clippy_modules() {
  local module
  for module in "${modules[@]}"; do
    cargo clippy --locked --target wasm32-unknown-unknown --no-default-features --features "${module#* }" -- -D warnings
  done
}

bind_modules() {
  local module
  for module in "${modules[@]}"; do bind_module "${module%% *}" "$1"; done
}

# All of the core's functions take and give numbers, so it needs none of the bindings' JavaScript; what is exported for
# that, by names that begin with two underscores, goes with all that it alone needs.
bind_module() {
  local name=$1 out=$2 bound=target/bindgen
  local features=(--enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals
    --enable-reference-types --enable-multivalue --enable-simd)
  wasm-bindgen --target no-modules --no-typescript --out-dir "$bound" --out-name "$name" "target/modules/$name.wasm"
  exports_of "$bound/${name}_bg.wasm" >"$bound/exports.json"
  wasm-metadce "${features[@]}" --graph-file "$bound/exports.json" "$bound/${name}_bg.wasm" -g -o "$bound/$name.wasm"
  mkdir -p "$out"
  node build/trap-panics.mjs "$bound/$name.wasm" "$bound/${name}_trapping.wasm"
  # Functions stay apart: Node compiles each when it is first called, and most requests call few. The linker puts the
  # end of the stack at the beginning of memory, and nothing else in the first kilobyte. In the order of their names,
  # functions that are alike stand together, which a zip makes use of. Flat code lets blocks be made anew from what they
  # lead to. A constant of many bytes that a function has more than once is a local of it.
  wasm-opt -O3 --one-caller-inline-max-function-size=40 --low-memory-unused --merge-similar-functions --flatten --rereloop \
    -O3 -O3 --const-hoisting --reorder-functions-by-name --strip-producers --strip-target-features "${features[@]}" \
    "$bound/${name}_trapping.wasm" -o "$out/$name.wasm"
}

exports_of() { # what wasm-metadce is to leave of a module
  node --input-type=module - "$1" <<'END'
import { readFileSync } from 'node:fs';
const exports = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(process.argv[2]))).map(({ name }) => name);
const own = exports.filter((name) => !name.startsWith('__'));
console.log(JSON.stringify([{ name: 'core', root: true, reaches: own }, ...own.map((name) => ({ name, export: name }))], null, 1));
END
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

run_tests() {
  prepare
  install_wasm_pack
  install_python_sdk
  install_older_python_sdks
  step 'Rust: format' cargo fmt --check
  step 'Rust: clippy' cargo clippy --locked --all-targets -- -D warnings
  step 'Rust: clippy for WebAssembly' clippy_modules
  step 'Rust: tests' cargo test --locked
  step 'Rust: vectors, refusals, malformed requests in WebAssembly' wasm-pack test --node --mode no-install -- --locked \
    --test signature_v1_vectors --test signature_v4_vectors --test derived_keys --test refusals --test malformed
  step 'JavaScript: types' tsc
  step 'JavaScript: handlers, bundle, replay' node --test tests/shim/*.test.mjs
  step 'JavaScript: the yardstick of the benches decides alike' node --test benches/*.test.mjs
  step 'JavaScript: the local CloudFront and S3' node --test tests/local/*.test.mjs
  step 'Access keys: their source and the tool, with Secrets Manager' node --test tests/keys/*.test.mjs
  step 'The npm package, installed' node --test tests/package/*.test.mjs
  end_to_end
  step 'README: the compatibility table' node tests/e2e/compatibility.mjs --check
  step 'Sizes within their budget' bash -c '
    node cli/oss-edge.mjs bundle --config sample/config.json --access-keys sample/access-keys.json
    node benches/sizes.mjs'
  bench --short
  printf '%d passed, 0 failed\n' "$total"
}

bench() {
  prepare
  node --expose-gc benches/run.mjs "$@"
}

end_to_end() {
  rm -rf target/compatibility
  step 'End to end: ali-oss, in Node and in a browser' node --test tests/e2e/*.test.mjs
  step 'End to end: oss2, alibabacloud-oss-v2, opendal' .venv/bin/python -m unittest discover -s tests/e2e -p '*_test.py'
}

compatibility() {
  prepare
  install_python_sdk
  install_older_python_sdks
  end_to_end
  step 'README: the compatibility table' node tests/e2e/compatibility.mjs --write
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
    bundle --config sample/config.json --access-keys sample/access-keys.json
    node benches/sizes.mjs
  fi
  ;;
test) run_tests ;;
bench) bench "${@:2}" ;;
demo) demo ;;
compatibility) compatibility ;;
help | --help | -h) sed -n 's/^# \{0,1\}//;2,9p' "$0" ;;
*)
  sed -n 's/^# \{0,1\}//;2,9p' "$0" >&2
  exit 2
  ;;
esac
