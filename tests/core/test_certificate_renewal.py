"""When a unit asks for another certificate, and which request an authority must not take for the unit's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge.core.certificate_renewal import (
    DOUBTFUL_CLOCK_S,
    RETRY_CAP_S,
    RenewalRequest,
    answer_fault,
    asks_from,
    is_due,
    open_renewal,
    retry_s,
    sign_renewal,
)
from edge.core.certificates import Issuer, authority_certificate, certificate_request, leaf_certificate
from edge.core.errors import DoesNotVerify, InputError, VerificationError
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.ledger import Issued, Ledger
from edge.core.unit_keys import UnitKeys, sign_unit_keys
from edge.signing.keyfile import KeyFile
from edge.signing.sealkey import sealing_document
from tests.assets.make_protocol_vectors import CONFIRMATION, RECORD, UNIT, UNIT_SEALING, key

MADE = datetime(2026, 3, 1, tzinfo=UTC)
AT_UTC = "2026-05-20T00:00:00Z"
CA_KEY, TLS_KEY = (ec.derive_private_key(n, ec.SECP256R1()) for n in (11, 12))
ISSUER = Issuer(certificate=authority_certificate(CA_KEY, name="CA", now=MADE, days=3650, serial=1), key=CA_KEY)
STRANGER = key(9, KeyRole.RECORD, UNIT)


def leaf(serial: int = 2, days: int = 90, name: str = UNIT) -> x509.Certificate:
    return leaf_certificate(ISSUER, name, TLS_KEY.public_key(), now=MADE, days=days, serial=serial)


def statement(record: KeyFile) -> bytes:
    sealing = sealing_document(UNIT_SEALING, purpose=KeyPurpose.DEMONSTRATION, owner=UNIT)
    keys = UnitKeys(unit_id=UNIT, serial=1, made_utc=AT_UTC, sealing=sealing, confirmation=CONFIRMATION.public)
    return sign_unit_keys(keys, record.signer)


def request(**changes: object) -> RenewalRequest:
    made = RenewalRequest(
        unit_id=UNIT,
        record_key=RECORD.public,
        statement=statement(RECORD),
        csr=certificate_request(TLS_KEY, UNIT),
        until_utc=AT_UTC,
        made_utc=AT_UTC,
    )
    return msgspec.structs.replace(made, **changes)


def test_it_is_asked_for_in_the_last_third_and_not_by_all_at_once() -> None:
    moments = {asks_from(leaf(serial)) for serial in range(2, 42)}
    assert all(timedelta(days=59) < moment - MADE < timedelta(days=68) for moment in moments)
    assert len(moments) == 40 and max(moments) - min(moments) > timedelta(days=3)
    one = leaf()
    assert not is_due(one, asks_from(one) - timedelta(seconds=1), running_s=1e9)
    assert is_due(one, asks_from(one), running_s=0)


def test_clock_from_before_the_certificate_is_waited_for_and_then_not_believed() -> None:
    unset = datetime(1970, 1, 1, tzinfo=UTC)
    assert not is_due(leaf(), unset, running_s=DOUBTFUL_CLOCK_S - 1)
    assert is_due(leaf(), unset, running_s=DOUBTFUL_CLOCK_S)


def test_it_is_asked_again_more_and_more_seldom() -> None:
    waits = [retry_s(asked) for asked in (1, 2, 3, 50)]
    assert waits == sorted(waits) and waits[0] >= 3600 and waits[-1] == RETRY_CAP_S


def test_answer_that_ends_no_later_renews_nothing() -> None:
    assert answer_fault(leaf(days=91), leaf()) == ""
    assert "no later" in answer_fault(leaf(3), leaf())
    assert "another unit" in answer_fault(leaf(days=180, name="unit-0002"), leaf())


def test_request_holds_by_the_record_key_through_the_statement() -> None:
    made = request()
    assert open_renewal(sign_renewal(made, CONFIRMATION.signer)) == made


@pytest.mark.parametrize(
    ("changes", "signer"),
    [
        ({}, STRANGER),
        ({"statement": statement(STRANGER)}, CONFIRMATION),
        ({"record_key": STRANGER.public}, CONFIRMATION),
        ({"unit_id": "unit-0002"}, CONFIRMATION),
        ({"csr": certificate_request(TLS_KEY, "unit-0002")}, CONFIRMATION),
    ],
)
def test_request_that_the_units_keys_do_not_stand_for_is_refused(changes: dict[str, object], signer: KeyFile) -> None:
    with pytest.raises((VerificationError, InputError)):
        open_renewal(sign_renewal(request(**changes), signer.signer))


def test_strangers_key_under_the_units_key_id_is_found_out() -> None:
    """An authority knows a unit's record key by its id alone, and nobody compares fingerprints at a renewal."""
    posing = msgspec.structs.replace(STRANGER.public, keyid=RECORD.public.keyid)
    forged = request(record_key=posing, statement=statement(STRANGER))
    with pytest.raises(DoesNotVerify, match="record key"):
        open_renewal(sign_renewal(forged, CONFIRMATION.signer))


def test_authority_renews_only_whom_it_has_signed_and_not_revoked() -> None:
    entry = Issued(serial="2", unit_id=UNIT, record_keyid="a", issued_utc=AT_UTC, until_utc=AT_UTC)
    ledger = Ledger().with_issued(entry)
    ledger.check_renews(UNIT, "a")
    revoked, _ = ledger.with_revoked(UNIT, AT_UTC, "lost")
    for other, unit_id, keyid in ((Ledger(), UNIT, "a"), (ledger, UNIT, "b"), (revoked, UNIT, "a")):
        with pytest.raises(InputError, match="not renewed"):
            other.check_renews(unit_id, keyid)
