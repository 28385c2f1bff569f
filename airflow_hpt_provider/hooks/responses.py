"""Reading responses: whatever makes one unreadable, or a response to another question, is one error.

botocore reads responses on trust. An error page that is not UTF-8, ``null`` in place of an object, a counter that is
text or a time that is a word raise a dozen different Python errors, some of them far from the call; half a body, or a
page of HTML with status 200, is read as a response without members. None of them is a mistake of the caller's, so all
of them become a :class:`BadResponseError`, which is transient.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import HTTPClientError
from botocore.parsers import BaseJSONParser

from airflow_hpt_provider.models.status import TERMINAL_TUNING_STATUSES
from airflow_hpt_provider.retries.errors import one_line

if TYPE_CHECKING:
    from botocore.model import Shape

    from airflow_hpt_provider.models.validation.base import AnswerModel

M = TypeVar("M", bound="AnswerModel")
ARN_PARTS = 6
LATEST = 253_402_300_799.0
"""The last second of the year 9999, which is the last that a datetime can hold."""
_SPELT_FLOATS = frozenset({"NaN", "Infinity", "-Infinity"})
_BITS = {"integer": 31, "long": 63}
_KINDS = {"HyperParameterTuningJob": "hyper-parameter-tuning-job", "TrainingJob": "training-job"}
"""What is asked for by name, and the type that its ARN names."""


class BadResponseError(HTTPClientError):
    """A response that cannot be read, has arrived in part, or is about something else. Transient."""

    fmt = "bad response: {error}"


class EndlessPagesError(BadResponseError):
    """The pages of a list go round in a circle, or there are too many of them. Transient."""


def check_responses(client: Any) -> None:
    """Make a boto3 client raise BadResponseError for every response that it cannot read.

    The errors of building and signing a request, the user's own parameter errors among them, stay as they are.
    """
    endpoint = client._endpoint
    endpoint._response_parser_factory = _CheckedParserFactory(endpoint._response_parser_factory)


class _CheckedParserFactory:
    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def create_parser(self, protocol: str) -> Any:
        return _CheckedParser(self._factory.create_parser(protocol))


class _CheckedParser:
    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: Mapping[str, Any], shape: Shape | None) -> dict[str, Any]:
        try:
            parsed: dict[str, Any] = self._parser.parse(response, shape)
            if response["status_code"] >= 300:
                _check_error(parsed)
            else:
                self._check_body(response, parsed)
                if shape is not None:
                    _check(shape, parsed, shape.name, required=True)
        except BadResponseError:
            raise
        except Exception as error:
            raise BadResponseError(
                error=f"{type(error).__name__} while reading a response with HTTP status"
                f" {response.get('status_code')}: {one_line(error)}"
            ) from error
        return parsed

    def _check_body(self, response: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
        """Refuse a body from which botocore has read nothing although it is no empty object."""
        if not isinstance(self._parser, BaseJSONParser) or parsed.keys() - {"ResponseMetadata"}:
            return
        body = response["body"]
        if body.strip() and not isinstance(json.loads(body), dict):
            raise BadResponseError(error="the body is no JSON object")


def _check_error(parsed: Mapping[str, Any]) -> None:
    error = parsed.get("Error", {})
    if not (isinstance(error.get("Code", ""), str) and isinstance(error.get("Message", ""), str)):
        raise BadResponseError(error="the error's code or message is no text")


# -- the kinds of values ---------------------------------------------------------------------------------


def _check(shape: Any, value: Any, where: str, *, required: bool = False) -> None:
    """Compare a parsed value with its shape.

    Required members are asked for at the top and in the items of its lists: below, the service echoes requests.
    """
    kind = shape.type_name
    if kind == "structure":
        _expect(isinstance(value, dict), where, shape, value)
        missing = [name for name in shape.required_members if name not in value] if required else ()
        if missing:
            raise BadResponseError(error=f"only a part of {where} has arrived: {', '.join(missing)} missing")
        for name, member in shape.members.items():
            if name in value:
                below = required and member.type_name == "list"
                _check(member, value[name], f"{where}.{name}", required=below)
    elif kind == "list":
        _expect(isinstance(value, list), where, shape, value)
        for item in value:
            _check(shape.member, item, where, required=required)
    elif kind == "map":
        _expect(isinstance(value, dict) and all(isinstance(key, str) for key in value), where, shape, value)
        for item in value.values():
            _check(shape.value, item, where)
    elif kind in _SCALARS:
        _expect(_SCALARS[kind](shape, value), where, shape, value)


def _expect(right: bool, where: str, shape: Shape, value: Any) -> None:
    if not right:
        raise BadResponseError(error=f"{where} is no {shape.type_name} but {_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a number beyond all bounds"  # printing one of 10,000 digits is an error itself
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_whole(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    bound = 1 << _BITS[shape.type_name]
    least = 0 if shape.metadata.get("min", -1) >= 0 else -bound
    return bool(least <= value < bound)


def _is_number(shape: Shape, value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 10**300
    return isinstance(value, float) or value in _SPELT_FLOATS


def _is_time(shape: Shape, value: Any) -> bool:
    if isinstance(value, (int, float)):
        return not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= LATEST
    return isinstance(value, datetime)


_SCALARS: dict[str, Callable[[Shape, Any], bool]] = {
    "string": lambda shape, value: isinstance(value, str),
    "boolean": lambda shape, value: isinstance(value, bool),
    "integer": _is_whole,
    "long": _is_whole,
    "float": _is_number,
    "double": _is_number,
    "timestamp": _is_time,
}


def read(model: type[M], answer: Mapping[str, Any]) -> M:
    """Return a response as one of this provider's models.

    Raises:
        BadResponseError: the model cannot read it.
    """
    try:
        return model.model_validate(answer)
    except Exception as error:
        raise BadResponseError(error=f"it is no {model.__name__}: {one_line(error)}") from error


# -- whose response it is --------------------------------------------------------------------------------


def check_subject(parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Compare the names and ARNs of a response with what was asked for, and with each other.

    Args:
        parameters: the request, in AWS names.
        answer: the response; the summaries of a list are checked one by one.

    Raises:
        BadResponseError: the response is about another job.
    """
    for kind in _KINDS:
        asked, name = parameters.get(f"{kind}Name"), answer.get(f"{kind}Name")
        if asked is not None and name is not None and name.lower() != str(asked).lower():
            raise BadResponseError(error=f"asked for {kind} {asked}, it is about {_shown(name)}")
        _check_arn(kind, asked if name is None else name, answer.get(f"{kind}Arn"))
        for summary in answer.get(f"{kind}Summaries", ()):
            _check_arn(kind, summary.get(f"{kind}Name"), summary.get(f"{kind}Arn"))


def _check_arn(kind: str, name: str | None, arn: str | None) -> None:
    if name is None or arn is None:
        return
    parts = arn.lower().split(":", ARN_PARTS - 1)
    if len(parts) != ARN_PARTS or parts[0] != "arn" or parts[-1] != f"{_KINDS[kind]}/{name}".lower():
        raise BadResponseError(error=f"{kind} {name} has the ARN of something else: {_shown(arn)}")


def contradicts_its_end(answer: Mapping[str, Any]) -> bool:
    """Return whether a Describe response reports an end that its other members contradict.

    Its training jobs still run, it has no time of the end, or it completed without a best training job. The last is
    possible, and counters may lag; so a second response decides.
    """
    status = answer["HyperParameterTuningJobStatus"]
    return status in TERMINAL_TUNING_STATUSES and bool(
        "HyperParameterTuningEndTime" not in answer
        or answer["TrainingJobStatusCounters"].get("InProgress")
        or (status == "Completed" and "BestTrainingJob" not in answer)
    )
