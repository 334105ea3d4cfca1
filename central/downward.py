"""What central tells its units: issued with a place in the unit's sequence, sent until the unit confirms it.

`issue` belongs to the transaction that decides; a message exists when that commits. Several processes may send; a
message sent twice is applied once. What a unit says is believed only under the key its own record key vouched for.
"""

from __future__ import annotations

import uuid

from central.keys import MessageSigners
from central.rows import messages as rows
from central.store import Transaction
from edge.core.confirmation import CONFIRMATION_TYPE, Confirmation, open_confirmation
from edge.core.downward import Downward, MessageKind, protect, sign_message
from edge.core.downward_content import Command, CommandName, Content, encode_content, kind_of_content
from edge.core.envelope import digest, parse
from edge.core.errors import InputError, VerificationError
from edge.core.unit_keys import UNIT_KEYS_TYPE, UnitKeys, open_unit_keys

WINDOW = 8
BASE_S, CAP_S = 5, 300


class Downlink:
    """Central's side of the messages to units. Holds no state between transactions."""

    def __init__(self, signers: MessageSigners) -> None:
        self._signers = signers

    def issue(
        self, transaction: Transaction, unit_id: str, kind: MessageKind, content: Content, *, at_utc: str
    ) -> int:
        """Queue a message to a unit, after all issued before; gives its sequence.

        Raises InputError: no such unit, its keys are not known yet, or the content is too large or of another kind.
        """
        if kind_of_content(content) is not kind:
            raise InputError(f"a {type(content).__name__} is not sent as {kind}")
        # The unit's row is locked from here to the commit, so that no two messages share a place.
        if transaction.unit(unit_id) is None:
            raise InputError(f"no unit {unit_id!r} is registered here")
        sequence = rows.last_sequence(transaction.connection, unit_id) + 1
        rows.add_message(transaction.connection, self._row(transaction, unit_id, sequence, content, at_utc))
        return sequence

    def withdraw_from_revoked(self, transaction: Transaction, *, at_utc: str) -> None:
        """What names persons and has not been confirmed goes to no revoked unit; a command holds its place.

        A unit that did get it, its confirmation lost, leaves the stand-in alone and says how far it has come.
        """
        for unit_id, sequence, kind in rows.personal_for_revoked(transaction.connection):
            stand_in = Command(name=CommandName.WITHDRAWN, subject=kind)
            row = self._row(transaction, unit_id, sequence, stand_in, at_utc)
            rows.replace_message(transaction.connection, unit_id, sequence, row)

    def _row(
        self, transaction: Transaction, unit_id: str, sequence: int, content: Content, at_utc: str
    ) -> dict[str, object]:
        """The signed message as a row. Raises InputError as `issue` does."""
        kind = kind_of_content(content)
        sealing = self.keys_of(transaction, unit_id).sealing
        message = Downward(
            message_id=uuid.uuid4().hex,
            central_id=self._signers.central_id,
            unit_id=unit_id,
            sequence=sequence,
            kind=kind,
            issued_utc=at_utc,
            content=b"",
        )
        message = protect(encode_content(content), message, sealing.public_hex)
        raw = sign_message(message, self._signers.by_kind[kind])
        row = {"unit_id": unit_id, "sequence": sequence, "kind": kind.value, "issued_utc": at_utc}
        return {**row, "sha256": digest(raw), "envelope": raw}

    def keys_of(self, transaction: Transaction, unit_id: str) -> UnitKeys:
        """What a unit's messages are sealed to. Raises InputError when the unit has not said so yet."""
        found = rows.messaging(transaction.connection, unit_id)
        unit = transaction.unit(unit_id)
        if found is None or unit is None:
            raise InputError(
                f"unit {unit_id!r} has not yet given the keys that its messages are sealed to",
                remedy="Let it connect once, or carry a stick: `doorstep export`, then `doorstep-central import`.",
            )
        return open_unit_keys(found["statement"], unit.key)

    def accept(
        self, transaction: Transaction, unit_id: str, raw: bytes, *, at_utc: str
    ) -> tuple[str, Confirmation | None]:
        """Take a confirmation or a unit's keys; gives a remark for the log, empty when all is usual, and what was
        confirmed.

        What does not verify changes nothing; no content raises.
        """
        unit = transaction.unit(unit_id)
        if unit is None:
            return f"{unit_id}: not registered, its word is not taken", None
        try:
            payload_type = parse(raw).payload_type
            if payload_type == UNIT_KEYS_TYPE:
                return self._take_keys(transaction, open_unit_keys(raw, unit.key), raw, at_utc), None
            if payload_type != CONFIRMATION_TYPE:
                return f"{unit_id}: {payload_type[:80]!r} is no confirmation", None
            known = rows.messaging(transaction.connection, unit_id)
            if known is None:
                return f"{unit_id}: confirms before its keys are known", None
            key = open_unit_keys(known["statement"], unit.key).confirmation
            said = open_confirmation(raw, key)
            return self._take_confirmation(transaction, said, known, at_utc), said
        except VerificationError as e:
            return f"{unit_id}: {e.step}: {e.message}", None

    def due(self, transaction: Transaction, *, now_s: float, limit: int = 50) -> list[tuple[rows.Due, int]]:
        """What to send now, each with the seconds until it would be sent again; noted as tried."""
        found = rows.due(transaction.connection, now_s=int(now_s), window=WINDOW, limit=limit)
        sending = []
        for message in found:
            wait_s = min(CAP_S, BASE_S * 2 ** min(message.attempts, 10))
            rows.tried(transaction.connection, message, next_try_s=int(now_s) + wait_s)
            sending.append((message, wait_s))
        return sending

    def _take_keys(self, transaction: Transaction, keys: UnitKeys, raw: bytes, at_utc: str) -> str:
        known = rows.messaging(transaction.connection, keys.unit_id)
        if known is not None and known["statement"] == raw:
            return ""
        if known is not None and known["serial"] >= keys.serial:
            return f"{keys.unit_id}: keys with serial {keys.serial}, {known['serial']} is known"
        rows.save_keys(transaction.connection, keys.unit_id, serial=keys.serial, statement=raw, at_utc=at_utc)
        return ""

    def _take_confirmation(
        self, transaction: Transaction, said: Confirmation, known: dict[str, object], at_utc: str
    ) -> str:
        connection, unit_id = transaction.connection, said.unit_id
        last = rows.last_sequence(connection, unit_id)
        if said.applied_sequence > last:
            return f"{unit_id}: confirms message {said.applied_sequence}, the last one issued is {last}"
        for item in said.items:
            why = {"reason": item.reason[:64], "detail": storable(item.detail)}
            rows.settle(
                connection, unit_id, item.sequence, item.sha256, state=item.outcome.value, at_utc=at_utc, **why
            )
        # An old confirmation that comes late moves nothing back.
        if said.applied_sequence >= int(str(known["applied_sequence"])):
            rows.settle_up_to(connection, unit_id, said.applied_sequence, state="applied", at_utc=at_utc)
            place = {"applied": said.applied_sequence, "list_version": said.list_version}
            rows.save_place(connection, unit_id, **place, at_utc=at_utc)
        if said.greeting:
            rows.hurry(connection, unit_id)
        return ""


def storable(text: str) -> str:
    """What a unit says, as a text column takes it and a person can bear it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:500]
