"""The composition root of provisioning: the unit's side, and the technician's authority with its bench.

The way of the documents (stick, QR codes, network) is the caller's; here they are bytes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edge.core.certificates import Issuer, certificate_request, certificate_sha256
from edge.core.config import UNIT_ID, SyncConfig
from edge.core.document import read_json
from edge.core.errors import ConfigError, DoesNotVerify, DoorstepError, InputError, SigningError
from edge.core.keys import PublicKeyDocument, fingerprint, spaced
from edge.core.parcel import whole_lines
from edge.core.provisioning import (
    Enrolment,
    ProvisionRequest,
    answer_of,
    check_proof,
    open_answer,
    open_request,
    proof_of_answer,
    proof_of_request,
    sign_answer,
    sign_request,
)
from edge.device.clock import SystemClock
from edge.device.credentials import STORE, seal_credential
from edge.signing import trust
from edge.signing.at_rest import CREDENTIAL as DATA_CREDENTIAL
from edge.signing.authority import Authority, make_authority
from edge.signing.certificate import CertificateFacts, facts_of, parse_certificate
from edge.signing.erase import erase
from edge.signing.keyfile import encode_public, write_new
from edge.signing.link_identity import LinkFiles
from edge.signing.tls_key import public_sha256, put, tls_key
from edge.sync.bench_link import ask, bench
from edge.sync.tls import tls_files
from edge.wiring.unit import RECORD_CREDENTIAL, RECORD_KEY, Unit

Tell = Callable[[str], None]

_ENROLMENT = "doorstep.enrolment/1"
_SYNC = '\n[sync]\nhost = "{host}"\nport = {port}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """What two people compare, each on the own screen. authority: empty on a request."""

    unit_id: str
    record_key: str
    tls_key: str
    authority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what a technician signs. trusted: keys that the unit is to believe. host: the broker, or empty."""

    days: int
    trusted: tuple[PublicKeyDocument, ...] = ()
    host: str = ""
    port: int = 8883


def make_request(unit: Unit) -> bytes:
    """The unit's request for a certificate; its TLS key is made now where there is none. Raises SigningError."""
    key = tls_key(_files(unit)[2])
    request = ProvisionRequest(
        unit_id=unit.config.unit_id,
        record_key=unit.record_key.public,
        csr=certificate_request(key, unit.config.unit_id),
        made_utc=unit.clock.now_utc(),
    )
    return sign_request(request, unit.record_key.signer)


def prints_of_request(raw: bytes) -> Fingerprints:
    request = open_request(raw)
    return Fingerprints(
        unit_id=request.unit_id,
        record_key=fingerprint(request.record_key),
        tls_key=spaced(public_sha256(request.tls_public)),
    )


def authority_of(unit: Unit, raw: bytes) -> tuple[str, bool]:
    """The fingerprint of the authority that answers, and whether the unit believes it already.

    Raises SigningError when the unit belongs to another.
    """
    answer = open_answer(raw, unit_id=unit.config.unit_id, tls_public=tls_key(_files(unit)[2]).public_key())
    claimed = certificate_sha256(x509.load_der_x509_certificate(answer.authority))
    pinned = _pinned(unit)
    if pinned and pinned != claimed:
        raise SigningError(
            f"this unit belongs to the authority {spaced(pinned)[:19]}…, the answer is by another",
            remedy="Ask the technician of that authority. To move a unit, retire it and make it anew.",
        )
    return spaced(claimed), bool(pinned)


def install_answer(unit: Unit, raw: bytes) -> CertificateFacts:
    """Install an answer whose authority the caller has found believable (`authority_of`)."""
    authority_of(unit, raw)
    ca_file, cert_file, key_file = _files(unit)
    answer = open_answer(raw, unit_id=unit.config.unit_id, tls_public=tls_key(key_file).public_key())
    certificate = x509.load_der_x509_certificate(answer.certificate)
    for document in answer.trusted:
        trust.add(unit.trust_dir, document)
    if unit.config.sync is None and answer.host:
        file = unit.root / "unit.toml"
        put(file, file.read_bytes() + _SYNC.format(host=answer.host, port=answer.port).encode())
    put(ca_file, x509.load_der_x509_certificate(answer.authority).public_bytes(Encoding.PEM))
    LinkFiles(ca_file, cert_file, key_file).drop_next()
    put(cert_file, certificate.public_bytes(Encoding.PEM))
    return facts_of(certificate)


def enrol(unit: Unit, url: str, token: str) -> CertificateFacts:
    """Request, answer and installation over the bench's network. The token stands for comparing fingerprints."""
    request = make_request(unit)
    question = Enrolment(document=request, proof=proof_of_request(token, request))
    reply = _enrolment(ask(url, msgspec.json.encode(question)))
    check_proof(proof_of_answer(token, request, reply.document), reply.proof)
    return install_answer(unit, reply.document)


