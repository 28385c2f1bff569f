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

from tests.support.faulty_proxy import Call, ProxyFault

if TYPE_CHECKING:
    from tests.faults.client_faults import ClientFaults

T = ProxyFault


class Fault(Enum):
    """Kinds of faults."""

    THROTTLING = "throttling window (400, 429 with Retry-After)"
    HTML = "500 and 503 with HTML bodies"
    RESETS = "connections reset, some in the middle of a body"
    TRUNCATED = "truncated JSON"
    HANGS = "no answer"
    DRIPS = "answers in drops"
    DNS = "the host name cannot be resolved"
    CLOCK = "the client's clock is 20 minutes wrong"
    EXPIRED = "expired credentials, later a rotated key"
    MIXED = "all of these by turns"


_PROXY_FAULTS: dict[Fault, tuple[ProxyFault, ...]] = {
    Fault.THROTTLING: (T.THROTTLE, T.TOO_MANY),
    Fault.HTML: (T.HTML_500, T.HTML_503),
    Fault.RESETS: (T.RESET, T.RESET_AFTER),
    Fault.TRUNCATED: (T.TRUNCATE_AFTER,),
    Fault.HANGS: (T.HANG, T.HANG_AFTER),
    Fault.DRIPS: (T.DRIP_AFTER,),
    Fault.MIXED: tuple(each for each in ProxyFault if each not in (T.EXPIRED, T.DENIED)),
}


@dataclass
class FaultWindow:
    """The faults of one run: from a call on, for some seconds, each call fails with a probability.

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

    def __call__(self, call: Call) -> ProxyFault | None:
        """What a call meets."""
        with self._lock:
            if self.began is None and call.number >= self.first:
                self._begin(call)
            if self.began is None:
                return None
            if self.fault is Fault.EXPIRED:
                return T.EXPIRED if call.access_key == self._expired else None
            if call.at >= self.over or self.fault not in _PROXY_FAULTS:
                return None
            if self.rng.random() >= self.share:
                return None
            return self.rng.choice(_PROXY_FAULTS[self.fault])

    def _begin(self, call: Call) -> None:
        self.began = call.at
        self._expired = call.access_key
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
