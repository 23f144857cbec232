#!/usr/bin/env bash
# Builds one of the core's modules into js-shim/wasm: build/module.sh NAME HASH CARGO-OPTION...
set -euo pipefail

name=$1 hash=$2
shift 2
cargo fetch --locked
# Keep this machine's paths out of the module's panic messages.
flags="'--remap-path-prefix=$PWD=oss-edge'"
for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
  flags+=", '--remap-path-prefix=$registry=crates'"
done
OSS_EDGE_BUILD=$hash cargo build --locked --release --target wasm32-unknown-unknown --target-dir target/module \
  --config "target.wasm32-unknown-unknown.rustflags = [$flags]" "$@"
wasm-bindgen --target web --omit-default-module-path --experimental-reset-state-function --remove-producers-section \
  --out-dir js-shim/wasm --out-name "$name" target/module/wasm32-unknown-unknown/release/oss_edge.wasm
wasm=js-shim/wasm/${name}_bg.wasm
# Don't inline functions with one caller (see src/documents.rs).
wasm-opt -O3 --one-caller-inline-max-function-size 0 "$wasm" -o "$wasm"
node build/crate-licences.mjs "$@" >"js-shim/wasm/${name}_licences.json"
