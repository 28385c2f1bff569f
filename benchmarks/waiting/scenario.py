"""The script that both subjects wait through, and the endpoint process that runs it.

``python -m benchmarks.waiting.scenario`` prints its URL and serves until its standard input is closed. A subject
that is ready starts the scenario with :func:`begin`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.scripted_sagemaker import ScriptedEndpoint, ScriptedJob, ScriptedSageMaker

GOLDEN = 0.618033988749895


def job_name(number: int) -> str:
    return f"bench-{number:05}"


def end_offset(number: int, first: float, last: float) -> float:
    """When a job ends, in seconds from the beginning: evenly spread, in no order."""
    return first + (last - first) * (number * GOLDEN % 1.0)


def scripted_jobs(count: int, start: float, first: float, last: float) -> list[ScriptedJob]:
    return [
        ScriptedJob(job_name(n), start, start + end_offset(n, first, last), training_jobs=20 + n % 31)
        for n in range(count)
    ]


class Scenario(ScriptedSageMaker):
    """A scenario that begins on request."""

    def control(self, body: dict[str, Any]) -> dict[str, Any]:
        now = self.clock()
        if body:
            self.calls.clear()
            self.times.clear()
            self.fault_rate = body["fault_rate"]
            self.add(scripted_jobs(body["jobs"], now, body["first"], body["last"]))
        return {
            "now": now,
            "calls": dict(self.calls),
            "seconds": now - self.times[0][0] if self.times else 0.0,
        }


@contextmanager
def scenario_endpoint() -> Iterator[str]:
    """Yield the endpoint in a process of its own; its URL."""
    command = [sys.executable, "-m", "benchmarks.waiting.scenario"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(30)


def control(url: str, **body: Any) -> dict[str, Any]:
    """Begin the scenario (with jobs, first, last, fault_rate), or ask for its counts (without)."""
    request = urllib.request.Request(url, data=json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        return dict(json.load(answer))


def main() -> None:
    with ScriptedEndpoint(Scenario()) as endpoint:
        print(endpoint.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
