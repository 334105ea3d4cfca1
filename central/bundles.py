"""Model bundles for the units: offered by a message, given in the chunks that a unit asks for.

A bundle is checked here against its publisher's key before it is offered; the unit checks it again, and runs its nets
once before it uses them. Of what a unit asks, AT_ONCE chunks are sent: the next are asked for when these are there.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from central.downward import Downlink, storable
from central.rows import bundles as rows
from central.store import Transaction
from edge.core.bundle import open_exported
from edge.core.bundle_fetch import CHUNK_BYTES, BundleOffer, BundleStanding, BundleState, offer_fault
from edge.core.chunks import digests, encode_chunk, split
from edge.core.downward import MessageKind
from edge.core.errors import InputError
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of

AT_ONCE = 8
LASTING = frozenset({rows.OFFERED, BundleState.FETCHING.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyBundle:
    """A bundle as it can be offered."""

    offer: BundleOffer
    content: bytes


def read_bundle(content: bytes, name: str, publisher: PublicKeyDocument) -> ReadyBundle:
    """Check an exported bundle's file. Raises DoesNotVerify, CouldNotBeChecked, InputError (too large)."""
    bundle = open_exported(io.BytesIO(content), name, keys_of([publisher], KeyRole.BUNDLE))
    offer = BundleOffer(
        name=bundle.manifest.name,
        manifest_sha256=bundle.sha256,
        file_sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        chunks=digests(content, CHUNK_BYTES),
    )
    fault = offer_fault(offer)
    if fault:
        raise InputError(f"{name} cannot be offered: {fault}")
    return ReadyBundle(offer=offer, content=content)


def offer_bundle(
    transaction: Transaction, downlink: Downlink, ready: ReadyBundle, unit_ids: Iterable[str], *, at_utc: str
) -> list[str]:
    """Offer it to these units; gives those whose keys are not known yet, to which nothing can be sent."""
    offer, waiting = ready.offer, []
    row = {"name": offer.name, "manifest_sha256": offer.manifest_sha256, "size_bytes": offer.size_bytes}
    pieces = split(ready.content, CHUNK_BYTES)
    rows.add(transaction.connection, {**row, "file_sha256": offer.file_sha256, "added_utc": at_utc}, pieces)
    for unit_id in unit_ids:
        try:
            downlink.issue(transaction, unit_id, MessageKind.BUNDLE, offer, at_utc=at_utc)
        except InputError:
            waiting.append(unit_id)
            continue
        rows.offered(transaction.connection, unit_id, offer.file_sha256, count=len(offer.chunks), at_utc=at_utc)
    return waiting


def hear(transaction: Transaction, unit_id: str, said: BundleStanding, *, at_utc: str) -> list[bytes]:
    """Note what a unit says of its bundle; gives the chunks to send."""
    missing = _within(said.missing, rows.chunk_count(transaction.connection, said.file_sha256))
    values = {
        "state": said.state.value,
        "reason": storable(said.reason),
        "missing": msgspec.json.encode(missing).decode(),
    }
    if not rows.told(transaction.connection, unit_id, said.file_sha256, at_utc=at_utc, **values):
        return []
    if said.state is not BundleState.FETCHING:
        return []
    wanted = [n for first, last in missing[:AT_ONCE] for n in range(first, min(last, first + AT_ONCE - 1) + 1)]
    return _chunks(transaction, said.file_sha256, wanted[:AT_ONCE])


def to_carry(transaction: Transaction, unit_id: str) -> list[bytes]:
    """All chunks that a unit lacks of what it was offered last, for a stick."""
    for standing in rows.standings(transaction.connection, unit_id):
        if standing["state"] in LASTING:
            wanted = [n for first, last in standing["missing"] for n in range(first, last + 1)]
            return _chunks(transaction, standing["file_sha256"], wanted)
    return []


def _within(said: Iterable[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """Stretches as a unit says them, kept to chunks that there are, each once."""
    kept: list[tuple[int, int]] = []
    after = 0
    for first, last in said:
        first, last = max(first, after), min(last, count - 1)
        if first <= last:
            kept.append((first, last))
            after = last + 1
    return kept


def _chunks(transaction: Transaction, file_sha256: str, numbers: list[int]) -> list[bytes]:
    found = rows.chunks(transaction.connection, file_sha256, numbers)
    return [encode_chunk(file_sha256, number, data) for number, data in found]
