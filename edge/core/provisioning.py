"""What a unit asks of a technician's authority, and what it is answered.

The request is signed by the unit's record key, which it names, and holds a certificate request that proves the TLS
key: whoever has neither key cannot ask in the unit's name. The answer is signed by the authority's own key; the first
one a unit installs is believed because two people compare fingerprints, or because both sides know a one-time token,
and every later one must be by the same authority. Neither holds a secret. A token never travels: a proof does.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from securesystemslib.signer import CryptoSigner, Signer, SSlibKey

from edge.core.certificates import Issuer, common_name, requested_key
from edge.core.config import UNIT_ID
from edge.core.document import read_json
from edge.core.envelope import open_envelope, parse, seal
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of

REQUEST_TYPE = "application/vnd.doorstep.provision-request.v1+json"
ANSWER_TYPE = "application/vnd.doorstep.provision-answer.v1+json"
REQUEST_FORMAT = "doorstep.provision-request/1"
ANSWER_FORMAT = "doorstep.provision-answer/1"
OWN_ROLES = frozenset({KeyRole.RECORD, KeyRole.CONFIRMATION, KeyRole.WORKER})
"""Whose keys only the unit itself names: no authority can add a second one."""


class ProvisionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """csr: DER. The record key is the one central registers."""

    unit_id: str
    record_key: PublicKeyDocument
    csr: bytes
    made_utc: str
    format: str = REQUEST_FORMAT

    @property
    def tls_public(self) -> ec.EllipticCurvePublicKey:
        """The key to be certified. Raises InputError."""
        return requested_key(self.csr, self.unit_id)


class ProvisionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """certificate, authority: DER. trusted: public keys the unit is to believe. host: of the broker, or empty."""

    unit_id: str
    certificate: bytes
    authority: bytes
    issued_utc: str
    trusted: tuple[PublicKeyDocument, ...] = ()
    host: str = ""
    port: int = 8883
    format: str = ANSWER_FORMAT


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What goes over the bench's network: a request or an answer, and the proof that the sender knows the token."""

    document: bytes
    proof: str
    format: str = "doorstep.enrolment/1"


def sign_request(request: ProvisionRequest, signer: Signer) -> bytes:
    return seal(msgspec.json.encode(request, order="deterministic"), REQUEST_TYPE, [signer])


def open_request(raw: bytes) -> ProvisionRequest:
    """A request that holds by the keys that it names itself; whose they are is for people to compare.

    Raises DoesNotVerify, CouldNotBeChecked, InputError.
    """
    claimed = _read_request(parse(raw).payload)
    if claimed.record_key.role is not KeyRole.RECORD or claimed.record_key.owner != claimed.unit_id:
        raise DoesNotVerify("the request names a key that is not this unit's record key", step="key")
    if not UNIT_ID.fullmatch(claimed.unit_id):
        raise DoesNotVerify(f"not a unit's id: {claimed.unit_id!r}", step="unit")
    own = keys_of([claimed.record_key], KeyRole.RECORD)
    request = _read_request(open_envelope(raw, keys=own, payload_types={REQUEST_TYPE}).payload)
    _ = request.tls_public
    return request


def sign_answer(answer: ProvisionAnswer, issuer: Issuer) -> bytes:
    return seal(msgspec.json.encode(answer, order="deterministic"), ANSWER_TYPE, [CryptoSigner(issuer.key)])


def open_answer(raw: bytes, *, unit_id: str, tls_public: ec.EllipticCurvePublicKey) -> ProvisionAnswer:
    """An answer to this unit, by the authority that it names itself: its certificate is of that authority and over
    the unit's own key. Whether that authority is believed is the caller's to say.

    Raises DoesNotVerify, CouldNotBeChecked.
    """
    claimed = _read_answer(parse(raw).payload)
    authority = _certificate(claimed.authority)
    public = authority.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise DoesNotVerify("the authority has no EC key", step="key")
    key = SSlibKey.from_crypto(public)
    answer = _read_answer(open_envelope(raw, keys={key.keyid: key}, payload_types={ANSWER_TYPE}).payload)
    certificate = _certificate(answer.certificate)
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature) as e:
        raise DoesNotVerify("the certificate is not by the authority that answers", step="issuer") from e
    if answer.unit_id != unit_id or common_name(certificate.subject) != unit_id:
        raise DoesNotVerify(f"made for unit {answer.unit_id!r}, not {unit_id!r}", step="unit")
    if certificate.public_key() != tls_public:
        raise DoesNotVerify("the certificate is over another key than this unit's", step="key")
    if any(document.role in OWN_ROLES for document in answer.trusted):
        raise DoesNotVerify("the answer would have the unit believe another's word for its own", step="trusted")
    return answer


def answer_of(
    unit_id: str, certificate: x509.Certificate, issuer: Issuer, *, issued_utc: str,
    trusted: tuple[PublicKeyDocument, ...] = (), host: str = "", port: int = 8883,
) -> ProvisionAnswer:  # fmt: skip
    return ProvisionAnswer(
        unit_id=unit_id,
        certificate=certificate.public_bytes(Encoding.DER),
        authority=issuer.certificate.public_bytes(Encoding.DER),
        issued_utc=issued_utc,
        trusted=trusted,
        host=host,
        port=port,
    )


def proof_of_request(token: str, request: bytes) -> str:
    return _proof(token, b"request\n" + request)


def proof_of_answer(token: str, request: bytes, answer: bytes) -> str:
    """Bound to the request, so that no answer to another can be put in its place."""
    return _proof(token, b"answer\n" + hashlib.sha256(request).digest() + answer)


def check_proof(expected: str, given: str) -> None:
    """Raises DoesNotVerify (step `token`)."""
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise DoesNotVerify("the other side does not know this token", step="token")


def normal_token(text: str) -> str:
    """A token as it was made, from how it was typed: upper case, without spaces and hyphens. Raises InputError."""
    token = "".join(text.split()).replace("-", "").upper()
    if len(token) != 20 or not token.isalnum():
        raise InputError("a token has 20 letters and digits", remedy="Type it as `provision ca token` printed it.")
    return token


def _proof(token: str, message: bytes) -> str:
    return hmac.new(token.encode(), b"doorstep enrolment\n" + message, hashlib.sha256).hexdigest()


def _read_request(payload: bytes) -> ProvisionRequest:
    return read_json(payload, ProvisionRequest, format_=REQUEST_FORMAT, what="the request")


def _read_answer(payload: bytes) -> ProvisionAnswer:
    return read_json(payload, ProvisionAnswer, format_=ANSWER_FORMAT, what="the answer")


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as e:
        raise CouldNotBeChecked("the answer holds no certificate that can be read", step="format") from e
