#!/bin/sh
# Installs what the repository needs into .venv and node_modules, once, and builds the page when its sources changed;
# says in plain words what is missing. With the argument `dev` it installs what the tests and checks need as well.
set -eu
cd "$(dirname "$0")/.."

missing() {
  printf 'Missing: %s\n' "$1" >&2
  exit 1
}

find_python() {
  for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

# Runs a command unless it has run before with the same inputs: once STAMP 'INPUT FILES' COMMAND...
once() {
  stamp=$1
  inputs=$(cksum $2 | cksum)
  shift 2
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$inputs" ] && return
  "$@"
  printf '%s' "$inputs" >"$stamp"
}

make_venv() {
  echo "Setting up Python packages in .venv ..."
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    missing "Python's venv module. On Debian or Ubuntu: apt install python3-venv"
  "$python" -m venv --clear .venv || missing "a folder .venv that can be written here; the message above says why not."
  .venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
  touch .venv/.done
}

install_packages() {
  .venv/bin/python -m pip install --quiet -r requirements.txt -r devhost/requirements.txt
}

install_dev_packages() {
  echo "Setting up what tests and checks need ..."
  .venv/bin/python -m pip install --quiet --group dev
}

# install_node_packages FOLDER: into node_modules of that folder, which has a package-lock.json.
install_node_packages() {
  echo "Setting up Node packages in $1/node_modules ..."
  [ ! -L "$1/node_modules" ] ||
    missing "$1/node_modules of its own: this one is a link, and npm would empty the folder that it leads to."
  npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
}

build_page() {
  echo "Building the dashboard in $page/dist ..."
  told=$(npm run --silent build --prefix "$page" 2>&1) || {
    printf '%s\n' "$told" >&2
    missing "a dashboard that can be built; the message above says why not."
  }
}

# All that the build reads; schema.ts it makes itself.
page_sources() {
  find "$page" \( -name node_modules -o -name dist -o -name '.done-*' -o -name schema.ts \) -prune -o -type f -print |
    LC_ALL=C sort
}

page=static_dashboard
node_wanted="Node 20.19, 22.12 or later"
python=$(find_python)
[ -n "$python" ] || missing "Python 3.11 or later; python3 here is $(python3 --version 2>/dev/null || echo "not there")."
command -v node >/dev/null || missing "$node_wanted (https://nodejs.org); it runs the storage emulator and builds the page."
node -e 'const [a, b] = process.versions.node.split(".").map(Number)
  process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' ||
  missing "$node_wanted; this is $(node --version)."
command -v npm >/dev/null || missing "npm, which comes with Node."

# The mark is made last: a set-up that was stopped half-way begins anew.
[ -f .venv/.done ] && .venv/bin/python -c '' 2>/dev/null || make_venv
once .venv/.done-packages 'requirements.txt devhost/requirements.txt' install_packages
for folder in . "$page"; do
  once "$folder/node_modules/.done-packages" "$folder/package-lock.json" install_node_packages "$folder"
done
once "$page/.done-build" "$(page_sources)" build_page
[ -f "$page/dist/index.html" ] || build_page
if [ "${1:-}" = dev ]; then
  once .venv/.done-dev-packages pyproject.toml install_dev_packages
  .venv/bin/python -m tests.conformance.environment
  .venv/bin/python -m tests.support.chromium
fi
