"""The ledger of a technicians' authority: what was issued to whom, what is revoked, which tokens are out.

One record key a unit: an id that has a certificate is given to no other key until that one is revoked. Times are
ISO 8601 in UTC with `Z`, to the second, so that they order as text.
"""

from __future__ import annotations

import hashlib

import msgspec

from edge.core.errors import InputError


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """serial: hex. record_keyid: the unit's record key when it asked."""

    serial: str
    unit_id: str
    record_keyid: str
    issued_utc: str
    until_utc: str
    revoked_utc: str = ""
    reason: str = ""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """sha256: of the token, which itself is kept nowhere. request_sha256: what it was used for, or empty."""

    sha256: str
    until_utc: str
    unit_id: str = ""
    request_sha256: str = ""


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an authority has done; each change gives a new one."""

    issued: tuple[Issued, ...] = ()
    tokens: tuple[Token, ...] = ()
    format: str = "doorstep.ledger/1"

    @property
    def revoked(self) -> tuple[Issued, ...]:
        return tuple(i for i in self.issued if i.revoked_utc)

    def check_free(self, unit_id: str, record_keyid: str) -> None:
        """Raises InputError when `unit_id` belongs to another record key."""
        for entry in self.issued:
            if entry.unit_id == unit_id and not entry.revoked_utc and entry.record_keyid != record_keyid:
                raise InputError(
                    f"{unit_id} has a certificate under another key, issued {entry.issued_utc}",
                    remedy=f"If that board is gone: doorstep provision ca revoke {unit_id}. Else give another id.",
                )

    def check_renews(self, unit_id: str, record_keyid: str) -> None:
        """Raises InputError unless `unit_id` has a certificate by this authority, under this key and not revoked."""
        same = [i for i in self.issued if (i.unit_id, i.record_keyid) == (unit_id, record_keyid)]
        if not any(not i.revoked_utc for i in same):
            said = f"revoked {same[-1].revoked_utc}" if same else "never signed here under this key"
            raise InputError(
                f"{unit_id} is not renewed: {said}",
                remedy="Only a unit that a technician has signed here is renewed; sign its request by hand.",
            )

    def with_issued(self, entry: Issued) -> Ledger:
        return msgspec.structs.replace(self, issued=(*self.issued, entry))

    def with_revoked(self, unit_id: str, at_utc: str, reason: str) -> tuple[Ledger, list[Issued]]:
        """All of the unit's certificates revoked, and which those are. Raises InputError when there is none."""
        revoked = [
            msgspec.structs.replace(i, revoked_utc=at_utc, reason=reason)
            for i in self.issued
            if i.unit_id == unit_id and not i.revoked_utc
        ]
        if not revoked:
            raise InputError(f"{unit_id} has no certificate that counts", remedy="See `doorstep provision ca list`.")
        changed = {i.serial: i for i in revoked}
        issued = tuple(changed.get(i.serial, i) for i in self.issued)
        return msgspec.structs.replace(self, issued=issued), revoked

    def with_token(self, token: str, until_utc: str, unit_id: str) -> Ledger:
        entry = Token(sha256=_digest(token), until_utc=until_utc, unit_id=unit_id)
        return msgspec.structs.replace(self, tokens=(*self.tokens, entry))

    def with_used(self, token: str, unit_id: str, request_sha256: str, now_utc: str) -> Ledger:
        """A token used, once; the same request again is answered again. Raises InputError."""
        known = next((t for t in self.tokens if t.sha256 == _digest(token)), None)
        if known is None or known.until_utc < now_utc or known.unit_id not in ("", unit_id):
            raise InputError("this token is not known, is over, or is for another unit", remedy="Make a new one.")
        if known.request_sha256 not in ("", request_sha256):
            raise InputError("this token has been used", remedy="Make a new one; find out who used it.")
        used = msgspec.structs.replace(known, request_sha256=request_sha256)
        return msgspec.structs.replace(self, tokens=tuple(used if t is known else t for t in self.tokens))


def _digest(token: str) -> str:
    return hashlib.sha256(b"doorstep token\n" + token.encode()).hexdigest()
