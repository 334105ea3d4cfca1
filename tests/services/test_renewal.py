"""The unit's side of a renewal on real files: cut off anywhere, refused by the broker, answered wrongly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from edge.core.certificate_renewal import CertificateState, open_renewal
from edge.core.certificates import Issuer, authority_certificate, leaf_certificate
from edge.core.downward_apply import MessageRefused
from edge.core.errors import SyncError
from edge.core.provisioning import answer_of, sign_answer
from edge.device.clock import ManualClock
from edge.services.renewal import MOST_TRIES, Asker, CertificateRenewer
from edge.signing.link_identity import LinkFiles
from edge.signing.tls_key import tls_key
from tests.assets.make_protocol_vectors import CONFIRMATION, RECORD, UNIT
from tests.core.test_certificate_renewal import statement

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def authority(name: str = "CA") -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    return Issuer(certificate=authority_certificate(key, name=name, now=NOW, days=3650, serial=1), key=key)


CA = authority()


def signed(request: bytes | None, issuer: Issuer = CA, *, name: str = UNIT, days: int = 90) -> bytes:
    assert request is not None
    public = open_renewal(request).tls_public
    certificate = leaf_certificate(issuer, name, public, now=NOW, days=days, serial=x509.random_serial_number())
    return sign_answer(answer_of(name, certificate, issuer, issued_utc="2026-03-02T00:00:00Z"), issuer)


class Link:
    """A unit's folder with ten days left of its certificate, and a broker that may not let it in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, ManualClock("2026-03-02T00:00:00.000Z")
        self.refuses = ""
        made = NOW - timedelta(days=80)
        leaf = leaf_certificate(CA, UNIT, tls_key(folder / "unit.key").public_key(), now=made, days=90, serial=7)
        (folder / "unit.crt").write_bytes(leaf.public_bytes(Encoding.PEM))
        (folder / "ca.crt").write_bytes(CA.certificate.public_bytes(Encoding.PEM))
        self.began = self.files()

    def renewer(self) -> CertificateRenewer:
        """As a process that has just started has it."""
        asker = Asker(
            unit_id=UNIT, record_key=RECORD.public, statement=statement(RECORD), confirmer=CONFIRMATION.signer
        )
        identity = LinkFiles(*(self.folder / name for name in ("ca.crt", "unit.crt", "unit.key")))
        return CertificateRenewer(asker=asker, identity=identity, clock=self.clock, probe=self._probe)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.name != "ca.crt"}

    def fits(self) -> bool:
        certificate = x509.load_pem_x509_certificate((self.folder / "unit.crt").read_bytes())
        return certificate.public_key() == tls_key(self.folder / "unit.key").public_key()

    def _probe(self) -> None:
        if self.refuses:
            raise SyncError(self.refuses)


@pytest.fixture
def link(tmp_path: Path) -> Link:
    return Link(tmp_path / "tls")


def test_certificate_comes_into_force_once_the_broker_has_let_it_in(link: Link) -> None:
    renewer = link.renewer()
    renewer.take(signed(renewer.request()))
    assert link.files().items() >= link.began.items(), "until then the one before is whole"
    link.refuses = "no route"
    assert renewer.try_out(connected=False) == ("", False)
    link.refuses = ""
    remark, switched = renewer.try_out(connected=False)
    assert switched and "in force" in remark and link.fits()
    assert set(link.files()) == {"unit.crt", "unit.key"} and link.files() != link.began
    assert renewer.request() is None
    standing = renewer.standing()
    assert standing and standing.state is CertificateState.IN_FORCE


def test_cut_after_the_key_was_made_asks_with_the_same_key(link: Link) -> None:
    first, again = link.renewer().request(), link.renewer().request(greeting=True)
    assert first and again
    assert open_renewal(first).tls_public == open_renewal(again).tls_public


def test_request_is_repeated_until_an_answer_is_here(link: Link) -> None:
    renewer = link.renewer()
    assert renewer.request() and not renewer.request()
    assert renewer.request(greeting=True), "a new link tells it anew"
    link.clock.advance(3600.0)
    assert renewer.request()


def test_cut_after_the_answer_was_kept_and_before_that_was_noted(link: Link) -> None:
    renewer = link.renewer()
    raw = signed(renewer.request())
    renewer.take(raw)
    again = link.renewer()
    again.take(raw)
    again.try_out(connected=True)
    link.renewer().take(raw)  # in force already: nothing is wrong with it
    assert link.fits() and set(link.files()) == {"unit.crt", "unit.key"}


def test_cut_between_the_two_renames_is_mended(link: Link) -> None:
    renewer = link.renewer()
    renewer.take(signed(renewer.request()))
    (link.folder / "next.key").replace(link.folder / "unit.key")
    assert not link.fits()
    standing = link.renewer().standing()
    assert standing and standing.state is CertificateState.IN_FORCE and link.fits()
    assert set(link.files()) == {"unit.crt", "unit.key"}


def test_certificate_that_the_broker_refuses_is_dropped_and_another_asked_for(link: Link) -> None:
    renewer = link.renewer()
    renewer.take(signed(renewer.request()))
    link.refuses = "certificate revoked"
    for _ in range(MOST_TRIES):
        remark, switched = renewer.try_out(connected=True)
        assert "revoked" in remark and not switched
        assert renewer.try_out(connected=True) == ("", False), "not again at once"
        link.clock.advance(600.0)
    assert link.files() == link.began
    standing = renewer.standing()
    assert standing and (standing.state, standing.reason) == (CertificateState.REFUSED, "certificate revoked")
    assert renewer.request() is None
    link.clock.advance(86400.0)
    assert renewer.request()


def forged(request: bytes | None) -> bytes:
    return signed(request, authority())


def of_another_unit(request: bytes | None) -> bytes:
    return signed(request, name="unit-0002")


def no_longer(request: bytes | None) -> bytes:
    return signed(request, days=9)


def over_another_key(request: bytes | None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = leaf_certificate(CA, UNIT, key.public_key(), now=NOW, days=90, serial=9)
    return sign_answer(answer_of(UNIT, leaf, CA, issued_utc="2026-03-02T00:00:00Z"), CA)


def altered(request: bytes | None) -> bytes:
    return signed(request).replace(b'"sig":"', b'"sig":"00', 1)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (forged, "other_authority"),
        (of_another_unit, "bad_answer"),
        (no_longer, "bad_answer"),
        (over_another_key, "bad_answer"),
        (altered, "bad_answer"),
    ],
)
def test_wrong_answer_changes_nothing(link: Link, wrong: Callable[[bytes | None], bytes], reason: str) -> None:
    renewer = link.renewer()
    request = renewer.request()
    before = link.files()
    with pytest.raises(MessageRefused) as refused:
        renewer.take(wrong(request))
    assert refused.value.reason == reason and link.files() == before
    renewer.take(signed(request))


def test_answer_that_nobody_asked_for_is_refused(link: Link) -> None:
    other = Link(link.folder.with_name("other"))
    with pytest.raises(MessageRefused) as refused:
        link.renewer().take(signed(other.renewer().request()))
    assert refused.value.reason == "no_request"


def test_clock_behind_is_set_right_by_what_central_has_signed(link: Link) -> None:
    link.clock.set_wall("2025-12-20T00:00:00.000Z")
    renewer = link.renewer()
    assert renewer.request() is None
    renewer.heard("2026-03-02T02:00:00.000Z")
    assert renewer.request()
