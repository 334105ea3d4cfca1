#!/bin/sh
# On the bench, after the image is written and before its first start: gives the root partition its size and makes the
# data partition of the rest. DEVICE is a card (/dev/sdX) or an image in a file. Says what it would do; --yes does it.
#
#   firmware-config/partition.sh /dev/sdX [ROOT_GIB] [--yes]

set -eu
device=${1:?"usage: partition.sh DEVICE [ROOT_GIB] [--yes]"}
root_gib=8
yes=
shift
for word in "$@"; do
  case $word in --yes) yes=1 ;; *) root_gib=$word ;; esac
done
die() { echo "partition.sh: $1" >&2; echo "What to do: $2" >&2; exit 1; }

[ -b "$device" ] || [ -f "$device" ] || die "$device is neither a card nor an image" "lsblk names the cards."
! grep -q "^$device" /proc/mounts || die "$device is mounted" "Unmount it first."
count=$(sfdisk -d "$device" | grep -c 'start=') || die "$device has no partition table" "Write the image to it first."
[ "$count" -eq 2 ] || die "$device has $count partitions, an image as published has 2" "Write the image to it again."
start=$(sfdisk -d "$device" | sed -n 's/.*start= *\([0-9]*\).*/\1/p' | sed -n 2p)
size=$((root_gib * 2097152))
total=$(($( [ -b "$device" ] && blockdev --getsz "$device" || expr "$(stat -c %s "$device")" / 512 )))
[ $((start + size + 2097152)) -le "$total" ] || die "the card is too small for a root of $root_gib GiB and 1 GiB of data" \
  "Use a larger card, or a smaller root."

echo "root: $root_gib GiB; data: $(((total - start - size) / 2097152)) GiB, labelled doorstep-data"
[ -n "$yes" ] || { echo "Nothing was written. Add --yes to do it."; exit 0; }

echo ",$size" | sfdisk -q -N 2 "$device"
echo "$((start + size)),,L" | sfdisk -q --append "$device"
loops=
trap 'for loop in $loops; do losetup -d "$loop"; done' EXIT
# part NUMBER START SIZE, in sectors: the partition as a device, of an image through a loop.
part() {
  if [ -f "$device" ]; then
    node=$(losetup --show -f -o $(($2 * 512)) --sizelimit $(($3 * 512)) "$device")
    loops="$loops $node"
  else
    node=$device$1
    [ -b "$node" ] || node=${device}p$1
  fi
}
[ -f "$device" ] || ! command -v partprobe >/dev/null || partprobe "$device"
part 2 "$start" "$size"
e2fsck -fp "$node" || [ $? -le 1 ]
resize2fs "$node"
part 3 $((start + size)) $((total - start - size))
mkfs.ext4 -q -F -L doorstep-data -m 1 "$node"
echo "done"
