"""Whether a receipt that came over the wire may be believed.

1 form, type and every signature, by keys that may sign receipts; 2 a format this version knows; 3 signed by the
central that it names; 4 made for this unit. Which records it names is for edge/core/delivery.py to compare.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.envelope import RECEIPT_TYPE, open_envelope
from edge.core.errors import DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of
from edge.core.receipt import Receipt, decode_receipt


def open_receipt(raw: bytes, trusted: Sequence[PublicKeyDocument], *, unit_id: str) -> Receipt:
    """The receipt in `raw`. Raises DoesNotVerify or CouldNotBeChecked, naming the step."""
    opened = open_envelope(raw, keys=keys_of(trusted, KeyRole.RECEIPT), payload_types={RECEIPT_TYPE})
    receipt = decode_receipt(opened.payload)
    owners = {d.keyid: d.owner for d in trusted if d.role is KeyRole.RECEIPT}
    if any(owners[keyid] != receipt.central_id for keyid in opened.key_ids):
        raise DoesNotVerify(f"signed by another than {receipt.central_id!r}", step="issuer")
    if receipt.unit_id != unit_id:
        raise DoesNotVerify(f"made for unit {receipt.unit_id!r}, not {unit_id!r}", step="unit")
    return receipt
