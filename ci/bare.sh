#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Try pmm in a bare system, made of a distribution's packages, as a user without rights.
set -euo pipefail
if [ $# = 0 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
  cat <<'HELP'
usage: ci/bare.sh SUITE FOLDER [STEP...]

Makes a minimal system of SUITE (bookworm: Debian 12, trixie: Debian 13, noble:
Ubuntu 24.04) in FOLDER, with debootstrap and as root, and tries this commit in it:

  make      the system, the packages that the README names, a user `somebody`
  wheel     somebody: the wheel of a clone, installed by pip
  tries     somebody: every verb of what was installed (ci/tries.sh)
  pipx      somebody: `pipx run` of that wheel
  sdist     somebody: the source archive, installed
  clone     somebody, then root: ./ci/run.sh --profile smoke in a clone
  gone      take the system away

Without a STEP: make wheel tries pipx sdist clone. What was made is used again. The network's
variables (http_proxy, PIP_…) and certificates go along. A mirror other than the
distribution's is named by MIRROR. Exit code: that of the first step that failed.
HELP
  [ $# != 0 ] || exit 2
  exit 0
fi

suite=$1
[ $# -ge 2 ] || { echo 'ci/bare.sh: name a folder (see --help)' >&2; exit 2; }
mkdir -p "$2"
place=$(cd "$2" && pwd)/$suite
shift 2
[ $# -gt 0 ] || set -- make wheel tries pipx sdist clone
source=$(cd "$(dirname "$0")/.." && pwd)
packages='ca-certificates g++ gcc git libbenchmark-dev libjansson-dev pkg-config
  pipx python3-dev python3-venv zlib1g-dev'
bundle=/etc/ssl/certs/ca-certificates.crt

case $suite in
  bookworm | trixie) parts=main ;;
  noble) parts='main universe' ;;
  *) echo "ci/bare.sh: no suite '$suite': bookworm, trixie or noble" >&2; exit 2 ;;
esac
# Debian's debootstrap has neither Ubuntu's script by this name nor its keys.
script=/usr/share/debootstrap/scripts/$suite trust=()
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/gutsy
[ "$suite" != noble ] || [ -e /usr/share/keyrings/ubuntu-archive-keyring.gpg ] ||
  trust=(--no-check-gpg)

# within USER COMMAND: run a line of bash in the system.
within() {
  local user=$1 home=/root passed=()
  shift
  [ "$user" = root ] || home=/home/$user
  while IFS= read -r one; do passed+=("$one"); done < <(
    env | grep -E '^(https?_proxy|no_proxy|PIP_[A-Z_]+|SSL_CERT_FILE)=' |
      grep -v '^PIP_FIND_LINKS=' || true) # a folder that the system does not have
  mountpoint -q "$place/proc" || mount -t proc proc "$place/proc"
  chroot --userspec="$user:$user" "$place" /usr/bin/env -i HOME=$home USER="$user" \
    PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin TERM=dumb LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive ${passed[@]+"${passed[@]}"} \
    /bin/bash -euo pipefail -c "cd; $*"
}

step_make() {
  local list=$place/etc/apt/sources.list mirror
  if [ ! -e "$place/made" ]; then
    debootstrap --variant=minbase ${trust[@]+"${trust[@]}"} "$suite" "$place" \
      "${MIRROR:-}" "$script" >"$place.log" 2>&1 || { tail -5 "$place.log"; return 1; }
    touch "$place/made"
  fi
  mirror=$(grep -o 'http[^ ]*' "$list" | head -1)
  echo "deb ${trust[*]:+[trusted=yes] }$mirror $suite $parts" >"$list"
  mkdir -p "$place/etc/ssl/certs"
  # shellcheck disable=SC2086 # packages are words
  within root "dpkg --configure -a >/dev/null 2>&1; apt-get -qq update && apt-get -qq -y --no-install-recommends \
    install $(echo $packages) >/dev/null 2>&1"
  cp "$bundle" "$place$bundle"
  chroot "$place" id somebody >/dev/null 2>&1 ||
    chroot "$place" useradd --create-home somebody
}

# give NAME: this commit as a clone in the user's home.
give() {
  rm -rf "$place/home/somebody/$1"
  git -C "$source" bundle create --quiet "$place/home/somebody/pmm.bundle" HEAD
  within somebody "git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet pmm.bundle $1 && rm pmm.bundle"
}

step_wheel() {
  give source
  within somebody "python3 -m venv v && v/bin/pip -q wheel --no-deps -w wheels ./source &&
    v/bin/pip -q install -c source/reports/constraints.txt wheels/pmm-*.whl
    rm -rf source"
}

step_tries() {
  install --mode=755 "$source/ci/tries.sh" "$place/home/somebody"
  within somebody 'rm -rf w; mkdir w; cd w; PATH=$HOME/v/bin:$PATH ../tries.sh'
}

step_pipx() {
  within somebody 'pipx run --spec wheels/pmm-*.whl pmm conform --subject reference \
    --case "ref.*"'
}

step_sdist() {
  give source
  within somebody "python3 -m venv b && b/bin/pip -q install build &&
    b/bin/python -m build --sdist --outdir d source >/dev/null && rm -rf source
    python3 -m venv s && s/bin/pip -q install d/*.tar.gz
    PATH=\$HOME/s/bin:\$PATH; mkdir -p x; cd x
    pmm run --profile smoke --only conform --only work --out pages"
}

step_clone() {
  give clone
  within somebody 'cd clone && ./ci/run.sh --profile smoke --no-coverage' || {
    echo "without rights: exit code $? (what is missing is named above)"
    within root 'git config --global --add safe.directory "*"
      cd /home/somebody/clone && ./ci/run.sh --profile smoke --no-coverage'
  }
}

step_gone() {
  umount "$place/proc" 2>/dev/null || true
  rm -rf --one-file-system "$place"
}

for step in "$@"; do
  declare -F "step_$step" >/dev/null ||
    { echo "ci/bare.sh: no step '$step' (see --help)" >&2; exit 2; }
  echo "$suite: $step"
  "step_$step"
done
