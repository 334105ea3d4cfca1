"""A profile that predicts nothing must show as such, and no degradation may leave a picture as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.capture.opencv_sources import read_picture
from edge.core.bedside import TERMS, WEIGHTS, failure_chance, terms
from edge.core.face import Frame
from edge.core.policy import decode_policy
from edge.core.quality import Quality
from edge.models.nets import Nets
from edge.services.perceive import Perceiver
from tools.evaluate.degrade import DEGRADATIONS, drawn
from tools.evaluate.quality import REJECT, Probe, fitted, ordered_failures
from tools.evaluate.rig import RESOURCES

GOOD = Quality(
    eye_distance_px=80, brightness=120, clipped=0, unevenness=0.1, sharpness=900, yaw_deg=0, pitch_deg=0, roll_deg=0,
    eye_opening=0.3, presence=1.0, inside=1.0,
)  # fmt: skip


def changed(**measures: float) -> Quality:
    return Quality(**{name: measures.get(name, getattr(GOOD, name)) for name in Quality.__dataclass_fields__})


def probes(*, dark_fails: bool) -> list[Probe]:
    """Half of them dark; comparisons fail by darkness, or by chance."""
    random, made = np.random.default_rng(3), []
    for number in range(600):
        dark = number % 2 == 0
        chance = (0.9 if dark else 0.05) if dark_fails else 0.4
        made.append(Probe(
            degradation="dark" if dark else "as it is", fitting=True, usable=True,
            cosine=0.1 if random.random() < chance else 0.8,
            quality=changed(brightness=float(random.uniform(15, 30) if dark else random.uniform(90, 160))),
        ))  # fmt: skip
    return made


def test_a_fit_finds_what_makes_comparisons_fail() -> None:
    weights = fitted(probes(dark_fails=True), 0.48)
    assert weights["dark"] > 1.0 and all(w >= 0 for name, w in weights.items() if name != "always")
    assert abs(fitted(probes(dark_fails=False), 0.48)["dark"]) < 0.4


def test_putting_the_worst_aside_leaves_fewer_failures() -> None:
    failed = ordered_failures(probes(dark_fails=True), lambda q: q.brightness, 0.48)
    kept = [failed[round(share * len(failed)) :].mean() for share in REJECT]
    assert kept[0] == pytest.approx(0.475, abs=0.06) and kept[-1] < 0.1
    blind = ordered_failures(probes(dark_fails=True), lambda q: 0.0, 0.48)
    assert blind[300:].mean() == pytest.approx(blind.mean(), abs=0.06)


@pytest.mark.parametrize(
    "worse", [{"brightness": 15.0}, {"sharpness": 8.0}, {"presence": 0.3}, {"clipped": 0.4}, {"brightness": 245.0}]
)
def test_a_worse_frame_never_has_a_smaller_chance_to_fail(worse: dict[str, float]) -> None:
    assert failure_chance(changed(**worse)) > failure_chance(GOOD)


@pytest.mark.parametrize("noted", [{"roll_deg": 150.0}, {"eye_opening": 0.02}])
def test_shut_eyes_and_a_head_on_its_side_are_not_punished(noted: dict[str, float]) -> None:
    assert failure_chance(changed(**noted)) == failure_chance(GOOD)


def test_the_shipped_profile_has_all_its_terms() -> None:
    assert set(WEIGHTS) == set(TERMS) == set(terms(GOOD))


def test_every_degradation_shows_and_leaves_a_face(nets: Nets, portraits: Path) -> None:
    policy = decode_policy((RESOURCES / "policy.toml").read_bytes())
    picture = read_picture(portraits / "obama.jpg")
    perceiver = Perceiver(nets.detector, nets.landmarker, policy.quality)
    face = perceiver.look_at_still(Frame(bgr=picture, captured_s=0.0)).face
    assert face is not None
    for name in DEGRADATIONS:
        out = drawn(name, picture, face.mesh.points_px, 5)
        assert out.dtype == np.uint8 and (out.shape == picture.shape or "size" in name)
        if name != "as it is":
            assert out.shape != picture.shape or (out != picture).mean() > 0.001, name
        assert perceiver.look_at_still(Frame(bgr=out, captured_s=0.0)).face is not None, name
