"""A StatsD server on loopback, and Airflow's own stats configured for it as a process of Airflow does."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

_LINE = re.compile(r"airflow\.(?P<name>[\w.]+)(?P<tags>(?:,[^:]+)?):(?P<value>[-+\d.]+)\|(?P<kind>c|g|ms)")


@dataclass(frozen=True)
class Sent:
    """One metric as it has arrived: ``c`` is a counter, ``g`` a gauge, ``ms`` a timer."""

    name: str
    kind: str
    value: float
    tags: dict[str, str] = field(default_factory=dict)


class StatsdListener:
    """Receives metrics in a thread of its own, on a free UDP port."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._open = True
        self._received: list[Sent] = []
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def _receive(self) -> None:
        while self._open:
            try:
                data = self._socket.recv(65536).decode()
            except TimeoutError:
                continue
            for line in data.splitlines():
                match = _LINE.fullmatch(line)
                assert match, f"not a StatsD line: {line}"
                tags = dict(tag.split("=") for tag in match["tags"].split(",") if tag)
                self._received.append(Sent(match["name"], match["kind"], float(match["value"]), tags))

    def of(self, name: str, **tags: str) -> list[Sent]:
        """Return what has arrived of a metric with these tags."""
        return [one for one in list(self._received) if one.name == name and one.tags.items() >= tags.items()]

    def wait_for_value(self, name: str, value: float) -> Sent:
        """Wait until a gauge has shown this value, which another may have replaced since."""
        deadline = time.monotonic() + 30
        while not (found := [one for one in self.of(name) if one.value == value]):
            assert time.monotonic() < deadline, f"{name} was never {value}: {self.of(name)}"
            time.sleep(0.02)
        return found[0]

    def wait_for_last(self, name: str, value: float) -> Sent:
        """Wait until the last value of a gauge is this one."""
        deadline = time.monotonic() + 30
        while not (found := self.of(name)) or found[-1].value != value:
            assert time.monotonic() < deadline, f"{name} is not {value}: {found}"
            time.sleep(0.02)
        return found[-1]

    def wait_for(self, name: str, count: int = 1, **tags: str) -> list[Sent]:
        """Wait until a metric has arrived ``count`` times, and return what has arrived."""
        deadline = time.monotonic() + 30
        while len(found := self.of(name, **tags)) < count:
            assert time.monotonic() < deadline, f"{name} {tags} has not arrived, but {self._received}"
            time.sleep(0.02)
        return found

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()


@contextmanager
def airflow_sends_metrics(package: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StatsdListener]:
    """Initialize one copy of Airflow's stats from its configuration, as the process that owns the copy does.

    Args:
        package: ``airflow.sdk``, the copy of a task's process; or ``airflow``, that of triggerer and API server.
        monkeypatch: restores the copy.
    """
    listener = StatsdListener()
    settings = {"HOST": "127.0.0.1", "PORT": str(listener.port), "ON": "True", "INFLUXDB_ENABLED": "True"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AIRFLOW__METRICS__STATSD_{name}", value)
    stats: Any = import_module(f"{package}._shared.observability.metrics.stats")
    factory: Callable[[], Any] = import_module(
        f"{package}.observability.metrics.stats_utils"
    ).get_stats_factory()
    for name in ("_factory", "_backend", "_export_legacy_names"):
        monkeypatch.setattr(stats, name, getattr(stats, name))
    stats.initialize(factory=factory, export_legacy_names=True)
    try:
        yield listener
    finally:
        if (client := getattr(stats._backend, "statsd", None)) is not None:
            client.close()
        monkeypatch.undo()
        listener.close()
