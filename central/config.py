"""central.toml: who this central is, which records it takes, where they are stored, and its broker."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from edge.core.config import UNIT_ID
from edge.core.errors import ConfigError

FILE_NAME = "central.toml"


class StoreKind(StrEnum):
    """A store holds genuine records or simulated ones, never both; fixed when it is made."""

    GENUINE = "genuine"
    SIMULATED = "simulated"


class BrokerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker and central's TLS identity; paths relative to the folder of `central.toml`.

    share: name of the ingest processes' shared subscription, a secret. mosquitto's ACL file does not check
    subscriptions; a unit that could join the share would be dealt records, which the broker would then drop.
    """

    host: str = "127.0.0.1"
    port: int = 8883
    ca_file: str = "tls/ca.crt"
    cert_file: str = "tls/central.crt"
    key_file: str = "tls/central.key"
    keepalive_s: int = 30
    share: str = "ingest"


class ModelsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The units' model bundle, by which references are made, and the key of its publisher; paths as above."""

    bundle: str = "models/bundle"
    publisher: str = "models/publisher.pub.json"


class DeskConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The review desk. names: the host names under which it may be called; others are turned away.

    Without cert_file and key_file it speaks plain HTTP, which is for loopback and for a proxy on this machine only.
    """

    host: str = "127.0.0.1"
    port: int = 8480
    names: tuple[str, ...] = ("127.0.0.1", "localhost")
    cert_file: str = ""
    key_file: str = ""


class CentralConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """database: an SQLAlchemy URL; a relative SQLite path is relative to the folder of `central.toml`."""

    central_id: str
    kind: StoreKind
    database: str = "sqlite:///central.sqlite3"
    receipt_key: str = "keys/receipt.pem"
    vault_key: str = "keys/vault.key"
    broker: BrokerConfig = BrokerConfig()
    models: ModelsConfig = ModelsConfig()
    desk: DeskConfig = DeskConfig()


def load_config(folder: Path) -> CentralConfig:
    """Read `central.toml` in `folder`. Raises ConfigError."""
    path = folder / FILE_NAME
    try:
        config = msgspec.toml.decode(path.read_bytes(), type=CentralConfig)
    except OSError as e:
        remedy = "Make a central in this folder first: doorstep-central init DIR"
        raise ConfigError(f"{path}: {e.strerror}", remedy=remedy) from e
    except msgspec.DecodeError as e:
        raise ConfigError(f"{path}: {e}") from e
    check_id(config.central_id)
    return config


def write_config(folder: Path, config: CentralConfig) -> None:
    """Write a new `central.toml`. Raises ConfigError when there is one: a central's identity is not overwritten."""
    lines = [f'central_id = "{config.central_id}"', f'kind = "{config.kind.value}"']
    lines += [f"database = {msgspec.json.encode(config.database).decode()}", f'receipt_key = "{config.receipt_key}"']
    lines += ["", "[broker]", f"host = {msgspec.json.encode(config.broker.host).decode()}"]
    lines += [f"port = {config.broker.port}"]
    lines += [f'{name} = "{getattr(config.broker, name)}"' for name in ("ca_file", "cert_file", "key_file", "share")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).touch(mode=0o600, exist_ok=False)
        (folder / FILE_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as e:
        raise ConfigError(f"{folder / FILE_NAME}: {e.strerror}", remedy="Choose an empty folder.") from e


def check_id(value: str) -> str:
    """An id that can stand in a topic, a certificate and a file name. Raises ConfigError."""
    if not UNIT_ID.fullmatch(value):
        raise ConfigError(f"id {value!r} is not 2 to 63 of a-z, 0-9 and '-'")
    return value
