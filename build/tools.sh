# shellcheck shell=bash disable=SC2154 Installs what building and testing need besides Rust and Node into the checkout.
# Sourced by build.sh, which has `step` and `tools`.

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

# Earlier releases of the SDKs for Python. Their dependencies are in .venv, with the latest releases.
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
    if [[ $("$(runtime "$version")" --version 2>/dev/null) != "v$version" ]]; then
      step "Installing Node $version" npm install --silent --prefix "target/runtimes/$version" "node@$version"
    fi
  done
}

# runtime VERSION: the path of its `node`. Tests that start `node` by name still get the machine's own.
runtime() {
  echo "$PWD/target/runtimes/$1/node_modules/node/bin/node"
}

# Java and Go, for the drivers of their SDKs: Debian's packages, if this user may install them.
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

# A C++ compiler for libFuzzer: Debian's package, if this user may install it.
install_cxx() {
  if ! command -v c++ >/dev/null && command -v apt-get >/dev/null && ((EUID == 0)); then
    step 'Installing g++' bash -c '
      export DEBIAN_FRONTEND=noninteractive
      apt-get -qq update && apt-get -qq install --yes --no-install-recommends g++ || true'
  fi
}

install_versitygw() {
  if [[ $(go version -m "$tools/bin/versitygw" 2>/dev/null) != *versitygw*v1.8.0* ]]; then
    step 'Building versitygw 1.8.0, once, some minutes' env GOBIN="$tools/bin" CGO_ENABLED=0 GOTOOLCHAIN=local \
      go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
  fi
}

install_cargo_mutants() {
  if [[ $(cargo mutants --version 2>/dev/null) != 'cargo-mutants 27.1.0' ]]; then
    step 'Building cargo-mutants 27.1.0, once, some minutes' \
      cargo install --locked --root "$tools" cargo-mutants --version 27.1.0
  fi
}

# Installed outside of node_modules, because nothing else needs its 180 packages.
install_stryker() {
  if ! grep -qs '"@stryker-mutator/core": "9.6.1"' target/stryker/package.json; then
    mkdir -p target/stryker
    step 'Installing Stryker 9.6.1' npm install --silent --save-exact --prefix target/stryker \
      @stryker-mutator/core@9.6.1 @stryker-mutator/tap-runner@9.6.1
  fi
}

# build_sdk_drivers [--all]: builds those for the oldest and the latest release of each SDK, or for all releases.
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
