"""Keeps a runtime's greeting off the worker's terminal: lines that its C++ side writes to descriptor 2.

Only the lines known to say nothing are dropped. Everything else is written after all: that XNNPACK could not read
the CPU, for one, changes results and must be seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

GREETINGS = (b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",)
STDERR = 2


@contextmanager
def without_greetings() -> Iterator[None]:
    """While the block runs, what is written to stderr waits; afterwards all but GREETINGS is passed on."""
    held, kept = os.memfd_create("runtime-stderr"), os.dup(STDERR)
    os.dup2(held, STDERR)
    try:
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        with os.fdopen(held, "rb") as file:
            file.seek(0)
            rest = b"".join(line for line in file if line.rstrip() not in GREETINGS)
        if rest:
            os.write(STDERR, rest)
