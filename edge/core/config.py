"""The unit's configuration file as values: what may stand in it, and what may not stand together.

Paths are relative to the folder of `unit.toml`. Whether a key is for real is not configured: the key says so.
"""

from __future__ import annotations

import re

import msgspec

from edge.core.document import read_toml
from edge.core.errors import ConfigError, SimulatedInputRefused
from edge.core.keys import KeyPurpose
from edge.core.record import CaptureSource

UNIT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


class CameraConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """source: `picamera2`, `v4l2:N`, `video:FILE`, `stills:DIR` or `none`. Sizes in px, rate in frames/s."""

    source: str = "picamera2"
    width_px: int = 640
    height_px: int = 480
    rate_fps: float = 30.0


class ModelsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """bundle: folder of an installed bundle. runtime: auto, litert or tflite. threads: per net; more than
    one made every net slower where it was measured (`doorstep models list --timed` tells on a board)."""

    bundle: str = "models"
    runtime: str = "auto"
    threads: int = 1


class LampsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two lamps beside the lens, on BCM pin numbers; left as the camera sees it. power: 0..1 of full when lit."""

    left_pin: int
    right_pin: int
    power: float = 1.0


class PanelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two buttons to ground, five lamps and a buzzer, on BCM pin numbers; what a unit has not got is left out."""

    start_pin: int | None = None
    cancel_pin: int | None = None
    ready_pin: int | None = None
    busy_pin: int | None = None
    pass_pin: int | None = None
    review_pin: int | None = None
    fault_pin: int | None = None
    buzzer_pin: int | None = None

    @property
    def pins(self) -> tuple[int, ...]:
        """Those that are named."""
        named = (getattr(self, field) for field in self.__struct_fields__)
        return tuple(pin for pin in named if pin is not None)


class SyncConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker and the unit's TLS identity. window: envelopes in flight at most (20–100 is fastest)."""

    host: str
    port: int = 8883
    ca_file: str = "tls/ca.crt"
    cert_file: str = "tls/unit.crt"
    key_file: str = "tls/unit.key"
    window: int = 20
    keepalive_s: int = 30


class UnitConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """min_free_mb: below that much free space no visit begins. evidence_retention_days: kept after its receipt.

    photo_retention_days: how long a photograph stays here that the person let the unit keep; 0: none is kept.
    """

    unit_id: str
    store: str = "records.sqlite3"
    key_dir: str = "keys"
    trust_dir: str = "trust"
    policy: str = ""
    min_free_mb: int = 200
    evidence_retention_days: int = 7
    photo_retention_days: int = 30
    camera: CameraConfig = CameraConfig()
    models: ModelsConfig = ModelsConfig()
    lamps: LampsConfig | None = None
    panel: PanelConfig | None = None
    sync: SyncConfig | None = None


def decode_config(raw: bytes) -> UnitConfig:
    """Read `unit.toml`. Raises ConfigError naming the field that is wrong."""
    config = read_toml(raw, UnitConfig, what="unit.toml")
    if not UNIT_ID.fullmatch(config.unit_id):
        raise ConfigError(f"unit.toml: unit_id {config.unit_id!r} is not 2 to 63 of a-z, 0-9 and '-'")
    if config.models.threads < 1:
        raise ConfigError(f"unit.toml: models.threads is at least 1, got {config.models.threads}")
    if config.lamps and (config.lamps.left_pin == config.lamps.right_pin or not 0 < config.lamps.power <= 1):
        raise ConfigError("unit.toml: the lamps need two pins, and a power above 0 and up to 1")
    pins = [*(config.panel.pins if config.panel else ())]
    pins += [config.lamps.left_pin, config.lamps.right_pin] if config.lamps else []
    if len(set(pins)) < len(pins):
        raise ConfigError("unit.toml: two parts of lamps and panel are on one pin")
    if config.photo_retention_days < 0 or config.evidence_retention_days < 0:
        raise ConfigError("unit.toml: a retention time is at least 0 days")
    if config.sync and not 1 <= config.sync.window <= 100:
        raise ConfigError(f"unit.toml: sync.window is 1 to 100, got {config.sync.window}")
    return config


def records_are_simulated(source: CaptureSource, purpose: KeyPurpose) -> bool:
    """Whether records from `source` under a key of `purpose` carry the simulated payload type.

    Raises SimulatedInputRefused when a provisioned key would have to sign simulated input.
    """
    if purpose is KeyPurpose.PROVISIONED and source.simulated:
        raise SimulatedInputRefused(
            f"this unit's key is provisioned for genuine visits, but its pictures come from {source.kind.value} "
            f"({source.model})"
        )
    return purpose is KeyPurpose.DEMONSTRATION
