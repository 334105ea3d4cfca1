"""The bytes of docs/protocol.md's worked examples, out of the known answers in tests/assets."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "assets" / "protocol_vectors.json"
WIDTH = 118


def example() -> str:
    """A status, a receipt and a sealed list as they are on the wire, in Markdown."""
    kept: dict[str, Any] = msgspec.json.decode(VECTORS.read_bytes())
    receipt, listed = (kept["envelopes"][name]["envelope"] for name in ("receipt", "visit_list"))
    message = _payload(listed)
    sealed = base64.b64decode(message["content"])
    blocks = [
        ("`…/units/unit-0001/status`, retained:", kept["plain"]["status_online"]),
        (f"`…/units/unit-0001/receipts`, {len(receipt)} bytes, of these its SHA-256 is the digest:", receipt),
        ("Its payload, decoded:", msgspec.json.encode(_payload(receipt)).decode()),
        ("The content of the visit list, before it is sealed:", kept["contents"]["visit_list"]),
        ("`info`, in hex:", kept["visit_list_info"].encode().hex()),
        ("Sealed, in hex: the encapsulated key,", sealed[:32].hex()),
        ("then the ciphertext:", sealed[32:].hex()),
        (f"`…/units/unit-0001/messages`, {len(listed)} bytes:", listed),
    ]
    return "\n".join(f"{title}\n\n```\n{_folded(text)}\n```\n" for title, text in blocks)


def _payload(envelope: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(base64.b64decode(msgspec.json.decode(envelope)["payload"]))
    return found


def _folded(text: str) -> str:
    """For reading: no line break of these is in the bytes."""
    return "\n".join(text[start : start + WIDTH] for start in range(0, len(text), WIDTH))
