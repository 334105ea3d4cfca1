"""The Debian mirror that this machine's own apt uses; nothing here names one."""

from __future__ import annotations

import subprocess

from edge.core.errors import InputError

_COMMAND = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian")


def apt_mirror() -> str:
    """The first of its addresses. Raises InputError where apt knows none."""
    try:
        done = subprocess.run(_COMMAND, capture_output=True, text=True)
    except OSError as e:
        raise InputError(f"apt-get cannot be run: {e.strerror}", remedy="Run this on Debian 12 or later.") from e
    found = done.stdout.split()
    if not found:
        raise InputError("apt on this machine knows no Debian mirror", remedy="apt-get update, then run it again.")
    return found[0]
