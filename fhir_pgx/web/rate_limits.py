"""How often a caller may ask: a bucket of tokens each, filled at a steady rate.

Buckets are kept by each worker process: a deployment of four workers lets through up to four times
the rate. What must hold for all of them together belongs in the proxy in front.

Failed credentials are counted apart, by address, and are on by default. A credential that holds is
never turned away for the failures of others behind the same address: the warnings of a whole
hospital must not fall silent because one system beside it has a wrong key.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from flask import g, request

from fhir_pgx.errors import TooManyRequests
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.settings import Settings
from fhir_pgx.web.addresses import client_address, counted_as

MOST_KEPT: Final = 20_000  # buckets, about 4 MB
_ALWAYS: Final = ("/health/live", "/health/ready")


class Buckets:
    """A bucket for each name, at most `most` of them: then the one that was unused longest goes."""

    def __init__(
        self, per_minute: int, burst: int, *, clock: Callable[[], float], most: int = MOST_KEPT
    ) -> None:
        """`per_minute` 0 lets everything through. `clock` counts seconds and never runs back."""
        self._per_second, self._burst = per_minute / 60, float(max(burst, 1))
        self._clock, self._most, self._lock = clock, most, Lock()
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take a token. 0 where there was one; else the seconds until there is, none taken."""
        if not self._per_second:
            return 0.0
        now = self._clock()
        with self._lock:
            held, at = self._kept.get(name, (self._burst, now))
            held = min(self._burst, held + (now - at) * self._per_second)
            is_there = held >= 1
            self._kept[name] = (held - 1.0 if is_there else held, now)
            self._kept.move_to_end(name)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return 0.0 if is_there else (1 - held) / self._per_second

    def __len__(self) -> int:
        return len(self._kept)


class RateLimits:
    """The limits of one worker process."""

    def __init__(
        self,
        *,
        per_minute: int,
        burst: int,
        failures_per_minute: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._calls = Buckets(per_minute, burst, clock=clock)
        self._failures = Buckets(failures_per_minute, failures_per_minute, clock=clock)
        self._unasked = Buckets(failures_per_minute, failures_per_minute, clock=clock)

    def count_call(self, caller: Caller, address: str) -> None:
        """Count a call of a caller that is known; by address where nobody was asked.

        Raises TooManyRequests.
        """
        known = "\n".join((caller.kind, caller.issuer, caller.tenant, caller.client))
        is_known = bool(caller.client or caller.issuer)
        wait = self._calls.take(known if is_known else f"address\n{counted_as(address)}")
        if wait:
            raise _too_many("this caller asks more often than it may", wait)

    def count_failure(self, address: str) -> None:
        """Count a credential that did not hold. Raises TooManyRequests once the address has spent
        its failures: the answer then is 429 and no longer 401."""
        wait = self._failures.take(counted_as(address))
        if wait:
            raise _too_many("too many credentials from this address did not hold", wait)

    def is_worth_noting(self, address: str) -> bool:
        """Count a request without any credential where one is needed. False once the address sent
        so many that no more of them are written down."""
        return not self._unasked.take(counted_as(address))


def limits_of(settings: Settings) -> RateLimits:
    """The limits that the settings name."""
    return RateLimits(
        per_minute=settings.rate_per_minute,
        burst=settings.rate_burst,
        failures_per_minute=settings.failures_per_minute,
    )


def counting(limits: RateLimits, settings: Settings) -> Callable[[], None]:
    """What runs before each request, once the door has said who calls (`g.caller`).

    Whether the process lives is always told: a supervisor that is refused would end it.
    """

    def count() -> None:
        if settings.rate_per_minute and not request.path.endswith(_ALWAYS):
            caller: Caller = g.get("caller", ANYBODY)
            limits.count_call(caller, client_address(request, settings.trusted_proxies))

    return count


def _too_many(text: str, wait: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait))
    return TooManyRequests(text, retry_after=seconds, mend="wait as long as Retry-After says")
