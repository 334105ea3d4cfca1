"""A token bucket: how much may go now, so that a whole province that comes back at once does not flood central."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBucket:
    """At most `burst` at once and `rate_per_s` for long. `at_s` is a clock that is never set."""

    rate_per_s: float
    burst: float
    tokens: float
    at_s: float

    def filled(self, now_s: float) -> TokenBucket:
        grown = self.tokens + max(0.0, now_s - self.at_s) * self.rate_per_s
        return replace(self, tokens=min(self.burst, grown), at_s=now_s)

    def taken(self, count: float) -> TokenBucket:
        """After `count` have gone; it may go below nothing, and then nothing goes until that is made up."""
        return replace(self, tokens=self.tokens - count)


def after_reconnect(rate_per_s: float, burst: float, now_s: float) -> TokenBucket:
    """A bucket as a link begins with it: full."""
    return TokenBucket(rate_per_s=rate_per_s, burst=burst, tokens=burst, at_s=now_s)
