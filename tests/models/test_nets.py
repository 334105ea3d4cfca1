"""The shipped nets on real faces, on whichever runtime this environment has."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.core.bundle import Bundle
from edge.core.errors import ModelError
from edge.core.face import FaceMesh, FaceRegion, Frame, Picture
from edge.core.geometry import five_points, region_from_mesh, roll_of_mesh, wrap_deg
from edge.core.manifest import ROLES
from edge.models.nets import Nets, load_nets, time_nets
from edge.models.runtime import RuntimeNet, choose_runtime
from tests.models.conftest import frame_of, turned

WHOLE_FACES = ("biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg", "astronaut.png")


def mesh_of(nets: Nets, frame: Frame, turn_deg: float = 0.0) -> FaceMesh:
    region = nets.detector.detect(frame, turn_deg)[0]
    return nets.landmarker.fit(frame, region_from_mesh(nets.landmarker.fit(frame, region)))


def test_every_net_builds_and_runs_on_this_runtime(real_bundle: Bundle) -> None:
    assert load_nets(real_bundle).runtime_name == str(choose_runtime())
    assert [t.role for t in time_nets(real_bundle, rounds=3)] == list(ROLES)


def test_every_net_is_8bit_and_within_its_bounds(real_bundle: Bundle) -> None:
    for net in real_bundle.manifest.nets:
        assert net.quantization.scheme in ("weights8", "dynamic8", "static8")
        assert net.agreement
        assert len(net.quantization.why) > 40


@pytest.mark.parametrize("roll_deg", range(0, 360, 15))
def test_portraits_are_found_at_every_roll(nets: Nets, portraits: dict[str, Picture], roll_deg: int) -> None:
    turn_deg = round(roll_deg / 45) * 45.0
    for name in WHOLE_FACES:
        upright = mesh_of(nets, frame_of(portraits[name]))
        mesh = mesh_of(nets, frame_of(turned(portraits[name], roll_deg)), turn_deg)
        assert mesh.presence > 0.5, name
        assert abs(wrap_deg(roll_of_mesh(mesh) - roll_of_mesh(upright) - roll_deg)) < 5.0, name


@pytest.mark.parametrize("roll_deg", [45, 90, 180, 285])
def test_embedding_survives_the_roll(nets: Nets, portraits: dict[str, Picture], roll_deg: int) -> None:
    for name in WHOLE_FACES:
        upright, lying = frame_of(portraits[name]), frame_of(turned(portraits[name], roll_deg))
        one = nets.embedder.embed(upright, five_points(mesh_of(nets, upright)))
        turn_deg = round(roll_deg / 45) * 45.0
        other = nets.embedder.embed(lying, five_points(mesh_of(nets, lying, turn_deg)))
        assert one.vector @ other.vector > 0.85, name
        assert one.model_sha256 == other.model_sha256


def test_one_man_is_near_himself_and_far_from_another(nets: Nets, portraits: dict[str, Picture]) -> None:
    vectors = {}
    for name in WHOLE_FACES:
        frame = frame_of(portraits[name])
        vectors[name] = nets.embedder.embed(frame, five_points(mesh_of(nets, frame))).vector
        assert np.isclose(np.linalg.norm(vectors[name]), 1.0, atol=1e-5)
    assert vectors["obama.jpg"] @ vectors["obama2.jpg"] > 0.5
    assert vectors["obama.jpg"] @ vectors["biden.jpg"] < 0.37
    assert vectors["astronaut.png"] @ vectors["obama.jpg"] < 0.37


@pytest.mark.parametrize("roll_deg", [0, 30, 45, 90, 180, 270])
def test_liveness_of_a_portrait_holds_at_any_roll(nets: Nets, portraits: dict[str, Picture], roll_deg: int) -> None:
    for name in WHOLE_FACES:
        frame = frame_of(turned(portraits[name], roll_deg))
        region = region_from_mesh(mesh_of(nets, frame, round(roll_deg / 45) * 45.0))
        assert nets.liveness.live_probability(frame, region) > 0.5, name


def test_liveness_net_is_given_blue_first(nets: Nets, real_bundle: Bundle) -> None:
    """The trap: the package's own demonstration feeds red first. Only blue may reach the first channel."""
    net = real_bundle.manifest.net("liveness")
    assert (net.input.colours, net.input.low, net.input.high) == ("bgr", 0.0, 255.0)
    blue = np.zeros((300, 300, 3), np.uint8)
    blue[..., 0] = 200
    seen = _inputs_of(nets.liveness._net, lambda: nets.liveness.live_probability(frame_of(blue), _region(150.0)))
    assert np.unique(seen[..., 0]).tolist() == [200.0]
    assert not seen[..., 1:].any()


