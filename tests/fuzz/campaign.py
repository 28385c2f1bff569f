"""Sends malformed requests of every kind, and records the responses."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import unescape

from tests.fuzz import envelopes, http_bytes, json_bodies, other_services, s3_requests, searches
from tests.fuzz.case import Refused
from tests.fuzz.store import contents, difference
from tests.fuzz.wire import Wire
from tests.support.pythons_words import pythons_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_hpt_provider.demo.service import LocalService
    from tests.fuzz.case import Case, Kind
    from tests.fuzz.service import Resources
    from tests.fuzz.wire import Answer

KINDS: dict[str, Kind] = {
    **json_bodies.KINDS,
    **searches.KINDS,
    **envelopes.KINDS,
    **s3_requests.KINDS,
    **other_services.KINDS,
    **http_bytes.KINDS,
}
WEIGHTS = dict.fromkeys(json_bodies.KINDS, 3)
"""The others count once: the bodies are where most can go wrong."""


@dataclass
class Row:
    """What came of the requests of one kind."""

    kind: str
    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What came of all."""

    seed: int
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """Requests in all."""
        return sum(row.sent for row in self.rows)

    @property
    def faults(self) -> list[str]:
        """Every answer that was not the right refusal, and every change of the store."""
        return [f"{row.kind}: {text}" for row in self.rows for text in (*row.faults, *row.changed)]

    def table(self) -> str:
        """As text, a line for each kind."""
        lines = [f"{'malformed':36}{'sent':>6}  {'slowest':>8}  {'wrong':>5}  {'store':9}  answers"]
        for row in self.rows:
            answers = ", ".join(
                f"{status or 'closed'}: {count}" for status, count in sorted(row.statuses.items())
            )
            store = "CHANGED" if row.changed else "unchanged"
            lines.append(
                f"{row.kind:36}{row.sent:>6}  {row.slowest * 1000:>5.0f} ms  {len(row.faults):>5}  {store:9}  {answers}"
            )
        lines.append(
            f"{self.sent} requests in {self.seconds:.0f} s, seed {self.seed}: "
            f"{len(self.faults)} wrong answers or changes"
        )
        return "\n".join(lines)


def run(
    service: LocalService,
    resources: Resources,
    *,
    count: int,
    seed: int,
    reported: Callable[[str], None] = lambda text: None,
) -> Report:
    """Send about ``count`` malformed requests, the same for the same seed and resources.

    The store is compared after each kind, so that a change is known by what made it.
    """
    report = Report(seed)
    began = time.monotonic()
    wire = Wire(service.environment)
    total = sum(WEIGHTS.get(kind, 1) for kind in KINDS)
    before = contents(service)
    for kind, make in KINDS.items():
        rng = random.Random(f"{seed} {kind}")
        row = Row(kind)
        report.rows.append(row)
        for _ in range(-(-count * WEIGHTS.get(kind, 1) // total)):
            _send(wire, make(rng, resources), row)
        service.check()
        after = contents(service)
        row.changed = difference(before, after)
        before = after
        reported(kind)
    wire.close()
    report.seconds = time.monotonic() - began
    return report


def _send(wire: Wire, case: Case, row: Row) -> None:
    began = time.monotonic()
    answer = wire.send(case)
    row.slowest = max(row.slowest, time.monotonic() - began)
    row.sent += 1
    row.statuses[answer.status] += 1
    fault = wrong(case, answer)
    if fault:
        row.faults.append(f"{fault}\n    of {case!r}\n    answer {answer.body[:300]!r}")


def wrong(case: Case, answer: Answer) -> str | None:
    """What is wrong with an answer; None if it is a refusal as it should be."""
    if case.refused is Refused.HTTP and answer.status == 0:
        return None
    if not 400 <= answer.status < 500:
        return f"status {answer.status}"
    if case.refused is Refused.HTTP or case.method == "HEAD":
        return None
    shapes = {Refused.JSON: _json, Refused.S3: _s3, Refused.QUERY: _query}
    wanted = [shapes[case.refused]] if case.refused in shapes else list(shapes.values())
    problems = [shape(answer) for shape in wanted]
    if None not in problems:
        return f"{answer.status}, " + "; ".join(filter(None, problems))
    found = pythons_words(_message(answer), _texts(case))
    return None if found is None else f"{answer.status}, Python's words: {found}"


def _message(answer: Answer) -> str:
    """The words of an error, in whatever protocol."""
    text = answer.body.decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return unescape(" ".join(re.findall(r"<Message>(.*?)</Message>", text, re.DOTALL)))


def _texts(case: Case) -> list[Any]:
    """The texts of a request, which a message may repeat."""
    body = case.body.decode(errors="replace")
    try:
        inner = json.loads(body)
    except (ValueError, RecursionError):
        inner = None
    words = [*re.findall(r"[^&=<>\"']+", body), *case.headers.values(), *case.sent_headers.values()]
    return [inner, case.path, unquote(case.path), *words]


def _json(answer: Answer) -> str | None:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return "no JSON"
    if not isinstance(body, dict) or not body.get("__type") or not body.get("message"):
        return "no __type or no message"
    if answer.headers.get("content-type") != "application/x-amz-json-1.1":
        return f"content type {answer.headers.get('content-type')}"
    if answer.headers.get("x-amzn-errortype") != body["__type"] or not answer.headers.get("x-amzn-requestid"):
        return "no X-Amzn-ErrorType or no X-Amzn-RequestId"
    return None


def _s3(answer: Answer) -> str | None:
    if not re.search(rb"<Error><Code>\w+</Code><Message>.*</Message>", answer.body, re.DOTALL):
        return "no <Error> with <Code> and <Message>"
    try:
        root = ET.fromstring(answer.body)
    except ET.ParseError as error:
        return f"no XML: {error}"
    if root.tag != "Error" or not {"Code", "Message", "RequestId"} <= {each.tag for each in root}:
        return f"root {root.tag} with {[each.tag for each in root]}"
    return None if answer.headers.get("x-amz-request-id") else "no x-amz-request-id"


def _query(answer: Answer) -> str | None:
    return None if b"<ErrorResponse" in answer.body and b"<Code>" in answer.body else "no <ErrorResponse>"
