"""The policies that units judge by: sent down whole, and asked here where central must reckon as a unit does.

A unit goes by the newest policy that it was sent and can read. One that was sent none has its own, whose rule for the
next due date is taken to be the usual one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from central.downward import Downlink
from central.rows.messages import not_refused
from central.store import Transaction
from edge.core.downward import Downward, MessageKind
from edge.core.downward_content import PolicyFile
from edge.core.envelope import parse
from edge.core.errors import ConfigError, InputError
from edge.core.policy import decode_policy
from edge.core.renewal import Renewal


def read_policy(raw: bytes) -> PolicyFile:
    """A policy file as it can be sent. Raises ConfigError naming the field that is wrong."""
    return PolicyFile(policy_id=decode_policy(raw).policy_id, toml=raw)


def send_policy(
    transaction: Transaction, downlink: Downlink, policy: PolicyFile, unit_ids: Iterable[str], *, at_utc: str
) -> list[str]:
    """Queue it for these units; gives those whose keys are not known yet, to which nothing can be sent."""
    waiting = []
    for unit_id in unit_ids:
        try:
            downlink.issue(transaction, unit_id, MessageKind.POLICY, policy, at_utc=at_utc)
        except InputError:
            waiting.append(unit_id)
    return waiting


def renewal_of(transaction: Transaction, unit_id: str) -> Renewal:
    """The rule for the next due date in the policy that a unit goes by."""
    for raw in not_refused(transaction.connection, unit_id, MessageKind.POLICY.value):
        sent = msgspec.json.decode(parse(raw).payload, type=Downward)
        try:
            return decode_policy(msgspec.json.decode(sent.content, type=PolicyFile).toml).renewal
        except ConfigError:
            continue  # of another version; the unit falls back in the same way
    return Renewal()
