"""What goes wrong in a run, when, and for how long: drawn from a seed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Self

from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from airflow_hpt_provider.local.http.auth.parse import parse_signature

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.request import WireRequest
    from tests.faults.client_faults import ClientFaults

K = FaultKind
DRIP_SECONDS = 3.0


class Fault(Enum):
    """Kinds of faults."""

    THROTTLING = "throttling window (400, 429 with Retry-After)"
    HTML = "500 and 503 with HTML bodies"
    RESETS = "connections reset, or ended in the middle of a body"
    TRUNCATED = "truncated JSON"
    HANGS = "no answer"
    DRIPS = "answers in drops"
    DNS = "the host name cannot be resolved"
    CLOCK = "the client's clock is 20 minutes wrong"
    EXPIRED = "expired credentials, later a rotated key"
    MIXED = "all of these by turns"


_KINDS: dict[Fault, tuple[FaultKind, ...]] = {
    Fault.THROTTLING: (K.THROTTLE, K.TOO_MANY_REQUESTS),
    Fault.HTML: (K.INTERNAL_ERROR_HTML, K.SERVICE_UNAVAILABLE_HTML),
    Fault.RESETS: (K.RESET, K.TRUNCATE),
    Fault.TRUNCATED: (K.HALF,),
    Fault.HANGS: (K.LOST_REQUEST, K.LOST_RESPONSE),
    Fault.DRIPS: (K.DRIP,),
}
_KINDS[Fault.MIXED] = tuple(kind for kinds in _KINDS.values() for kind in kinds)


@dataclass
class FaultWindow:
    """The faults of one run: from a call on, for some seconds, each call fails with a probability.

    The window decides for the proxy which call meets which fault.

    Attributes:
        fault: its kind.
        first: the call that it begins with; 1 is the task's first.
        seconds: how long it lasts from there.
        share: the share of the calls that fail.
        rng: for that.
        machine, port: where DNS and clock fail.
        rotate: called when the credentials that have expired are to be replaced.
        began: time.time() of its beginning; None: it has not begun.
    """

    fault: Fault
    first: int
    seconds: float
    share: float
    rng: random.Random
    machine: ClientFaults
    port: int = 0
    rotate: Callable[[], None] = lambda: None
    began: float | None = None
    deny_tags: bool = False
    _calls: int = 0
    _expired: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def drawn(cls, fault: Fault, seed: str, machine: ClientFaults) -> Self:
        """From a seed: it begins with one of the task's first six calls and lasts 3 to 8 seconds."""
        rng = random.Random(f"{seed} {fault.name}")
        return cls(fault, rng.randint(1, 6), rng.uniform(3, 8), rng.choice((1.0, 1.0, 0.7)), rng, machine)

    @property
    def over(self) -> float:
        """time.time() of its end, or of its beginning if that is still to come."""
        return time.time() if self.began is None else self.began + self.seconds

    def next_fault(self, name: str, request: WireRequest) -> CallFault | None:
        """Return the fault that the next call meets, if any."""
        kind = self._kind(parse_signature(request).access_key)
        if kind is None:
            return None
        return CallFault(operation=name, kind=kind, seconds=DRIP_SECONDS if kind is K.DRIP else None)

    def _kind(self, access_key: str) -> FaultKind | None:
        with self._lock:
            self._calls += 1
            if self.began is None and self._calls >= self.first:
                self._begin(access_key)
            if self.began is None:
                return None
            if self.fault is Fault.EXPIRED:
                return K.EXPIRED_TOKEN if access_key == self._expired else None
            if time.time() >= self.over or self.fault not in _KINDS:
                return None
            if self.rng.random() >= self.share:
                return None
            return self.rng.choice(_KINDS[self.fault])

    def _begin(self, access_key: str) -> None:
        self.began = time.time()
        self._expired = access_key
        if self.fault in {Fault.DNS, Fault.CLOCK, Fault.EXPIRED}:
            if self.fault is Fault.DNS:
                self.machine.unresolvable.add(self.port)
            elif self.fault is Fault.CLOCK:
                self.machine.skew[self.port] = timedelta(minutes=self.rng.choice((-20, 20)))
            timer = threading.Timer(self.seconds, self._end)
            timer.daemon = True
            timer.start()

    def _end(self) -> None:
        self.machine.unresolvable.discard(self.port)
        self.machine.skew.pop(self.port, None)
        if self.fault is Fault.EXPIRED:
            self.rotate()
