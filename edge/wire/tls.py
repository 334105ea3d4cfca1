"""TLS to the broker: both sides show certificates, nothing below TLS 1.2."""

from __future__ import annotations

import ssl
from pathlib import Path

from edge.core.errors import ConfigError


def tls_context(ca: Path, certificate: Path, private_key: Path) -> ssl.SSLContext:
    """Raises ConfigError for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as e:
        raise ConfigError(f"TLS files {ca}, {certificate}, {private_key}: {e}") from e
    return context
