"""What a message to the unit changes there: decided here, written by the store in one transaction.

A message that cannot be applied is refused with a reason and settled; it never blocks those after it. A unit that
is retired or wiped stays so. Records and what is in the outbox are touched by no message.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import msgspec

from edge.core.bundle_fetch import BundleOffer, FileOffer, ReleaseOffer, offer_fault
from edge.core.certificate_renewal import CertificateAnswer
from edge.core.downward_content import (
    Command,
    CommandName,
    Content,
    Decision,
    ListedPerson,
    PolicyFile,
    VisitListChange,
)

POLICY_FORMAT = "doorstep.policy/1"
Offered = TypeVar("Offered", bound=FileOffer)


class Standing(StrEnum):
    """Whether the unit may begin visits."""

    ACTIVE = "active"
    REVOKED = "revoked"
    RETIRED = "retired"
    WIPED = "wiped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownwardState:
    """Where the unit stands: all messages up to `applied_sequence` are settled."""

    applied_sequence: int = 0
    list_version: int = 0
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What is to be written; None: as it was. clear_list comes before put and removed."""

    clear_list: bool = False
    list_version: int | None = None
    put: tuple[ListedPerson, ...] = ()
    removed: tuple[str, ...] = ()
    task: Decision | None = None
    policy: PolicyFile | None = None
    command: Command | None = None
    standing: Standing | None = None
    purge_evidence_of: str | None = None
    unlock_worker: str | None = None
    bundle: BundleOffer | None = None


class MessageRefused(Exception):
    """Ends the decision; its reason goes into the confirmation."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def decide(content: Content, state: DownwardState) -> Effects:
    """What `content` changes in `state`. Raises MessageRefused."""
    if isinstance(content, VisitListChange):
        return _list_change(content, state)
    if isinstance(content, Command):
        return _command(content, state)
    if isinstance(content, PolicyFile):
        return _policy(content)
    if isinstance(content, BundleOffer):
        return Effects(bundle=_offered(content, state))
    if isinstance(content, ReleaseOffer):
        _offered(content, state)
        return Effects()  # it is fetched into a folder, not into the store (edge/services/releases.py)
    if isinstance(content, CertificateAnswer):
        if state.standing is not Standing.ACTIVE:
            raise MessageRefused("standing", f"this unit is {state.standing}; its certificate is not renewed")
        return Effects()  # what is in it lies beside the key, not in the store (edge/services/renewal.py)
    return Effects(task=content)


def _list_change(change: VisitListChange, state: DownwardState) -> Effects:
    if state.standing is not Standing.ACTIVE:
        raise MessageRefused("standing", f"this unit is {state.standing}; it keeps no visit list")
    if change.base_version not in (0, state.list_version):
        detail = f"changes version {change.base_version}, this unit holds {state.list_version}"
        raise MessageRefused("list_version", detail)
    if change.version <= state.list_version:
        raise MessageRefused("list_version", f"version {change.version} is not newer than {state.list_version}")
    if any(not person.person_id for person in change.put):
        raise MessageRefused("bad_content", "a person has no person_id")
    return Effects(
        clear_list=change.base_version == 0, list_version=change.version, put=change.put, removed=change.removed
    )


def _command(command: Command, state: DownwardState) -> Effects:
    name = command.name
    if name is CommandName.UNLOCK_WORKER and not command.subject:
        raise MessageRefused("bad_content", "which worker is to be unlocked is not said")
    if name is CommandName.UNLOCK_WORKER:
        return Effects(command=command, unlock_worker=command.subject)
    if name is CommandName.WITHDRAWN:
        return Effects(command=command)
    if name is CommandName.PURGE:
        return _purge(command)
    if name is CommandName.WIPE:
        return Effects(command=command, standing=Standing.WIPED, clear_list=True)
    if state.standing in (Standing.RETIRED, Standing.WIPED):
        raise MessageRefused("standing", f"this unit is {state.standing}, for good")
    if name is CommandName.REINSTATE:
        return Effects(command=command, standing=Standing.ACTIVE)
    standing = Standing.RETIRED if name is CommandName.RETIRE else Standing.REVOKED
    return Effects(command=command, standing=standing, clear_list=True)


def _purge(command: Command) -> Effects:
    if not command.subject:
        raise MessageRefused("bad_content", "what is to be purged is not said")
    if command.subject == "all":
        return Effects(command=command, clear_list=True, purge_evidence_of="all")
    return Effects(command=command, removed=(command.subject,), purge_evidence_of=command.subject)


def _offered(offer: Offered, state: DownwardState) -> Offered:
    if state.standing is not Standing.ACTIVE:
        raise MessageRefused("standing", f"this unit is {state.standing}; it fetches nothing")
    fault = offer_fault(offer)
    if fault:
        raise MessageRefused("bad_content", fault)
    return offer


def _policy(file: PolicyFile) -> Effects:
    """Only what can be told without the nets' libraries; the visit side decodes it before it uses it."""
    try:
        document = msgspec.toml.decode(file.toml)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise MessageRefused("bad_content", f"the policy is no TOML: {str(e)[:200]}") from e
    found = (document.get("format"), document.get("policy_id"))
    if found != (POLICY_FORMAT, file.policy_id):
        raise MessageRefused("unknown_format", f"the policy file says {found!r}")
    return Effects(policy=file)