def test_other_nets_are_given_red_first(nets: Nets) -> None:
    red = np.zeros((300, 300, 3), np.uint8)
    red[..., 2] = 255
    frame = frame_of(red)
    template = np.array([[38, 51], [73, 51], [56, 71], [41, 92], [70, 92]], np.float32) + 60
    for seen in (
        _inputs_of(nets.detector._net, lambda: nets.detector.detect(frame)),
        _inputs_of(nets.landmarker._net, lambda: nets.landmarker.fit(frame, _region(100))),
        _inputs_of(nets.embedder._net, lambda: nets.embedder.embed(frame, template)),
    ):
        assert seen[0, 50, 50, 0] > seen[0, 50, 50, 1] == seen[0, 50, 50, 2]


def test_low_resolution_stream_gives_the_same_boxes(nets: Nets, portraits: dict[str, Picture]) -> None:
    for name in WHOLE_FACES:
        bgr = cv2.copyMakeBorder(portraits[name], 0, 0, 80, 80, cv2.BORDER_REPLICATE)
        lores = cv2.cvtColor(cv2.resize(bgr, (320, 240), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2YUV_I420)
        for turn_deg in (0.0, 45.0, 90.0):
            full = nets.detector.detect(frame_of(bgr), turn_deg)
            low = nets.detector.detect(Frame(bgr=bgr, captured_s=0.0, lores_i420=lores), turn_deg)
            if full and full[0].score > 0.8:
                assert np.allclose(low[0].center_px, full[0].center_px, atol=0.06 * full[0].width_px)
                assert abs(low[0].width_px - full[0].width_px) < 0.1 * full[0].width_px


def test_detector_box_is_where_it_was_before_the_turn(nets: Nets, portraits: dict[str, Picture]) -> None:
    bgr = cv2.copyMakeBorder(portraits["obama.jpg"], 0, 0, 80, 80, cv2.BORDER_REPLICATE)
    straight, aslant = (nets.detector.detect(frame_of(bgr), turn)[0] for turn in (0.0, 20.0))
    assert np.allclose(straight.center_px, aslant.center_px, atol=0.15 * straight.width_px)


def test_empty_picture_has_no_face(nets: Nets) -> None:
    grey = np.full((480, 640, 3), 90, np.uint8)
    assert nets.detector.detect(frame_of(grey)) == []


def test_frame_is_not_written_to(nets: Nets, portraits: dict[str, Picture]) -> None:
    bgr = portraits["obama.jpg"].copy()
    bgr.flags.writeable = False
    frame = frame_of(bgr)
    mesh = mesh_of(nets, frame)
    nets.liveness.live_probability(frame, region_from_mesh(mesh))
    nets.embedder.embed(frame, five_points(mesh))


def test_unknown_runtime_is_named(real_bundle: Bundle) -> None:
    with pytest.raises(ModelError, match="abacus"):
        load_nets(real_bundle, runtime="abacus")


def test_bytes_that_are_no_net_are_refused() -> None:
    net = RuntimeNet(b"not a net" * 9, shape=(1, 8, 8, 3), runtime=choose_runtime(), threads=1, name="odd")
    with pytest.raises(ModelError, match="odd"):
        net.run()


def test_net_of_another_size_than_the_manifest_says_is_refused(real_bundle: Bundle) -> None:
    _, model = real_bundle.model("detector")
    net = RuntimeNet(model, shape=(1, 64, 64, 3), runtime=choose_runtime(), threads=1, name="detector")
    with pytest.raises(ModelError, match="manifest says"):
        net.run()


def _region(center: float) -> FaceRegion:
    return FaceRegion(center_px=(center, center), width_px=60.0, height_px=60.0, roll_deg=0.0, score=1.0)


def _inputs_of(net: RuntimeNet, use: object) -> np.ndarray:
    assert callable(use)
    net.input.fill(0)
    use()
    return net.input.copy()
