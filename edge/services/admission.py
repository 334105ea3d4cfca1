"""Whether a visit may begin: room for what it writes, and central's leave. Nothing kept is dropped for room."""

from __future__ import annotations

from edge.core.downward_apply import Standing
from edge.core.errors import VisitNotAllowed


def admit_visit(*, free_bytes: int, min_free_mb: int, standing: Standing) -> None:
    """Raises VisitNotAllowed, saying why."""
    if standing is not Standing.ACTIVE:
        raise VisitNotAllowed(
            f"central has {standing.value} this unit (此终端已停用)",
            remedy="Return the unit. What it holds is still delivered.",
        )
    if free_bytes < min_free_mb * 1_000_000:
        raise VisitNotAllowed(
            f"{free_bytes // 1_000_000} MB are free, a visit needs {min_free_mb} (存储空间不足)",
            remedy="Connect the unit, so that delivered evidence can be purged; or `doorstep export` to a stick.",
        )
