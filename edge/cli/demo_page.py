"""`doorstep demo --page`: a unit with a small list, to be clicked through in a browser until Ctrl-C."""

from __future__ import annotations

import shutil
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console

from edge.cli.words import say

if TYPE_CHECKING:
    from edge.demo.show import Plan
    from edge.ports import Camera
    from edge.wiring.unit import Unit


def serve_page(plan: Plan, *, port: int, camera: str | None, open_browser: bool, keep: bool) -> None:
    """Make the unit and serve its page; it goes at the end unless `keep`."""
    from edge.demo.page import PIN, WORKERS, make_page_unit
    from edge.wiring.serve import Plan as Entrances
    from edge.wiring.serve import run_until_stopped

    console = Console(highlight=False)

    def tell(address: str) -> None:
        names = " · ".join(WORKERS.values())
        console.print(f"[bold]{address}[/bold]", soft_wrap=True)
        console.print(f"{say('demo', 'page_workers')}: {names}   {say('demo', 'page_pin')}: [bold]{PIN}[/bold]")
        console.print(say("demo", "page_stop"), style="dim")
        if open_browser:
            webbrowser.open(address)

    try:
        with make_page_unit(plan.folder / "unit", plan.portraits, plan.bundle) as unit:
            run_until_stopped(unit, Entrances(port=port), tell, _camera(unit, plan, camera))
    finally:
        if not keep:
            shutil.rmtree(plan.folder)


def _camera(unit: Unit, plan: Plan, camera: str | None) -> Callable[[], Camera]:
    from edge.cli.visit import camera_spec
    from edge.demo.page import playing
    from edge.wiring.visit import VisitSide

    if camera is None:
        return playing(unit, plan.portraits, seed=plan.seed)
    return lambda: VisitSide(unit).camera(camera_spec(camera, None, None))
