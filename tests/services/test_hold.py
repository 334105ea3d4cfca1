"""What is held is let go again, whatever happens, and a camera that cannot hold is used as it is."""

from __future__ import annotations

import pytest

from edge.capture.no_camera import NoCamera
from edge.core.errors import CameraError
from edge.core.exposure import Exposure
from edge.core.light_code import BOTH, DARK, LampState
from edge.services.hold import held


class Lamps:
    present = True

    def __init__(self) -> None:
        self.state = DARK

    def set(self, state: LampState) -> None:
        self.state = state

    def close(self) -> None:
        pass


class Holding(NoCamera):
    """Remembers under which light it was metered."""

    def __init__(self, lamps: Lamps) -> None:
        super().__init__()
        self._lamps, self.metered, self.holds = lamps, DARK, False

    def hold(self) -> Exposure:
        self.metered, self.holds = self._lamps.state, True
        return Exposure(exposure_us=20_000, gain=2.0)

    def release(self) -> None:
        self.holds = False


def test_a_window_that_breaks_off_does_not_leave_the_camera_held() -> None:
    camera = Holding(Lamps())
    with pytest.raises(CameraError), held(camera, None):
        assert camera.holds
        raise CameraError("pulled out")
    assert not camera.holds


def test_light_is_metered_with_the_lamps_lit() -> None:
    lamps = Lamps()
    camera = Holding(lamps)
    with held(camera, lamps) as exposure:
        assert camera.metered == BOTH and exposure is not None


def test_a_camera_that_cannot_hold_is_used_as_it_is() -> None:
    with held(NoCamera(), Lamps()) as exposure:
        assert exposure is None
