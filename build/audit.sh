#!/usr/bin/env bash
# Checks licences, sources and known vulnerabilities of the dependencies. A check whose database can't be reached fails,
# but the others still run.
set -uo pipefail

status=0
check() { # WHAT COMMAND...
  printf '\n%s\n' "$1"
  "${@:2}" || {
    status=1
    printf 'failed: %s\n' "${*:2}"
  }
}

command -v cargo-deny >/dev/null ||
  check 'Building cargo-deny, once, some minutes' cargo install --locked --root target/tools cargo-deny --version 0.20.2
check 'Rust: licences, bans, sources' cargo deny check licenses bans sources
check 'Rust: known faults' cargo deny check advisories
check 'Fuzzing: licences, bans, sources' cargo deny --manifest-path fuzz/Cargo.toml --config fuzz/deny.toml --workspace check licenses bans sources
check 'Fuzzing: known faults' cargo deny --manifest-path fuzz/Cargo.toml --config fuzz/deny.toml --workspace check advisories
check 'npm: known faults of what is shipped' npm audit --omit=dev
check 'npm: signatures of what was installed' npm audit signatures
exit $status
