"""A progress bar on standard error, so that standard output stays clean for a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Track(Protocol):
    """Passes items through and tells how far it is."""

    def __call__(self, items: Iterable[Any], description: str, total: int | None, /) -> Iterable[Any]: ...


def shown(items: Iterable[Any], description: str, total: int | None) -> Iterator[Any]:
    """Track with a bar, on a terminal; on anything else one line at the end."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield from progress.track(items, total=total, description=description)


def silent(items: Iterable[Any], _description: str, _total: int | None) -> Iterable[Any]:
    """Track without a bar, for tests."""
    return items
