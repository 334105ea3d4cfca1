"""Step 9 of verification: what central's signed receipts name must be in the chain at hand.

A tail cut off together with the head leaves a chain that is whole in itself; only central's word shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge.core.chain import ChainFault, ChainHead, Finding, Link
from edge.core.envelope import RECEIPT_TYPE, open_envelope
from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of
from edge.core.receipt import Receipt, Verdict, decode_receipt
from edge.core.verdict import Step, StepState


def check_receipts(
    receipts: Iterable[bytes],
    keys: Sequence[PublicKeyDocument],
    unit_id: str | None,
    links: Sequence[Link],
    last: ChainHead,
    findings: list[Finding],
) -> Step:
    """Open every receipt and compare; what is missing or different is added to `findings`."""
    at_hand = {link.sequence: link.sha256 for link in links if not link.accused}
    count = 0
    wrong: list[str] = []
    unchecked: list[str] = []
    for count, raw in enumerate(receipts, start=1):
        try:
            receipt = _open(raw, keys, unit_id)
        except DoesNotVerify as e:
            wrong.append(f"receipt {count}: {e.message}")
            continue
        except CouldNotBeChecked as e:
            unchecked.append(f"receipt {count}: {e.message}")
            continue
        against = _compare(receipt, at_hand, last)
        findings += against
        wrong += [f.detail for f in against]
    if wrong:
        return Step(number=9, state=StepState.FAILED, detail="; ".join(dict.fromkeys(wrong)))
    if unchecked:
        return Step(number=9, state=StepState.NOT_CHECKED, detail=unchecked[0], wanting=True)
    if not count:
        return Step(number=9, state=StepState.NOT_CHECKED, detail="no receipts kept")
    return Step(number=9, state=StepState.PASSED, detail=f"{count} kept")


def _open(raw: bytes, keys: Sequence[PublicKeyDocument], unit_id: str | None) -> Receipt:
    opened = open_envelope(raw, keys=keys_of(keys, KeyRole.RECEIPT), payload_types={RECEIPT_TYPE})
    receipt = decode_receipt(opened.payload)
    if unit_id is not None and receipt.unit_id != unit_id:
        raise DoesNotVerify(f"is for unit {receipt.unit_id!r}, expected {unit_id!r}", step="receipts")
    return receipt


def _compare(receipt: Receipt, at_hand: dict[int | None, str], last: ChainHead) -> list[Finding]:
    findings: list[Finding] = []
    if receipt.gap_free_sequence > last.sequence:
        detail = f"cut off after record {last.sequence}: central holds all up to {receipt.gap_free_sequence}"
        findings.append(Finding(fault=ChainFault.TAIL_CUT, detail=detail))
    for item in receipt.items:
        if item.verdict is not Verdict.STORED or item.sequence is None:
            continue
        here = at_hand.get(item.sequence)
        if here is None and item.sequence > last.sequence:
            detail = f"central holds record {item.sequence}, the last one here is {last.sequence}"
            findings.append(Finding(fault=ChainFault.TAIL_CUT, detail=detail, sequence=item.sequence))
        elif here is not None and here != item.sha256:
            detail = f"central holds another record {item.sequence}: {item.sha256[:12]}…, here {here[:12]}…"
            findings.append(Finding(fault=ChainFault.FORK, detail=detail, sequence=item.sequence))
    return findings
