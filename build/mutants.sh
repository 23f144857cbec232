# shellcheck shell=bash disable=SC2154 Mutation tests of the core and of the functions' JavaScript. Sourced by build.sh,
# which has `step`, `prepare`, `install_…` and `logs`.

# The modules that decide who may do what. Each of their mutants must be killed, or listed as equivalent in
# tests/mutants.toml.
deciding=(
  authenticate.rs authorize.rs access_keys.rs 'access_keys/*.rs' signature.rs 'signature/**/*.rs' mac.rs
  route.rs 'route/*.rs' hand_over_seal.rs sealing_keys.rs upload_id.rs 'upload_id/*.rs' time.rs
)

# mutants [--all | --changed BASE] [OPTION-OF-CARGO-MUTANTS…]: continues where it stopped; `--shard 1/4` runs a quarter.
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
  install_cargo_mutants
  cargo mutants --config tests/mutants.toml --iterate --output "$out" "${options[@]}" "$@"
}

# Mutates the lines that differ from the target branch, if they are few enough to be tested each time.
mutants_of_changes() {
  local base
  base=$(git merge-base HEAD "${MUTANTS_BASE:-main}" 2>/dev/null) || return 0
  mutants_of_few_lines src mutants "$base"
  mutants_of_few_lines js-shim mutants_js "$base"
}

mutants_of_few_lines() { # folder command base
  local count
  count=$(git diff --numstat "$3" -- "$1" | awk '{ lines += $1 } END { print lines + 0 }')
  if ((count > 0 && count <= 15)); then
    step "Mutants of $count changed lines of $1" "$2" --changed "$3"
  elif ((count > 15)); then
    echo "Left out: mutants of $count changed lines of $1, which take long: ./build.sh ${2/_/-} --changed $3"
  fi
}

# mutants_js [--changed BASE] [GROUP…]
mutants_js() {
  prepare
  install_stryker
  node tests/mutants/run.mjs "$@"
}
