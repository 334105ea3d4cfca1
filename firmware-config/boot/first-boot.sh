#!/bin/sh
# Runs once on the unit, from the boot partition: is this the board and the release that the card was made for? Then
# the packages, the unit and its keys, the access point, the read-only root. Nothing secret comes from the card; what
# is secret is made here. Run again, it does only what is still to do. $ROOT is for trying it on a folder.

set -eu
ROOT=${ROOT:-}
BOOT=$ROOT/boot/firmware
HERE=$BOOT/doorstep
UNIT=$ROOT/var/lib/doorstep

say() { echo "doorstep: $*"; echo "$*" >>"$HERE/first-boot.log"; }
die() { say "$1"; say "What to do: $2"; exit 1; }

. "$HERE/card.env"  # BOARD MODEL RELEASE UNIT_ID CAMERA, written by `doorstep provision card`

right_board() {
  model=$(tr -d '\0' <"$ROOT/proc/device-tree/model")
  case $model in
    *"$MODEL"*) ;;
    *) die "this card is for $MODEL, the board is $model" "Put the card into the right board, or provision it again." ;;
  esac
  release=$(. "$ROOT/etc/os-release"; echo "$VERSION_CODENAME")
  [ "$release" = "$RELEASE" ] || die "this card is for $RELEASE, the system is $release" "Write the right image to it."
}

data_partition() {
  [ -e "$ROOT/dev/disk/by-label/doorstep-data" ] ||
    die "there is no partition labelled doorstep-data" "On the bench: firmware-config/partition.sh /dev/sdX"
  grep -q '^LABEL=doorstep-data' "$ROOT/etc/fstab" || cat "$ROOT/usr/share/doorstep/fstab" >>"$ROOT/etc/fstab"
  mkdir -p "$ROOT/data"
  run systemctl daemon-reload
  mountpoint -q "$ROOT/data" || run mount /data
  mkdir -p "$ROOT/data/unit" "$ROOT/data/app" "$ROOT/data/chrony" "$UNIT" "$ROOT/srv/doorstep"
  ! id _chrony >/dev/null 2>&1 || chown _chrony "$ROOT/data/chrony"
  for folder in /var/lib/doorstep /srv/doorstep; do
    mountpoint -q "$ROOT$folder" || run mount "$folder"
  done
  run systemd-tmpfiles --create doorstep.conf
}

packages() {
  set -- "$HERE"/*.deb
  [ -e "$1" ] || return 0
  run dpkg -i "$@" || die "a package could not be installed" "Read $HERE/first-boot.log; add the missing .deb to the card."
}

unit() {
  [ -e "$UNIT/unit.toml" ] || run runuser -u doorstep -- doorstep unit init /var/lib/doorstep --id "$UNIT_ID" --provisioned
  for key in "$HERE"/trust/*.pub.json; do
    [ ! -e "$key" ] || run runuser -u doorstep -- doorstep unit trust "$key" --unit /var/lib/doorstep
    # Who may publish releases is decided on the read-only root, not in a folder that a service may write.
    grep -qs '"role": *"release"' "$key" && mkdir -p "$ROOT/etc/doorstep/release-keys" &&
      cp "$key" "$ROOT/etc/doorstep/release-keys/" || true
  done
  run /usr/lib/doorstep/ownership
}

# The pass phrase is made here and shown on the unit's own screen only.
access_point() {
  file=$ROOT/etc/NetworkManager/system-connections/doorstep-ap.nmconnection
  [ ! -e "$file" ] || return 0
  mkdir -p "${file%/*}"
  umask 077
  phrase=$(tr -dc 'a-hjkmnp-z2-9' </dev/urandom | head -c 20)
  sed "s/@ID@/$UNIT_ID/; s/@PHRASE@/$phrase/" "$ROOT/usr/share/doorstep/access-point.nmconnection" >"$file"
  umask 022
}

# From the next start on the root is read-only under a layer in memory; the data partition is not (recurse=0).
read_only_root() {
  words=$(sed 's# systemd\.run[^ ]*##g; s# systemd\.unit=kernel-command-line\.target##' "$BOOT/cmdline.txt")
  case $words in *overlayroot=*) ;; *) words="$words overlayroot=tmpfs:recurse=0" ;; esac
  echo "$words" >"$BOOT/cmdline.new"
  sync
  mv "$BOOT/cmdline.new" "$BOOT/cmdline.txt"
  sync
}

run() { if [ -n "$ROOT" ]; then say "would run: $*"; else "$@" >>"$HERE/first-boot.log" 2>&1; fi; }

right_board
packages
data_partition
unit
access_point
run systemctl enable doorstep.target nftables.service
read_only_root
say "done: unit $UNIT_ID on $MODEL"
mkdir -p "$ROOT/run"
: >"$ROOT/run/doorstep-first-boot-done"
