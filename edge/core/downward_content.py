"""What messages to a unit say: visit lists, decisions, policies, commands, files to be fetched, certificates.

A visit list moves from version to version: `base_version` 0 replaces all (a snapshot), any other must be the
version the unit holds (a delta). A list too large for one message is a snapshot and deltas after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

import msgspec

from edge.core.bundle_fetch import BundleOffer, ReleaseOffer
from edge.core.certificate_renewal import CertificateAnswer
from edge.core.document import read_json
from edge.core.downward import MessageKind
from edge.core.visit import Scheme


class ListedReference(msgspec.Struct, frozen=True, kw_only=True):
    """One face of the file, as an embedding: little-endian float32, and the digest of the net that made it.

    sha256: of the photograph it was made from, which stays at central.
    """

    sha256: str
    embedding: bytes
    model_sha256: str


class ListedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One person to be visited. `facts`: codes such as `deceased_reported`, `certified_elsewhere`, `suspended`."""

    person_id: str
    name: str
    id_number: str
    scheme: Scheme
    employer: str = ""
    address_code: str = ""
    status: str = ""
    due_date: str = ""
    facts: tuple[str, ...] = ()
    references: tuple[ListedReference, ...] = ()


class VisitListChange(msgspec.Struct, frozen=True, kw_only=True):
    """From `base_version` (0: from nothing) to `version`: persons put in or replaced, and person_ids taken out."""

    version: int
    base_version: int
    put: tuple[ListedPerson, ...] = ()
    removed: tuple[str, ...] = ()
    format: str = "doorstep.visit-list/1"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the review desk decided of a record, and what is to be done; the unit shows it as a task.

    decision: `certified`, `not_certified`, or `visit_again`.
    """

    decision_id: str
    record_sha256: str
    record_id: str
    person_id: str
    decision: str
    reason: str
    decided_utc: str
    next_due_date: str = ""
    task: str = ""
    format: str = "doorstep.decision/1"


class PolicyFile(msgspec.Struct, frozen=True, kw_only=True):
    """A policy file (TOML, as edge/resources/policy.toml), whole."""

    policy_id: str
    toml: bytes
    format: str = "doorstep.policy-file/1"


class CommandName(StrEnum):
    UNLOCK_WORKER = "unlock_worker"  # subject: the field worker
    PURGE = "purge"  # subject: a person_id, or `all`; evidence and list entries go, records stay
    REVOKE = "revoke"  # no new visits, the list goes; what is in the outbox is still delivered
    REINSTATE = "reinstate"  # ends a revocation
    RETIRE = "retire"  # as revoke, for good
    WIPE = "wipe"  # as retire, and the unit erases its keys: for one that is lost
    WITHDRAWN = "withdrawn"  # stands in the place of a message that was never sent; subject: its kind


class Command(msgspec.Struct, frozen=True, kw_only=True):
    name: CommandName
    subject: str = ""
    reason: str = ""
    format: str = "doorstep.command/1"


Content: TypeAlias = (
    VisitListChange | Decision | PolicyFile | Command | BundleOffer | ReleaseOffer | CertificateAnswer
)
CONTENT: Mapping[MessageKind, type[Content]] = {
    MessageKind.VISIT_LIST: VisitListChange,
    MessageKind.DECISION: Decision,
    MessageKind.POLICY: PolicyFile,
    MessageKind.COMMAND: Command,
    MessageKind.BUNDLE: BundleOffer,
    MessageKind.RELEASE: ReleaseOffer,
    MessageKind.CERTIFICATE: CertificateAnswer,
}


def encode_content(content: Content) -> bytes:
    return msgspec.json.encode(content, order="deterministic")


def decode_content(raw: bytes, kind: MessageKind) -> Content:
    """Raises CouldNotBeChecked (unknown format), DoesNotVerify (broken)."""
    wanted = CONTENT[kind]
    format_ = str(next(f.default for f in msgspec.structs.fields(wanted) if f.name == "format"))
    content: Content = read_json(raw, wanted, format_=format_, what=f"the {kind.value}")
    return content


def kind_of_content(content: Content) -> MessageKind:
    return next(kind for kind, wanted in CONTENT.items() if isinstance(content, wanted))
