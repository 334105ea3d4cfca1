"""The unit's command on a machine whose wall clock was set wrong: `python -m tests.web.shifted SECONDS serve …`.

Only the wall clock is shifted; the monotonic one goes on, as on a machine whose date somebody sets.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from edge.device import clock

OFFSET = timedelta(seconds=float(sys.argv.pop(1)))


class Shifted(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + OFFSET  # noqa: TID251


clock.datetime = Shifted  # type: ignore[misc]

from edge.cli.main import main  # noqa: E402

main()
