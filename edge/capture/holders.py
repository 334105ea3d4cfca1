"""Who has the camera's devices open, as far as this process may see: the kernel gives a camera to one at a time."""

from __future__ import annotations

import os
from pathlib import Path

DEVICES = ("/dev/media", "/dev/video")


def holders(devices: tuple[str, ...] = DEVICES) -> list[str]:
    """Other programs with one of the devices open, as `rpicam-vid (1234)`; what other users run, root alone sees."""
    found = []
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        if process.name == str(os.getpid()):
            continue
        try:
            opened = [str(link.readlink()) for link in (process / "fd").iterdir()]
            name = (process / "comm").read_text().strip()
        except OSError:
            continue  # another user's, or gone meanwhile
        if any(path.startswith(devices) for path in opened):
            found.append(f"{name} ({process.name})")
    return found