class Desk:
    """A technician's authority, unlocked or not, with the machine's clock."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self._one_at_a_time = threading.Lock()

    @property
    def fingerprint(self) -> str:
        return spaced(certificate_sha256(self.authority.certificate))

    def trusted(self, named: Sequence[Path]) -> tuple[PublicKeyDocument, ...]:
        """The documents that units are to believe: those named, and those in the authority's folder `trust`."""
        found = [trust.read_document(path) for path in named]
        return tuple(trust.merged([*trust.read_folder(self.authority.folder / "trust"), *found]))

    def sign(self, issuer: Issuer, raw: bytes, terms: Terms) -> bytes:
        """The answer to a request whose fingerprints a person has compared."""
        request = open_request(raw)
        moment = now()
        certificate = self.authority.issue(issuer, request, now=moment, days=terms.days)
        answer = answer_of(
            request.unit_id,
            certificate,
            issuer,
            issued_utc=moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
            trusted=terms.trusted,
            host=terms.host,
            port=terms.port,
        )
        return sign_answer(answer, issuer)

    def enrolled(self, issuer: Issuer, raw: bytes, token: str, terms: Terms) -> bytes:
        """The reply to a request whose sender knows `token`, which is used up before anything is signed."""
        request = open_request(raw)
        with self._one_at_a_time:
            self.authority = Authority(self.authority.folder)  # a token may have been made since
            self.authority.ledger.check_free(request.unit_id, request.record_key.keyid)
            self.authority.use_token(token, request, hashlib.sha256(raw).hexdigest(), now=now())
            answer = self.sign(issuer, raw, terms)
        return msgspec.json.encode(Enrolment(document=answer, proof=proof_of_answer(token, raw, answer)))


def keep_as_credentials(unit: Unit, store: Path = STORE) -> list[Path]:
    """Seal record key and data key as systemd credentials of this machine, then erase their files.

    From then on only the visit service opens them. Nothing is erased unless both were sealed and open again.
    """
    keys = {RECORD_CREDENTIAL: unit.key_dir / f"{RECORD_KEY}.key", DATA_CREDENTIAL: unit.key_dir / "data.key"}
    _ = unit.record_key, unit.at_rest  # whole, and the unit's own, before they are sealed
    made = [seal_credential(name, file, store) for name, file in keys.items() if file.exists()]
    erase(file for file in keys.values() if file.exists())
    return made


def new_desk(folder: Path, *, name: str, passphrase: str) -> Desk:
    make_authority(folder, name=name, passphrase=passphrase, now=now())
    return Desk(folder)


def make_machine(
    desk: Desk, issuer: Issuer, name: str, server_names: Sequence[str], days: int, out: Path
) -> list[Path]:
    """NAME.crt and NAME.key for a machine of the server room, and ca.crt, in `out`. Raises ConfigError."""
    if not UNIT_ID.fullmatch(name):
        raise InputError(f"a machine's name is 2 to 63 of a-z, 0-9 and '-', got {name!r}")
    private = out / f"{name}.key"
    if private.exists():
        raise InputError(
            f"there is already a key {private}", remedy="Keys are never overwritten; take another folder."
        )
    certificate, key = desk.authority.issue_machine(issuer, name, server_names=server_names, now=now(), days=days)
    put(out / f"{name}.crt", certificate)
    put(out / "ca.crt", desk.authority.certificate.public_bytes(Encoding.PEM))
    write_new(private, key, 0o600)
    return [out / f"{name}.crt", private, out / "ca.crt"]


def renew_all(desk: Desk, issuer: Issuer, requests: Path, days: int, out: Path) -> tuple[int, list[str]]:
    """Answer the requests for renewal in a file, one a line, into `out`; gives how many, and why which not."""
    answers: list[bytes] = []
    left: list[str] = []
    with requests.open("rb") as file:
        for number, raw in enumerate(whole_lines(file.readline), 1):
            try:
                answers.append(desk.authority.renew(issuer, raw, now=now(), days=days))
            except DoorstepError as e:
                left.append(f"line {number}: {e.message}")
    put(out, b"".join(answer + b"\n" for answer in answers))
    return len(answers), left


def open_bench(
    desk: Desk, issuer: Issuer, terms: Terms, tokens: Sequence[str], address: tuple[str, int], tell: Tell
) -> ThreadingHTTPServer:
    """A server that answers whoever proves to know one of `tokens`; the caller runs and closes it."""

    def answer(question: bytes) -> bytes:
        asked = _enrolment(question)
        for token in tokens:
            with suppress(DoesNotVerify):
                check_proof(proof_of_request(token, asked.document), asked.proof)
                reply = desk.enrolled(issuer, asked.document, token, terms)
                tell(f"{prints_of_request(asked.document).unit_id} has its certificate")
                return reply
        raise InputError("no token fits this question")

    return bench(*address, answer, tell)


def public_key_of(raw: bytes) -> bytes:
    """The record key of a request as a public key document, as central registers it."""
    return encode_public(open_request(raw).record_key)


def now() -> datetime:
    return datetime.fromisoformat(SystemClock().now_utc()).astimezone(UTC)


def _files(unit: Unit) -> tuple[Path, Path, Path]:
    return tls_files(unit.config.sync or SyncConfig(host=""), unit.root)


def _pinned(unit: Unit) -> str:
    path = _files(unit)[0]
    with suppress(FileNotFoundError):
        return certificate_sha256(parse_certificate(path.read_bytes(), str(path)))
    return ""


def _enrolment(raw: bytes) -> Enrolment:
    return read_json(raw, Enrolment, format_=_ENROLMENT, what="the enrolment")


def parse_broker(text: str) -> tuple[str, int]:
    """HOST or HOST:PORT. Raises InputError."""
    host, _, port = text.partition(":")
    if not host or not all(c.isalnum() or c in ".-" for c in host) or (port and not port.isdecimal()):
        raise InputError(f"{text!r} is no HOST:PORT of a broker")
    return host, int(port or 8883)


def read_passphrase(file: Path) -> str:
    """The first line of a file. Raises ConfigError."""
    try:
        return file.read_text("utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as e:
        raise ConfigError(f"no passphrase can be read from {file}") from e
