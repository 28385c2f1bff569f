"""This machine's resolver and clock, made to fail for the clients of one port, while others go undisturbed.

Neither can fail truly on the way: a proxy is reached or not, and cannot sign again. So both fail where they fail
in life, inside the client's process. The service refuses a wrong clock's signatures by itself.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import botocore.compat


@dataclass
class ClientFaults:
    """What is wrong with it.

    Attributes:
        unresolvable: ports whose host name has no address now. (Names differ by their ports: the service
            answers to ``localhost`` only.)
        skew: by how much the clock of the clients of a port is wrong.
        faulted: how often each port's clients met either.
    """

    unresolvable: set[int] = field(default_factory=set)
    skew: dict[int, timedelta] = field(default_factory=dict)
    faulted: Counter[int] = field(default_factory=Counter)

    @contextlib.contextmanager
    def patched(self) -> Iterator[ClientFaults]:
        """Let this process live on it."""
        resolve, add_auth = socket.getaddrinfo, botocore.auth.SigV4Auth.add_auth
        now = botocore.auth.get_current_datetime  # type: ignore[attr-defined]
        signing = threading.local()

        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if port in self.unresolvable:
                self.faulted[port] += 1
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return resolve(host, port, *args, **kwargs)

        def signed(auth: Any, request: Any) -> Any:
            port = urlsplit(request.url).port or 0
            signing.skew = self.skew.get(port, timedelta())
            self.faulted[port] += bool(signing.skew)
            try:
                return add_auth(auth, request)
            finally:
                signing.skew = timedelta()

        def skewed(remove_tzinfo: bool = True) -> datetime:
            return now(remove_tzinfo) + getattr(signing, "skew", timedelta())  # type: ignore[no-any-return]

        with contextlib.ExitStack() as undo:
            for place, name, patch in (
                (socket, "getaddrinfo", getaddrinfo),
                (botocore.auth.SigV4Auth, "add_auth", signed),
                (botocore.auth, "get_current_datetime", skewed),
            ):
                undo.callback(setattr, place, name, getattr(place, name))
                setattr(place, name, patch)
            yield self
