"""The hash chain of a unit's records: each names its place and the digest of the one before.

What can be wrong with a chain is named after what was done to it:
gap (records cut out), tail_cut (the end cut off), fork (two histories signed), replay (a record put in again),
swap (two records exchanged), moved (records out of order), other_unit, head_moved (the head alone was altered).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.record import GENESIS_SHA256


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The newest link: `sequence` 0 and GENESIS_SHA256 before the first record."""

    sequence: int = 0
    sha256: str = GENESIS_SHA256


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as the store holds it; `sha256` is the digest of `envelope`, as computed when it was stored."""

    sequence: int
    record_id: str
    payload_type: str
    sha256: str
    envelope: bytes
    stored_utc: str


class ChainFault(StrEnum):
    """What was done to a chain; values are stable, programs may read them."""

    GAP = "gap"
    TAIL_CUT = "tail_cut"
    FORK = "fork"
    REPLAY = "replay"
    SWAP = "swap"
    MOVED = "moved"
    OTHER_UNIT = "other_unit"
    HEAD_MOVED = "head_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A record's part in the chain, as its own bytes say it.

    sha256: digest of the envelope at hand. sequence: None when the record cannot be read at all.
    sound: the record by itself was found good; what an unsound one claims accuses nobody else.
    accused: it was found bad, and not merely unchecked; then a link to it cannot be compared.
    """

    sequence: int | None
    previous_sha256: str
    sha256: str
    sound: bool = True
    accused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a chain. `index` is the link's position in what was examined, None for the whole.

    fault None: the place could not be compared, because the record before is itself at fault.
    """

    fault: ChainFault | None
    detail: str
    index: int | None = None
    sequence: int | None = None


def check_link(head: ChainHead, link: Link, held_sha256: str | None = None) -> Finding | None:
    """Whether `link` follows `head`: for a receiver that takes records one by one.

    `held_sha256` is the digest already held under the link's sequence, if any. None means: it follows.
    """
    sequence = link.sequence or 0
    if link.sha256 in (held_sha256, head.sha256):
        return _finding(ChainFault.REPLAY, f"record {sequence} is held already", sequence)
    if sequence <= head.sequence:
        held = f"held: {_short(held_sha256)}, " if held_sha256 else ""
        return _finding(ChainFault.FORK, f"another record {sequence} ({held}got {_short(link.sha256)})", sequence)
    if sequence > head.sequence + 1:
        return _finding(ChainFault.GAP, f"{_span(head.sequence + 1, sequence - 1)} missing before it", sequence)
    if link.previous_sha256 != head.sha256:
        return _finding(ChainFault.FORK, _other_predecessor(sequence, link, head.sha256), sequence)
    return None


def examine(links: Sequence[Link], *, first_sequence: int = 1) -> list[Finding]:
    """All that is wrong with `links`, given in the order in which they are stored; empty when whole.

    `first_sequence` is where the stretch is said to begin; from 1 on it must begin at the genesis digest.
    """
    placed = _with_places(links, first_sequence)
    kept, findings = _without_repeats(placed)
    findings += _order(placed, kept)
    findings += _gaps(placed, kept, first_sequence)
    findings += _joints(placed, kept)
    return findings


def last_of(links: Sequence[Link], *, first_sequence: int = 1) -> ChainHead:
    """The head that `links` lead to; the empty chain's head when there are none."""
    if not links:
        return ChainHead()
    last = max(_with_places(links, first_sequence), key=lambda link: link.sequence or 0)
    return ChainHead(sequence=last.sequence or 0, sha256=last.sha256)


def check_head(last: ChainHead, head: ChainHead) -> Finding | None:
    """Whether the stored `head` names the `last` record that is there."""
    if last.sequence < head.sequence:
        cut = _span(last.sequence + 1, head.sequence)
        return _finding(ChainFault.TAIL_CUT, f"{cut} cut off at the end: the head names {head.sequence}")
    if last.sequence > head.sequence:
        return _finding(
            ChainFault.HEAD_MOVED, f"the head names record {head.sequence}, but the last one is {last.sequence}"
        )
    if last.sha256 != head.sha256:
        detail = f"the head names another record {head.sequence}: {_short(head.sha256)}, here {_short(last.sha256)}"
        return _finding(ChainFault.HEAD_MOVED, detail)
    return None


