"""The unit's two lesser keys, vouched for by its record key: one that others seal to, one that confirms.

The sync side holds both and cannot sign records; the statement binds them to the unit, so that central needs no
second registration. The statement with the highest `serial` counts.
"""

from __future__ import annotations

import msgspec
from securesystemslib.signer import Signer

from edge.core.document import read_json
from edge.core.envelope import open_envelope, seal
from edge.core.errors import DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of

UNIT_KEYS_TYPE = "application/vnd.doorstep.unit-keys.v1+json"
FORMAT = "doorstep.unit-keys/1"


class UnitKeys(msgspec.Struct, frozen=True, kw_only=True):
    unit_id: str
    serial: int
    made_utc: str
    sealing: PublicKeyDocument
    confirmation: PublicKeyDocument
    format: str = FORMAT


def sign_unit_keys(keys: UnitKeys, signer: Signer) -> bytes:
    """The statement, signed by the unit's record key."""
    return seal(msgspec.json.encode(keys, order="deterministic"), UNIT_KEYS_TYPE, [signer])


def open_unit_keys(raw: bytes, record_key: PublicKeyDocument) -> UnitKeys:
    """The statement in `raw`, by the unit of `record_key`. Raises DoesNotVerify or CouldNotBeChecked."""
    opened = open_envelope(raw, keys=keys_of([record_key], KeyRole.RECORD), payload_types={UNIT_KEYS_TYPE})
    keys = read_json(opened.payload, UnitKeys, format_=FORMAT, what="the unit's keys")
    wanted = ((keys.sealing, KeyRole.SEALING), (keys.confirmation, KeyRole.CONFIRMATION))
    for document, role in wanted:
        if (document.role, document.owner, document.purpose) != (role, record_key.owner, record_key.purpose):
            raise DoesNotVerify(f"the {role.value} key is not one of unit {record_key.owner!r}", step="key")
    if keys.unit_id != record_key.owner:
        raise DoesNotVerify(f"made for unit {keys.unit_id!r}, not {record_key.owner!r}", step="unit")
    return keys
