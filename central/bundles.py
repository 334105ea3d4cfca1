"""Model bundles and releases for the units: offered by a message, given in the chunks that a unit asks for.

Each is checked here against its publisher's key before it is offered; the unit checks it again, and tries it before
it uses it. Of what a unit asks, AT_ONCE_BYTES are sent: the next are asked for when these are there.
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
from edge.core.bundle_fetch import (
    AT_ONCE_BYTES,
    CHUNK_BYTES,
    RELEASE_CHUNK_BYTES,
    BundleOffer,
    BundleStanding,
    BundleState,
    ReleaseOffer,
    chunk_bytes,
    offer_fault,
)
from edge.core.chunks import digests, encode_chunk, split
from edge.core.confirmation import Confirmation
from edge.core.downward import MessageKind
from edge.core.envelope import digest
from edge.core.errors import DoesNotVerify, InputError
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of
from edge.core.release import open_offer

LASTING = frozenset({rows.OFFERED, BundleState.FETCHING.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyBundle:
    """A bundle or a release as it can be offered."""

    offer: BundleOffer | ReleaseOffer
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
    return _ready(offer, content)


def read_release(package: bytes, name: str, envelope: bytes, publisher: PublicKeyDocument) -> ReadyBundle:
    """Check a package against what its publisher signed. Raises DoesNotVerify, CouldNotBeChecked, InputError."""
    signed = open_offer(envelope, [publisher])
    file_sha256 = hashlib.sha256(package).hexdigest()
    if (signed.package, signed.size_bytes, signed.sha256) != (name, len(package), file_sha256):
        raise DoesNotVerify(f"{name} is not the package that was signed", step="files")
    offer = ReleaseOffer(
        name=name,
        manifest_sha256=digest(envelope),
        file_sha256=file_sha256,
        size_bytes=len(package),
        chunks=digests(package, RELEASE_CHUNK_BYTES),
        envelope=envelope,
    )
    return _ready(offer, package)


def _ready(offer: BundleOffer | ReleaseOffer, content: bytes) -> ReadyBundle:
    fault = offer_fault(offer)
    if fault:
        raise InputError(f"{offer.name} cannot be offered: {fault}")
    return ReadyBundle(offer=offer, content=content)


def offer_bundle(
    transaction: Transaction, downlink: Downlink, ready: ReadyBundle, unit_ids: Iterable[str], *, at_utc: str
) -> list[str]:
    """Offer it to these units; gives those whose keys are not known yet, to which nothing can be sent."""
    offer, waiting = ready.offer, []
    table, kind = (
        (rows.RELEASES, MessageKind.RELEASE)
        if isinstance(offer, ReleaseOffer)
        else (rows.BUNDLES, MessageKind.BUNDLE)
    )
    row = {"name": offer.name, "manifest_sha256": offer.manifest_sha256, "size_bytes": offer.size_bytes}
    pieces = split(ready.content, chunk_bytes(offer))
    rows.add(transaction.connection, {**row, "file_sha256": offer.file_sha256, "added_utc": at_utc}, pieces)
    for unit_id in unit_ids:
        try:
            downlink.issue(transaction, unit_id, kind, offer, at_utc=at_utc)
        except InputError:
            waiting.append(unit_id)
            continue
        rows.offered(
            transaction.connection, table, unit_id, offer.file_sha256, count=len(offer.chunks), at_utc=at_utc
        )
    return waiting


def hear(transaction: Transaction, unit_id: str, said: Confirmation, *, at_utc: str) -> list[bytes]:
    """Note what a unit says of its bundle and its release; gives the chunks to send."""
    chunks: list[bytes] = []
    for kind, standing in ((rows.BUNDLES, said.bundle), (rows.RELEASES, said.release)):
        if standing is not None:
            chunks += _hear(transaction, kind, unit_id, standing, at_utc)
    return chunks


def _hear(transaction: Transaction, kind: rows.Kind, unit_id: str, said: BundleStanding, at_utc: str) -> list[bytes]:
    missing = _within(said.missing, rows.chunk_count(transaction.connection, said.file_sha256))
    values = {
        "state": said.state.value,
        "reason": storable(said.reason),
        "missing": msgspec.json.encode(missing).decode(),
    }
    if not rows.told(transaction.connection, kind, unit_id, said.file_sha256, at_utc=at_utc, **values):
        return []
    if said.state is not BundleState.FETCHING:
        return []
    most = AT_ONCE_BYTES // (CHUNK_BYTES if kind is rows.BUNDLES else RELEASE_CHUNK_BYTES)
    wanted = [n for first, last in missing[:most] for n in range(first, min(last, first + most - 1) + 1)]
    return _chunks(transaction, said.file_sha256, wanted[:most])


def to_carry(transaction: Transaction, unit_id: str) -> list[bytes]:
    """All chunks that a unit lacks of the bundle it was offered last, for a stick (docs/protocol.md)."""
    for standing in rows.standings(transaction.connection, rows.BUNDLES, unit_id):
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