def _with_places(links: Sequence[Link], first_sequence: int) -> list[Link]:
    """A record that cannot be read is taken to be the one its position asks for, so that no gap is alleged."""
    placed: list[Link] = []
    for link in links:
        before = placed[-1].sequence or 0 if placed else first_sequence - 1
        placed.append(link if link.sequence is not None else replace(link, sequence=before + 1))
    return placed


def _without_repeats(links: Sequence[Link]) -> tuple[list[int], list[Finding]]:
    kept: list[int] = []
    findings: list[Finding] = []
    digests: dict[str, int] = {}
    sequences: dict[int, int] = {}
    for index, link in enumerate(links):
        sequence = link.sequence or 0
        earlier = sequences.get(sequence)
        if link.sha256 in digests:
            detail = f"record {sequence} was put in again: it already stands at position {digests[link.sha256] + 1}"
            findings.append(_finding(ChainFault.REPLAY, detail, sequence, index))
        elif earlier is not None:
            if link.sound and links[earlier].sound:
                detail = f"two records signed as {sequence}: {_short(links[earlier].sha256)}, {_short(link.sha256)}"
                findings.append(_finding(ChainFault.FORK, detail, sequence, index))
        else:
            kept.append(index)
            sequences[sequence] = index
        digests.setdefault(link.sha256, index)
    return kept, findings


def _order(links: Sequence[Link], kept: Sequence[int]) -> Iterator[Finding]:
    found = [links[i].sequence or 0 for i in kept]
    wanted = sorted(found)
    home = {sequence: place for place, sequence in enumerate(wanted)}
    for place, sequence in enumerate(found):
        if sequence == wanted[place]:
            continue
        other = found[home[sequence]]
        if other == wanted[place]:
            detail = f"records {min(sequence, other)} and {max(sequence, other)} stand in each other's place"
            yield _finding(ChainFault.SWAP, detail, sequence, kept[place])
        else:
            detail = f"record {sequence} stands where {wanted[place]} belongs"
            yield _finding(ChainFault.MOVED, detail, sequence, kept[place])


def _gaps(links: Sequence[Link], kept: Sequence[int], first_sequence: int) -> Iterator[Finding]:
    expected = first_sequence
    for index in sorted(kept, key=lambda i: links[i].sequence or 0):
        sequence = links[index].sequence or 0
        if sequence > expected:
            detail = f"{_span(expected, sequence - 1)} cut out before record {sequence}"
            yield _finding(ChainFault.GAP, detail, sequence, index)
        elif sequence < expected:
            detail = f"record {sequence} stands in a stretch that begins at {first_sequence}"
            yield _finding(ChainFault.MOVED, detail, sequence, index)
        expected = max(expected, sequence + 1)


def _joints(links: Sequence[Link], kept: Sequence[int]) -> Iterator[Finding]:
    by_sequence: dict[int, list[Link]] = {0: [Link(sequence=0, previous_sha256="", sha256=GENESIS_SHA256)]}
    for link in links:
        by_sequence.setdefault(link.sequence or 0, []).append(link)
    for index in kept:
        link = links[index]
        sequence = link.sequence or 0
        before = by_sequence.get(sequence - 1, [])
        if not link.sound or not before or any(link.previous_sha256 == b.sha256 for b in before):
            continue
        if any(b.accused for b in before):
            detail = f"record {sequence - 1} before it is at fault, so the link to it cannot be compared"
            yield _finding(None, detail, sequence, index)
        else:
            detail = _other_predecessor(sequence, link, before[0].sha256)
            yield _finding(ChainFault.FORK, detail, sequence, index)


def _other_predecessor(sequence: int, link: Link, found_sha256: str) -> str:
    if sequence == 1:
        return f"the first record names a predecessor, {_short(link.previous_sha256)}"
    return (
        f"record {sequence} was signed upon another record {sequence - 1}: "
        f"{_short(link.previous_sha256)}, here {_short(found_sha256)}"
    )


def _finding(
    fault: ChainFault | None, detail: str, sequence: int | None = None, index: int | None = None
) -> Finding:
    return Finding(fault=fault, detail=detail, sequence=sequence, index=index)


def _span(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first} to {last}"


def _short(sha256: str | None) -> str:
    return f"{(sha256 or '')[:12]}…"
