"""A scripted SageMaker whose responses are changed on their way: what a proxy, a bug or a liar makes of them."""

from __future__ import annotations

import copy
import gzip
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.scripted_sagemaker import ScriptedEndpoint, ScriptedSageMaker

Path = tuple[str | int, ...]

DEEP = 200_000
HUGE = 10**400
WRONG_VALUES: list[Any] = [
    None, [], {}, "", "soon", "7", True, -1, 1.5, HUGE, -HUGE, 2**31, 1e300, float("inf"), float("nan"), [None],
    [[]], {"a": "b"}, "somebody-elses-job", "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/x",
]  # fmt: skip
"""None of them is a final status, so none says that the job has ended."""

RAW_BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"true",
    b"NaN",
    b"{",
    b'{"__type": 5, "message": "x"}',
    b'{"__type": null, "message": null}',
    b'{"__type": ["ThrottlingException"], "message": {"a": 1}}',
    b'{"message": [1]}',
    b"<html>Bad gateway</html>",
    "<html>Zugriff verweigert: Schl\u00fcssel ung\u00fcltig</html>".encode("latin-1"),
    b"\xff\xfe\x00{",
    gzip.compress(b'{"HyperParameterTuningJobSummaries": []}'),
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b'{"HyperParameterTuningJobName": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"TrainingJobStatusCounters": {"Completed": ' + b"9" * 5000 + b"}}",
]
HEADERS = [
    "Date: yesterday",
    "Date: Mon, 99 Foo 0000 99:99:99 XYZ",
    "Date: Fri, 01 Jan 0001 00:00:00 +2359",
    "Date: \xff",
    "Retry-After: 999999999",
    "Retry-After: -7",
    "Retry-After: nan",
    "Retry-After: inf",
    "Retry-After: tomorrow",
    "Content-Encoding: gzip",
    "Content-Type: text/html; charset=iso-8859-1",
    "x-amzn-RequestId: \xe4",
    "x-amzn-query-error: ;;;",
]


@dataclass(frozen=True)
class Lie:
    """One changed response.

    Attributes:
        status: the HTTP status.
        body: makes the body from the true one.
        headers: lines that are added; Date replaces the true one.
        shown: for the report of a failure.
    """

    status: int = 200
    body: Callable[[bytes], bytes] = lambda true: true
    headers: tuple[str, ...] = ()
    shown: str = ""

    def __repr__(self) -> str:
        return f"Lie({self.status}, {self.shown}, {self.headers})"

    def apply(self, response: bytes) -> bytes:
        """Change a whole HTTP response."""
        head, true = response.split(b"\r\n\r\n", 1)
        body = self.body(true)
        replaced = {line.split(":")[0].lower() for line in self.headers} | {"content-length"}
        kept = [
            line for line in head.decode("latin-1").split("\r\n")[1:] if line.split(":")[0].lower() not in replaced
        ]  # fmt: skip
        lines = [f"HTTP/1.1 {self.status} X", *kept, *self.headers, f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class LyingEndpoint(ScriptedEndpoint):
    """Serves a script, but the next responses are lies.

    Attributes:
        lies: the next responses, one each.
        sent: how many lies have been sent.
    """

    def __init__(self, script: ScriptedSageMaker) -> None:
        super().__init__(script)
        self.lies: deque[Lie] = deque()
        self.sent = 0

    async def _answer(self, operation: str, body: dict[str, Any], key: str) -> bytes | None:
        true = await super()._answer(operation, body, key)
        if true is None or not self.lies:
            return true
        self.sent += 1
        return self.lies.popleft().apply(true)


def _places(value: Any, here: Path = ()) -> Iterator[Path]:
    if here:
        yield here
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in below:
        yield from _places(item, (*here, key))


def _replaced(true: bytes, index: int, value: Any, remove: bool) -> bytes:
    document = copy.deepcopy(json.loads(true))
    places = list(_places(document))
    if not places:
        return true
    *way, last = places[index % len(places)]
    parent = document
    for step in way:
        parent = parent[step]
    if remove:
        del parent[last]
    else:
        parent[last] = value
    return json.dumps(document).encode()


@st.composite
def lies(draw: st.DrawFn) -> Lie:
    """A response of which a value, the body, the status or a header is wrong."""
    headers = tuple(draw(st.lists(st.sampled_from(HEADERS), max_size=2, unique_by=lambda h: h.split(":")[0])))
    kind = draw(st.sampled_from(["value", "value", "missing", "raw", "cut"]))
    if kind == "raw":
        status = draw(st.sampled_from([200, 200, 302, 400, 407, 429, 500, 502, 503]))
        body = draw(st.sampled_from(RAW_BODIES))
        return Lie(status, lambda true: body, headers, f"{body[:40]!r}")
    number = draw(st.integers(0, 400))
    if kind == "cut":
        return Lie(200, lambda true: true[: number * 3], headers, f"cut at {number * 3}")
    value = draw(st.sampled_from(WRONG_VALUES))
    return Lie(
        200,
        lambda true: _replaced(true, number, value, kind == "missing"),
        headers,
        f"{kind} {number} {str(value)[:40] if value not in (HUGE, -HUGE) else 'huge'}",
    )


PLAUSIBLE: dict[str, dict[str, Any]] = {
    "another job's counters": {
        "TrainingJobStatusCounters": {
            "Completed": 7, "InProgress": 0, "RetryableError": 3, "NonRetryableError": 5, "Stopped": 2,
        }
    },
    "stopping, and running again": {"HyperParameterTuningJobStatus": "Stopping"},
    "deleting": {"HyperParameterTuningJobStatus": "Deleting"},
    "an end in the past": {"HyperParameterTuningEndTime": 946_684_800.0},
    "an end in the future": {"HyperParameterTuningEndTime": 253_000_000_000.0},
    "created in the future": {"CreationTime": 253_000_000_000.0, "LastModifiedTime": 253_000_000_001.0},
    "changed before it was created": {"LastModifiedTime": 1.0},
    "a reason for a failure": {"FailureReason": "It failed."},
    "a best training job of another tuning job": {
        "BestTrainingJob": {
            "TrainingJobName": "other-001",
            "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/other-001",
            "CreationTime": 1.0,
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {},
        }
    },
}  # fmt: skip
"""Members that are well-formed, and wrong: none of them says that the job has ended."""


def changed(members: dict[str, Any], without: tuple[str, ...] = ()) -> Callable[[bytes], bytes]:
    """Return what replaces or removes members of a response."""

    def change(true: bytes) -> bytes:
        document = {**json.loads(true), **members}
        return json.dumps({name: value for name, value in document.items() if name not in without}).encode()

    return change


@st.composite
def plausible_lies(draw: st.DrawFn) -> Lie:
    """A well-formed response about the right job in which one to three things are wrong."""
    names = draw(st.lists(st.sampled_from(sorted(PLAUSIBLE)), min_size=1, max_size=3, unique=True))
    members = {name: value for one in names for name, value in PLAUSIBLE[one].items()}
    return Lie(200, changed(members), (), ", ".join(names))
