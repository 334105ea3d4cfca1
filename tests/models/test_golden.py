"""A net that does not give here what it gave where it was built is not used, whatever the reason."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import msgspec
import numpy as np
import pytest

from edge.core.bundle import Bundle
from edge.core.manifest import ROLES, Net, Role
from edge.models.golden import BOUND, GoldenMismatch, check_golden, probe
from edge.models.nets import load_nets, runtime_net
from edge.models.runtime import Runtime, RuntimeNet, choose_runtime

EMBEDDING: Role = "embedding"


def bare(bundle: Bundle, role: Role, runtime: Runtime | None = None) -> tuple[RuntimeNet, Net]:
    return runtime_net(bundle, role, runtime or choose_runtime(), 1), bundle.manifest.net(role)


@pytest.mark.parametrize("role", ROLES)
def test_shipped_nets_give_their_golden_vectors(real_bundle: Bundle, role: Role) -> None:
    assert check_golden(*bare(real_bundle, role)) <= BOUND / 5


@pytest.mark.parametrize("role", ROLES)
def test_block_of_weights_damaged_after_the_digests_is_noticed(real_bundle: Bundle, role: Role) -> None:
    name = real_bundle.manifest.net(role).file
    raw = bytearray(real_bundle.files[name])
    for place in range(len(raw) // 3, len(raw) // 3 + 4096):
        raw[place] ^= 0x40
    damaged = replace(real_bundle, files={**real_bundle.files, name: bytes(raw)})
    with pytest.raises(GoldenMismatch, match="differ"):
        load_nets(damaged)


def test_runtime_whose_fast_kernels_stay_away_is_noticed(real_bundle: Bundle) -> None:
    """What happens where /proc/cpuinfo is hidden from a service on a Pi: no error, slow, other kernels."""
    chosen = choose_runtime()
    resolver = import_module(chosen.interpreter.__module__).OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    crippled = replace(
        chosen, interpreter=functools.partial(chosen.interpreter, experimental_op_resolver_type=resolver)
    )
    with pytest.raises(GoldenMismatch, match="XNNPACK") as caught:
        check_golden(*bare(real_bundle, EMBEDDING, crippled))
    assert "ProcSubset" in caught.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        lambda golden: {"outputs": golden.outputs[:0]},
        lambda golden: {"outputs": tuple(msgspec.structs.replace(o, values=o.values[:-1]) for o in golden.outputs)},
        lambda golden: {"outputs": tuple(msgspec.structs.replace(o, rms=0.0) for o in golden.outputs)},
        lambda golden: {"outputs": tuple(msgspec.structs.replace(o, rms=o.rms * 1.01) for o in golden.outputs)},
    ],
)
def test_vectors_of_another_net_never_fit(real_bundle: Bundle, change: Callable[..., dict[str, object]]) -> None:
    net, entry = bare(real_bundle, EMBEDDING)
    golden = msgspec.structs.replace(entry.golden, **change(entry.golden))
    with pytest.raises(GoldenMismatch):
        check_golden(net, msgspec.structs.replace(entry, golden=golden))


def test_integer_scheme_must_be_equal_to_the_bit(real_bundle: Bundle) -> None:
    net, entry = bare(real_bundle, EMBEDDING)
    quantization = msgspec.structs.replace(entry.quantization, scheme="static8")
    golden = msgspec.structs.replace(entry.golden, sha256="0" * 64, runtime=str(net.runtime))
    with pytest.raises(GoldenMismatch, match="to the bit"):
        check_golden(net, msgspec.structs.replace(entry, quantization=quantization, golden=golden))


def test_probe_is_the_same_bytes_everywhere(real_bundle: Bundle) -> None:
    picture = probe(real_bundle.manifest.net(EMBEDDING).input)
    want = real_bundle.manifest.net(EMBEDDING).input
    assert picture.dtype == np.float32 and picture.shape == (1, want.height_px, want.width_px, 3)
    span = want.high - want.low
    # 12345 >> 24 = 0; (2654435761 + 12345) >> 24 = 158; twice that, modulo 2^32, >> 24 = 60
    levels = [0, 158, 60]
    assert picture.reshape(-1)[:3] == pytest.approx([want.low + span * level / 255 for level in levels], rel=1e-6)
