"""`doorstep serve`: the unit's pages, on its own screen and, where there is an access point, for phones beside it."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION
from edge.cli.visit import camera_spec


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="On loopback; 0: any.")
@click.option("--access-point", metavar="IP:PORT", help="Serve phones too, by TLS, on the unit's own access point.")
@click.option("--camera", metavar="N|picamera2", help="A V4L2 camera by number, or the Pi's own.")
@click.option("--video", type=click.Path(path_type=Path), help="A recorded clip (demonstration units only).")
@click.option("--stills", type=click.Path(path_type=Path), help="A folder of photographs (demonstration units only).")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in this machine's browser.")
@UNIT_OPTION
def serve(
    unit_dir: Path,
    port: int,
    access_point: str | None,
    camera: str | None,
    video: Path | None,
    stills: Path | None,
    open_browser: bool,
) -> None:
    """Serve the field worker's pages until SIGTERM.

    The page is on loopback, for the unit's own screen; phones reach it only on the access point, by TLS, after they
    have read the code off that screen. Sockets passed by systemd are used in the place of both.

    \b
    Examples:
      doorstep serve --unit ./my-unit --video clip.mp4 --open
      doorstep serve --access-point 10.42.0.1:8443
    """
    from edge.wiring.serve import Plan, run_until_stopped
    from edge.wiring.unit import open_unit

    plan = Plan(port=port, access_point=access_point or "", camera=camera_spec(camera, video, stills))

    def tell(address: str) -> None:
        click.echo(address)
        if open_browser:
            webbrowser.open(address)

    with open_unit(unit_dir) as unit:
        run_until_stopped(unit, plan, tell)
