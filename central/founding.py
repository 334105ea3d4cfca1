"""Making a central and registering units: what must fit together, checked once, when it is made."""

from __future__ import annotations

import secrets
from pathlib import Path

from central.config import BrokerConfig, CentralConfig, StoreKind, check_id, write_config
from central.receipts import make_receipt_key, public_path
from central.store import CentralStore
from edge.core.errors import InputError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument, decode_public_key

DEFAULT_DATABASE = "sqlite:///central.sqlite3"


def found_central(
    folder: Path,
    *,
    central_id: str,
    kind: StoreKind,
    database: str = DEFAULT_DATABASE,
    host: str = "127.0.0.1",
    port: int = 8883,
) -> Path:
    """Make central.toml, receipt key and store in `folder`; gives the public half of the receipt key.

    Raises ConfigError or SigningError where one of them is there already.
    """
    tls = f"pki/{check_id(central_id)}"
    broker = BrokerConfig(
        host=host,
        port=port,
        ca_file="pki/ca.crt",
        cert_file=f"{tls}.crt",
        key_file=f"{tls}.key",
        share=f"ingest-{secrets.token_hex(16)}",
    )
    config = CentralConfig(central_id=central_id, kind=kind, database=database, broker=broker)
    write_config(folder, config)
    make_receipt_key(folder / config.receipt_key, central_id=central_id, purpose=_fitting(kind))
    CentralStore.open(database, folder=folder, kind=kind).close()
    return public_path(folder / config.receipt_key)


def register_unit(
    store: CentralStore, raw: bytes, *, kind: StoreKind, at_utc: str, unit_id: str | None = None
) -> PublicKeyDocument:
    """Register the unit of a public key document. Raises InputError when role, purpose or owner do not fit."""
    key = decode_public_key(raw)
    if key.role is not KeyRole.RECORD:
        raise InputError(f"this is a {key.role.value} key; a unit signs with a record key")
    if unit_id is not None and key.owner != unit_id:
        raise InputError(f"the key belongs to {key.owner!r}, not to {unit_id!r}")
    check_id(key.owner)
    if key.purpose is not _fitting(kind):
        raise InputError(
            f"this store holds {kind.value} records, and the key is for {key.purpose.value}",
            remedy="Register demonstration units at a central made with --simulated, and no others there.",
        )
    with store.transaction() as transaction:
        transaction.add_unit(key, raw=raw, at_utc=at_utc)
    return key


def _fitting(kind: StoreKind) -> KeyPurpose:
    return KeyPurpose.PROVISIONED if kind is StoreKind.GENUINE else KeyPurpose.DEMONSTRATION
