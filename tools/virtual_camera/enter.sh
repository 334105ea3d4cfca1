#!/bin/sh
# Enters a system in a folder with the work folder, two folders of packages and a few devices mounted; the mounts are
# seen by this process only.
# usage: unshare --mount sh enter.sh ROOT WORK UNIT CAMERA COMMAND…
set -eu
root=$1 work=$2 unit=$3 camera=$4
shift 4
mkdir -p "$work/unit" "$work/camera" "$root/tried" "$root/usr/share/libcamera/pipeline/virtual"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/dev"
mkdir "$root/dev/shm"
for device in null zero urandom udmabuf dma_heap; do
  [ -e "/dev/$device" ] || continue
  if [ -d "/dev/$device" ]; then mkdir "$root/dev/$device"; else : >"$root/dev/$device"; fi
  mount --rbind "/dev/$device" "$root/dev/$device"
done
mount --bind "$work" "$root/tried"
mount --bind "$unit" "$root/tried/unit"
mount --bind "$camera" "$root/tried/camera"
mount --bind "$work" "$root/usr/share/libcamera/pipeline/virtual"
exec chroot "$root" "$@"
