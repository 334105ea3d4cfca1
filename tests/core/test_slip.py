"""A slip must be refused when one bit of it changed, when another unit signed it, and must name nobody."""

from __future__ import annotations

import base64
import zlib

import msgspec
import pytest

from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.core.keys import KeyPurpose
from edge.core.slip import PREFIX, Slip, open_slip, sign_slip, slip_of
from edge.core.visit import OutcomeKind
from tests.samples import CENTRAL_KEY, KEYS, UNIT_KEY, opened, sample_chain, sample_key

(STORED,) = sample_chain(1)
SLIP = slip_of(STORED, opened(STORED), next_due="2027-01-05")
TEXT = sign_slip(SLIP, UNIT_KEY.signer)


def test_slip_comes_back_whole_and_fits_a_small_code() -> None:
    assert open_slip(TEXT, KEYS) == SLIP
    assert SLIP.outcome is OutcomeKind.REVIEW and SLIP.simulated and SLIP.visited == "2026-01-05"
    assert SLIP.record_sha256.hex() == STORED.sha256
    assert len(TEXT) <= 311  # version 10 at level M, alphanumeric


@pytest.mark.parametrize("keys", [KEYS, KEYS[1:], ()])
def test_any_changed_bit_is_refused_whoever_is_known(keys: tuple) -> None:
    raw = TEXT.encode()
    for place in range(len(raw)):
        for bit in range(7):
            changed = bytearray(raw)
            changed[place] ^= 1 << bit
            with pytest.raises(DoesNotVerify):
                open_slip(changed.decode("ascii"), keys)


def forged(slip: Slip, signature: bytes = bytes(64), content: bytes = b"") -> str:
    """A slip that somebody wrote with care: its checksum fits."""
    signed = signature + (content or msgspec.msgpack.encode(slip))
    body = base64.b32encode(zlib.crc32(signed).to_bytes(4, "big") + signed).decode().rstrip("=")
    return PREFIX + body


def signature_of(text: str) -> bytes:
    body = text.removeprefix(PREFIX)
    return base64.b32decode(body + "=" * (-len(body) % 8))[4:68]


def test_another_outcome_or_date_under_a_true_signature_is_refused() -> None:
    for change in ({"outcome": OutcomeKind.CERTIFIED}, {"next_due": "2036-01-05"}, {"id_number_masked": "1*"}):
        with pytest.raises(DoesNotVerify, match="signature"):
            open_slip(forged(msgspec.structs.replace(SLIP, **change), signature_of(TEXT)), KEYS)


def test_simulated_slip_cannot_be_passed_off_as_genuine() -> None:
    genuine = msgspec.structs.replace(SLIP, simulated=False)
    with pytest.raises(DoesNotVerify, match="provisioned"):
        open_slip(sign_slip(genuine, UNIT_KEY.signer), KEYS)
    both = sample_key(purpose=KeyPurpose.PROVISIONED, seed="another").public
    with pytest.raises(DoesNotVerify, match="signature"):
        open_slip(sign_slip(genuine, UNIT_KEY.signer), [*KEYS, both])


def test_slip_of_an_unknown_unit_accuses_nobody() -> None:
    with pytest.raises(CouldNotBeChecked, match="no public key"):
        open_slip(TEXT, [CENTRAL_KEY.public])


def test_key_of_another_role_or_unit_signs_no_slip() -> None:
    other = sample_key("unit-0002")
    for key in (CENTRAL_KEY, other):
        with pytest.raises(DoesNotVerify, match="signature"):
            open_slip(sign_slip(SLIP, key.signer), [*KEYS, other.public])


@pytest.mark.parametrize(
    "content",
    [b"", b"\xc1", msgspec.msgpack.encode(["u", True]), msgspec.msgpack.encode({"unit_id": "u"}), b"\x91" * 4000],
)
def test_content_that_breaks_the_format_is_refused(content: bytes) -> None:
    with pytest.raises(DoesNotVerify):
        open_slip(forged(SLIP, content=content or b"\x00"), KEYS)


@pytest.mark.parametrize("change", [{"visited": "2026-13-01"}, {"visited": ""}, {"record_sha256": b"short"}])
def test_signed_nonsense_is_refused(change: dict) -> None:
    with pytest.raises(DoesNotVerify, match="format"):
        open_slip(sign_slip(msgspec.structs.replace(SLIP, **change), UNIT_KEY.signer), KEYS)


def test_slip_holds_no_name_no_full_number_and_no_personal_id() -> None:
    record = opened(STORED)
    served = msgspec.structs.replace(record.visit.person_served, id_number_masked="11010519491231002X")
    slip = slip_of(
        STORED, msgspec.structs.replace(record, visit=msgspec.structs.replace(record.visit, person_served=served)),
        next_due="",
    )  # fmt: skip
    assert slip.id_number_masked == "110105***********X"
    assert served.person_id.encode() not in msgspec.msgpack.encode(slip)
