"""Chunks: something too large for one message, cut up, each piece named by its digest in a signed list.

A chunk is a line of JSON that says what it is of and which one, and then its bytes as they are. It needs no
signature of its own, and a transfer goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import msgspec

from edge.core.document import read_json
from edge.core.errors import DoesNotVerify

FORMAT = "doorstep.chunk/1"
_MARK = b'{"chunk_of":'


class ChunkHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line. chunk_of: the evidence's id, or the digest of a bundle's file. `number` counts from 0."""

    chunk_of: str
    number: int
    format: str = FORMAT


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk as it was read; `data` is to be compared with its digest before anything is done with it."""

    chunk_of: str
    number: int
    data: bytes


def split(whole: bytes, size_bytes: int) -> list[bytes]:
    return [whole[start : start + size_bytes] for start in range(0, len(whole), size_bytes)]


def digests(whole: bytes, size_bytes: int) -> tuple[str, ...]:
    """SHA-256 of each chunk, in order."""
    return tuple(hashlib.sha256(piece).hexdigest() for piece in split(whole, size_bytes))


def encode_chunk(chunk_of: str, number: int, data: bytes) -> bytes:
    return msgspec.json.encode(ChunkHeader(chunk_of=chunk_of, number=number)) + b"\n" + data


def is_chunk(raw: bytes) -> bool:
    """Whether it claims to be one."""
    return raw.startswith(_MARK)


def decode_chunk(raw: bytes) -> Chunk:
    """Raises DoesNotVerify or CouldNotBeChecked (step `payload`)."""
    line, found, data = raw.partition(b"\n")
    if not found:
        raise DoesNotVerify("the chunk is cut off in its first line", step="payload")
    header = read_json(line, ChunkHeader, format_=FORMAT, what="the chunk")
    return Chunk(chunk_of=header.chunk_of, number=header.number, data=data)


def fits(chunk: Chunk, expected: Sequence[str]) -> bool:
    """Whether it is, to the byte, the one that the signed list names."""
    if not 0 <= chunk.number < len(expected):
        return False
    return hashlib.sha256(chunk.data).hexdigest() == expected[chunk.number]


def stretches(numbers: Collection[int]) -> tuple[tuple[int, int], ...]:
    """The numbers as stretches first..last, both included: short for what is missing of a long list."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)
