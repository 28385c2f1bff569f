"""CloudWatch Logs' operations that read, on the one group that SageMaker writes to."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.aws_json.coral import shown
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.logs.streams import Event, Stream, find_streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GROUP = "/aws/sagemaker/TrainingJobs"
SERVICE = "logs"
MAX_EVENTS = 10_000
MAX_STREAMS = 50
TOKEN = re.compile(r"[fb]/0*(\d{1,18})")


@dataclass(frozen=True)
class TrainingLogs:
    """CloudWatch Logs' calls about the training jobs' logs.

    Args:
        directory: has a directory for each training job.
        region, account_id: in ARNs.
    """

    directory: Path
    region: str
    account_id: str

    def answer(self, operation: str, body: bytes) -> dict[str, Any] | None:
        """Return the response, in AWS names; None if the call is not for the training jobs' group.

        Raises:
            ServiceError: ResourceNotFoundException, InvalidParameterException.
        """
        handlers = {
            "DescribeLogStreams": self._describe_streams,
            "GetLogEvents": self._get_events,
            "FilterLogEvents": self._filter_events,
        }
        handler = handlers.get(operation)
        if handler is None:
            return None
        try:
            parameters = json.loads(body)
        except (ValueError, RecursionError):
            return None  # moto says so
        if not isinstance(parameters, dict) or not _is_ours(parameters):
            return None
        return handler(_Parameters(parameters))

    def _describe_streams(self, given: _Parameters) -> dict[str, Any]:
        by_time = given.text("orderBy", "LogStreamName") == "LastEventTime"
        streams = sorted(
            find_streams(self.directory, given.text("logStreamNamePrefix", "")),
            key=lambda stream: (stream.times[-1][1] if by_time else 0, stream.name),
            reverse=given.flag("descending"),
        )
        first, limit = given.place("nextToken"), given.limit(MAX_STREAMS)
        page = streams[first : first + limit]
        if not page and not any(find_streams(self.directory)):
            raise _missing("group")
        answer: dict[str, Any] = {"logStreams": [self._described(stream) for stream in page]}
        if len(streams) > first + limit:
            answer["nextToken"] = f"f/{first + limit}"
        return answer

    def _described(self, stream: Stream) -> dict[str, Any]:
        first, last = stream.times[0][1], stream.times[-1][1]
        return {
            "logStreamName": stream.name,
            "creationTime": first,
            "firstEventTimestamp": first,
            "lastEventTimestamp": last,
            "lastIngestionTime": last,
            "storedBytes": 0,  # deprecated: AWS says 0 too
            "arn": f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{GROUP}:log-stream:{stream.name}",
        }

    def _get_events(self, given: _Parameters) -> dict[str, Any]:
        name = given.text("logStreamName", "")
        stream = next((each for each in find_streams(self.directory, name) if each.name == name), None)
        if stream is None:
            raise _missing("stream")
        within: dict[str, int] = {
            "since": given.number("startTime", 0),
            "until": given.number("endTime", sys.maxsize),
            "limit": given.limit(MAX_EVENTS),
        }
        token = given.text("nextToken", "f/0" if given.flag("startFromHead") else f"b/{stream.end}")
        place = given.place("nextToken", token)
        events = stream.forward(place, **within) if token[0] == "f" else stream.backward(place, **within)
        return {
            "events": [_event(each) for each in events],
            "nextForwardToken": f"f/{events[-1].end if events else place:056d}",
            "nextBackwardToken": f"b/{events[0].begin if events else place:056d}",
        }

    def _filter_events(self, given: _Parameters) -> dict[str, Any]:
        """Stream after stream, page after page. Of patterns, words are understood, in quotes or not; all must occur."""
        words = _words(given.text("filterPattern", ""))
        names = given.names("logStreamNames")
        streams = sorted(
            (
                stream
                for stream in find_streams(self.directory, given.text("logStreamNamePrefix", ""))
                if names is None or stream.name in names
            ),
            key=lambda stream: stream.name,
        )
        if not streams and not any(find_streams(self.directory)):
            raise _missing("group")
        since, until = given.number("startTime", 0), given.number("endTime", sys.maxsize)
        limit = given.limit(MAX_EVENTS)
        last, _, token = given.text("nextToken", "").rpartition(" ")
        begin = given.place("nextToken", token) if token else 0
        found: list[dict[str, Any]] = []
        answer: dict[str, Any] = {"events": found, "searchedLogStreams": []}
        for stream in streams:
            if stream.name < last:
                continue
            place = begin if stream.name == last else 0
            while page := stream.forward(place, since=since, until=until, limit=MAX_EVENTS):
                for each in page:
                    if len(found) == limit:
                        answer["nextToken"] = f"{stream.name} f/{each.begin}"
                        return _in_time(answer)
                    if all(word in each.message for word in words):
                        found.append(
                            _event(each)
                            | {"logStreamName": stream.name, "eventId": f"{each.at:020d}{each.begin:036d}"}
                        )
                place = page[-1].end
        return _in_time(answer)


class _Parameters:
    """A call's parameters, each checked as it is read."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def text(self, name: str, default: str) -> str:
        value = self._given.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str):
            raise _invalid(name, value)
        return value

    def flag(self, name: str) -> bool:
        value = self._given.get(name)
        if value not in (None, True, False):
            raise _invalid(name, value)
        return bool(value)

    def number(self, name: str, default: int, *, most: int = sys.maxsize) -> int:
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise _invalid(name, value)
        return value

    def limit(self, most: int) -> int:
        """Return the page size: at least 1; at most and by default ``most``."""
        return max(1, self.number("limit", most, most=most))

    def names(self, name: str) -> set[str] | None:
        value = self._given.get(name)
        if value is not None and not (
            isinstance(value, list) and all(isinstance(each, str) for each in value)
        ):
            raise _invalid(name, value)
        return set(value) if value else None

    def place(self, name: str, token: str | None = None) -> int:
        """Return the number in a token; 0 without one."""
        token = self.text(name, "f/0") if token is None else token
        match = TOKEN.fullmatch(token)
        if match is None:
            raise _invalid(name, token)
        return int(match[1])


def _is_ours(parameters: Mapping[str, Any]) -> bool:
    group = parameters.get("logGroupName") or parameters.get("logGroupIdentifier")
    return isinstance(group, str) and group.rpartition(":log-group:")[2].removesuffix(":*") == GROUP


def _words(pattern: str) -> list[str]:
    if pattern.startswith(("{", "[", "%", "?", "-")):
        raise ServiceError(
            "InvalidParameterException",
            f"The local service does not understand the filter pattern '{pattern}': use words, which must all occur.",
        )
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', pattern)]


def _event(event: Event) -> dict[str, Any]:
    return {"timestamp": event.at, "message": event.message, "ingestionTime": event.at}


def _in_time(answer: dict[str, Any]) -> dict[str, Any]:
    answer["events"].sort(key=lambda event: event["timestamp"])
    return answer


def _missing(what: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"The specified log {what} does not exist.")


def _invalid(name: str, value: Any) -> ServiceError:
    return ServiceError(
        "InvalidParameterException", f"The value of {name} is not valid: '{shown(value, None)[:100]}'."
    )
