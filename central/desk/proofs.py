"""What proves who somebody is: passwords (Argon2id, RFC 9106) and one-time codes (TOTP, RFC 6238)."""

from __future__ import annotations

import base64
import os
from urllib.parse import quote

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from edge.core.errors import InputError

# RFC 9106, section 4, second recommended option.
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 4
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
STEP_S = 30
CODE_DIGITS = 6
TOTP_BYTES = 20


def hash_password(password: str) -> str:
    """In the PHC string format. Raises InputError for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


def password_fits(password: str, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode()[: LONGEST_PASSWORD * 4], phc)
    except InvalidKey:
        return False
    return True


NOBODYS_PASSWORD = hash_password(base64.b64encode(os.urandom(24)).decode())
"""Compared with when there is no such account, so that the time taken does not say so."""


def new_totp_secret() -> bytes:
    return os.urandom(TOTP_BYTES)


def totp_uri(secret: bytes, *, username: str, issuer: str) -> str:
    """What an authenticator app reads."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{quote(issuer)}:{quote(username)}?secret={text}&issuer={quote(issuer)}"


def totp_code(secret: bytes, step: int) -> str:
    # SHA-1 is what authenticator apps do; HMAC does not need its collision resistance.
    return HOTP(secret, CODE_DIGITS, SHA1()).generate(step).decode()


def totp_step(secret: bytes, code: str, *, now_s: float, after: int) -> int | None:
    """The time step that a code belongs to: this one or one beside it, later than `after`; else None."""
    current = int(now_s) // STEP_S
    for step in (current, current - 1, current + 1):
        if step > after and code == totp_code(secret, step):
            return step
    return None
