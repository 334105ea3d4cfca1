"""Protocol v1 on the wire: topics, bounds, and the status message (docs/protocol.md).

A unit's id stands in the topic, and the broker's ACL binds that part of the topic to the certificate; so the
topic, not the message, says who speaks. Status carries no personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from edge.core.config import UNIT_ID
from edge.core.document import read_json
from edge.core.errors import DoesNotVerify
from edge.core.record import ClockSource

FORMAT = "doorstep.status/1"
ROOT = "doorstep/v1/units"
VERSION = "1"
"""Also a user property, `protocol`, of what a unit connects with and says of itself; beside it, `software`."""
STATUS_FILTER = f"{ROOT}/+/status"

RECEIVE_MAXIMUM = 100
# A receipt for a full window is far smaller than an envelope may be; the margin is for topic and properties.
MAX_PACKET_BYTES = 257 * 1024
MOST_IN_BATCH = 100
BATCH_BYTES = 32 * 1024
"""What goes in one packet of records, as long as it is more than one: at 64 kbit/s it takes four seconds."""


class Channel(StrEnum):
    """What a unit writes, by the last part of its topic. Ingest processes share the subscriptions but that to STATUS:
    of a shared one the broker gives nothing that it has kept."""

    RECORDS = "records"
    CONFIRMATIONS = "confirmations"
    EVIDENCE = "evidence"
    STATUS = "status"


class LinkState(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"


class UnitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Birth (online) and last will (offline), retained. The offline form leaves the rest at zero.

    free_mb and clock_*: null where the unit cannot say. Nothing personal stands here.
    """

    unit_id: str
    state: LinkState
    software: str = ""
    head_sequence: int = 0
    head_sha256: str = ""
    outbox_open: int = 0
    outbox_quarantined: int = 0
    evidence_open: int = 0
    applied_sequence: int = 0
    list_version: int = 0
    free_mb: int | None = None
    clock_source: ClockSource | None = None
    clock_uncertainty_s: float | None = None
    format: str = FORMAT


def ingest_filter(share: str, channel: Channel = Channel.RECORDS) -> str:
    """The subscription that ingest processes share. `share` is known to them only: whoever joins it takes part."""
    if channel is Channel.STATUS:
        return STATUS_FILTER
    return f"$share/{share}/{ROOT}/+/{channel.value}"


def upward_topic(unit_id: str, channel: Channel) -> str:
    return f"{ROOT}/{unit_id}/{channel.value}"


def records_topic(unit_id: str) -> str:
    return upward_topic(unit_id, Channel.RECORDS)


def messages_topic(unit_id: str) -> str:
    """Where central's messages to a unit go, other than receipts."""
    return f"{ROOT}/{unit_id}/messages"


def receipts_topic(unit_id: str) -> str:
    return f"{ROOT}/{unit_id}/receipts"


def status_topic(unit_id: str) -> str:
    return upward_topic(unit_id, Channel.STATUS)


def unit_of_topic(topic: str) -> str:
    """The unit that speaks on `topic`. Raises DoesNotVerify (step `topic`) when it names none."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:3]) != ROOT or not UNIT_ID.fullmatch(parts[3]):
        raise DoesNotVerify(f"no unit's topic: {topic[:120]!r}", step="topic")
    return parts[3]


def channel_of_topic(topic: str) -> Channel:
    """What kind of thing comes on a unit's topic. Raises DoesNotVerify (step `topic`)."""
    try:
        return Channel(topic.rsplit("/", 1)[-1])
    except ValueError as e:
        raise DoesNotVerify(f"nothing is taken from {topic[:120]!r}", step="topic") from e


def in_batches(envelopes: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Records in their order, in stretches that each go as one packet."""
    batch: list[bytes] = []
    size = 0
    for envelope in envelopes:
        if batch and (size + len(envelope) > BATCH_BYTES or len(batch) == MOST_IN_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(envelope)
        size += len(envelope) + 1
    if batch:
        yield batch


def join_records(envelopes: Iterable[bytes]) -> bytes:
    """One packet's content: an envelope holds no line feed."""
    return b"\n".join(envelopes)


def split_records(content: bytes) -> list[bytes]:
    """The envelopes of a packet; more than there may be are one thing, which is no envelope."""
    if content.count(b"\n") >= MOST_IN_BATCH:
        return [content]
    return content.split(b"\n")


def encode_status(status: UnitStatus) -> bytes:
    return msgspec.json.encode(status, order="deterministic")


def decode_status(payload: bytes) -> UnitStatus:
    """Read a status message. Raises CouldNotBeChecked (unknown format), DoesNotVerify (broken)."""
    return read_json(payload, UnitStatus, format_=FORMAT, what="the status")
