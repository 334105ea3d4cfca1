"""The screen's bench must take real pictures over a real line, and tell a change of scene from none."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from tools.bench.cli import main
from tools.bench.screen import SCENE_S, _reactions


def test_pictures_and_hints_arrive_while_the_nets_look(bundle_folder: Path) -> None:
    done = CliRunner().invoke(
        main, ["screen", "--bundle", str(bundle_folder), "--rounds", "1", "--readers", "2", "--json"]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert len(found["fps"]) == 2
    # The goals are printed, not asserted: this machine may be busy with something else.
    assert all(rate > 3 for rate in found["fps"])
    assert set(found["reaction_ms"]) == {"good", "more_light", "nobody"}
    assert all(ms < SCENE_S * 1e3 for times in found["reaction_ms"].values() for ms in times)
    assert found["draw_ms"] < found["encode_ms"]


def test_hint_that_never_comes_counts_as_the_whole_scene() -> None:
    assert _reactions([(10.0, "dark")], [(9.0, "more_light"), (10.2, "good")]) == {"more_light": [SCENE_S * 1e3]}
    assert _reactions([(10.0, "dark")], [(10.25, "more_light")]) == {"more_light": [250.0]}
