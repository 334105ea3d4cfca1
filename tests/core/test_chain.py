"""The chain, link by link: what was done to it must have a name."""

from __future__ import annotations

import pytest

from edge.core.chain import ChainFault, ChainHead, Link, check_head, check_link, examine, last_of
from edge.core.record import GENESIS_SHA256


def link(sequence: int, after: str = "", sha: str = "", *, sound: bool = True, accused: bool = False) -> Link:
    previous = after or (GENESIS_SHA256 if sequence == 1 else f"d{sequence - 1}")
    return Link(
        sequence=sequence, previous_sha256=previous, sha256=sha or f"d{sequence}", sound=sound, accused=accused
    )


def faults(links: list[Link], first_sequence: int = 1) -> list[tuple[ChainFault | None, int | None]]:
    return [(f.fault, f.index) for f in examine(links, first_sequence=first_sequence)]


def test_whole_chain_has_no_findings() -> None:
    assert faults([link(n) for n in range(1, 6)]) == []
    assert faults([]) == []
    assert faults([link(3), link(4)], first_sequence=3) == []


@pytest.mark.parametrize(
    ("what", "links", "expected"),
    [
        ("cut out", [link(1), link(3)], [(ChainFault.GAP, 1)]),
        ("beginning cut off", [link(2), link(3)], [(ChainFault.GAP, 0)]),
        ("swapped", [link(1), link(3), link(2), link(4)], [(ChainFault.SWAP, 1), (ChainFault.SWAP, 2)]),
        ("put in again", [link(1), link(2), link(1)], [(ChainFault.REPLAY, 2)]),
        ("two for one place", [link(1), link(2), link(2, sha="x")], [(ChainFault.FORK, 2)]),
        ("predecessor replaced", [link(1), link(2, sha="x"), link(3)], [(ChainFault.FORK, 2)]),
        ("first has a predecessor", [link(1, after="d0")], [(ChainFault.FORK, 0)]),
        (
            "turned round",
            [link(2), link(3), link(1)],
            [(ChainFault.MOVED, 0), (ChainFault.MOVED, 1), (ChainFault.MOVED, 2)],
        ),
        ("before the stretch", [link(1), link(2)], [(ChainFault.MOVED, 0)]),
    ],
)
def test_manipulated_chain_is_named(
    what: str, links: list[Link], expected: list[tuple[ChainFault, int]]
) -> None:
    assert faults(links, 2 if what == "before the stretch" else 1) == expected


def test_record_after_an_altered_one_is_not_accused() -> None:
    altered = link(2, sha="x", sound=False, accused=True)
    assert faults([link(1), altered, link(3)]) == [(None, 2)]


def test_record_after_an_unchecked_stranger_is_out_of_place() -> None:
    stranger = link(2, sha="x", sound=False)
    assert faults([link(1), stranger, link(3)]) == [(ChainFault.FORK, 2)]


def test_unreadable_record_is_no_gap() -> None:
    unreadable = Link(sequence=None, previous_sha256="", sha256="x", sound=False, accused=True)
    assert faults([link(1), unreadable, link(3)]) == [(None, 2)]
    assert last_of([link(1), unreadable]) == ChainHead(sequence=2, sha256="x")


@pytest.mark.parametrize(
    ("last", "head", "fault"),
    [
        ((3, "d3"), (3, "d3"), None),
        ((2, "d2"), (3, "d3"), ChainFault.TAIL_CUT),
        ((3, "d3"), (2, "d2"), ChainFault.HEAD_MOVED),
        ((3, "d3"), (3, "x"), ChainFault.HEAD_MOVED),
    ],
)
def test_head_that_disagrees_is_named(
    last: tuple[int, str], head: tuple[int, str], fault: ChainFault | None
) -> None:
    finding = check_head(ChainHead(sequence=last[0], sha256=last[1]), ChainHead(sequence=head[0], sha256=head[1]))
    assert (finding.fault if finding else None) == fault


@pytest.mark.parametrize(
    ("next_link", "held", "fault"),
    [
        (link(4), None, None),
        (link(3), None, ChainFault.REPLAY),
        (link(2), "d2", ChainFault.REPLAY),
        (link(2, sha="x"), "d2", ChainFault.FORK),
        (link(6), None, ChainFault.GAP),
        (link(4, after="x"), None, ChainFault.FORK),
    ],
)
def test_receiver_names_what_does_not_follow(next_link: Link, held: str | None, fault: ChainFault | None) -> None:
    finding = check_link(ChainHead(sequence=3, sha256="d3"), next_link, held)
    assert (finding.fault if finding else None) == fault
