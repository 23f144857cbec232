#!/usr/bin/env bash
# Builds twice from clean folders, at different paths and with different cargo homes. The WebAssembly, the functions'
# code and the zips must be the same bytes. Prints the hashes that a release publishes.
set -euo pipefail

root=$PWD
work=target/reproduce
rm -rf "$work"
mkdir -p "$work/one" "$work/another/and/deeper"
node cli/oss-edge.mjs keys new --file "$work/access-keys.json" --everything >/dev/null
node cli/oss-edge.mjs secrets new --out "$work/secrets.json" 2>/dev/null

build_in() { # FOLDER: a copy of what git has, and of node_modules
  git ls-files -z | xargs -0 cp --parents -t "$1"
  cp -al node_modules "$1/node_modules"
  (cd "$1" && ./build.sh bundle --json --config sample/config.json --out dist \
    --access-keys "$root/$work/access-keys.json" --secrets "$root/$work/secrets.json") >"$1.log" || {
    cat "$1.log" >&2
    return 1
  }
  grep '^{' "$1.log"
}

build_in "$work/one" >"$work/one.jsonl"
CARGO_HOME=$root/$work/cargo build_in "$work/another/and/deeper" >"$work/another.jsonl"
if ! cmp "$work/one.jsonl" "$work/another.jsonl"; then
  diff "$work/one.jsonl" "$work/another.jsonl" >&2
  echo 'The two builds differ.' >&2
  exit 1
fi
node -e '
  const lines = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map(JSON.parse);
  for (const [name, hash] of Object.entries(Object.assign({}, ...lines.map((one) => one.modules)))) console.log(`${hash}  ${name}`);
  for (const one of lines) console.log(`${one.codeSha256}  ${one.function}/index.mjs without its first line`);
' "$work/one.jsonl"
