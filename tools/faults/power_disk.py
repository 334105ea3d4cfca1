"""A disk whose power can go: an ext4 image on a loop device, or, where none may be mounted, a folder that is copied.

The copy of a folder is made through the kernel's cache and so loses nothing that was written and not flushed; the
report says which of the two it was, and why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from edge.core.errors import InputError

IMAGE_MB = 1024
"""Room for all that a hundred cuts leave, above what the bench sheet asks to be free; the image is a sparse file."""
# As firmware-config has the data partition, but for nodev and the like, which change nothing here.
OPTIONS = "loop,noatime,commit=5,errors=remount-ro"


class Disk:
    """`place` is where the data lies now; it is another path after each cut. `kind` says what the disk is."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        folder.mkdir(parents=True)
        self.why_not = _why_no_loop(folder)
        self.kind = "ext4 on a loop device" if not self.why_not else f"a copied folder: {self.why_not}"
        self.place = self._mount_point()
        if not self.why_not:
            _run("mkfs.ext4", "-q", "-F", str(_blank(self._image())))
            self._mount()

    def settle(self) -> None:
        """What was prepared before the first cut is on the disk."""
        os.sync()

    def cut(self) -> None:
        """What the disk holds now, and nothing that comes after, lies at the new `place`."""
        old, old_image = self.place, self._image()
        self._count += 1
        new = self._mount_point()
        if self.why_not:
            shutil.copytree(old, new, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(old)
        else:
            # Through the cache of the file system below, which is where the loop device writes to.
            _run("cp", "--sparse=always", str(old_image), str(self._image()))
            _run("umount", "-l", str(old))
            old_image.unlink()
        self.place = new
        if not self.why_not:
            self._mount()

    def close(self) -> None:
        if not self.why_not:
            _run("umount", "-l", str(self.place))

    def _image(self) -> Path:
        return self._folder / f"{self._count}.img"

    def _mount_point(self) -> Path:
        place = self._folder / f"{self._count}"
        place.mkdir()
        return place

    def _mount(self) -> None:
        _run("mount", "-t", "ext4", "-o", OPTIONS, str(self._image()), str(self.place))


def _blank(image: Path, size_mb: int = IMAGE_MB) -> Path:
    with image.open("wb") as file:
        file.truncate(size_mb * 1024 * 1024)
    return image


def _why_no_loop(folder: Path) -> str:
    """Tries one; empty when it can be mounted."""
    image, place = folder / "trial.img", folder / "trial"
    place.mkdir()
    try:
        _run("mkfs.ext4", "-q", "-F", str(_blank(image, 8)))
        _run("mount", "-t", "ext4", "-o", OPTIONS, str(image), str(place))
        _run("umount", str(place))
    except InputError as e:
        return e.message
    finally:
        place.rmdir()
        image.unlink(missing_ok=True)
    return ""


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as e:
        raise InputError(f"{command[0]} is not installed") from e
    except subprocess.CalledProcessError as e:
        raise InputError(f"{command[0]}: {e.stderr.strip()[:200]}") from e
