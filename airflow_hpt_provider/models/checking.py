"""Which of AWS's rules a request breaks, also if other parts of it cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from airflow_hpt_provider.models.faults import lines_of
from airflow_hpt_provider.models.problems import RULE
from airflow_hpt_provider.models.reading import Reading, reading
from airflow_hpt_provider.models.rules import broken_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import InitErrorDetails

    from airflow_hpt_provider.models.faults import Location
    from airflow_hpt_provider.models.problems import Problem
    from airflow_hpt_provider.models.request import TuningJobRequest


def check_request(request: TuningJobRequest | Mapping[str, Any]) -> list[Problem]:
    """The rules that a request breaks which AWS checks only after the call.

    Args:
        request: a request, or a mapping that is to be one. Of a faulty mapping, as much is checked as can be read.

    Returns:
        The problems, in the order of the rules; none if all is well.
    """
    from airflow_hpt_provider.models.request import TuningJobRequest

    try:
        return broken_rules(TuningJobRequest.model_validate(request))
    except ValidationError as error:
        return problems_beside(lines_of(error), request)


def problems_beside(lines: Iterable[InitErrorDetails], request: Any) -> list[Problem]:
    """The rules that a request breaks besides the errors that are known.

    Args:
        lines: the known errors. What they may be the true cause of is left out.
        request: what cannot be read as a request.
    """
    from airflow_hpt_provider.models.request import TuningJobRequest

    unread: list[Location] = []
    for each in lines:
        location, kind = each.get("loc", ()), each["type"]
        if isinstance(kind, str) or kind.type != RULE:
            unread.append(location)
            context = {} if isinstance(kind, str) else kind.context or {}
            if "meant" in context:  # a misspelt member: what it was meant to be is not really missing
                unread.append((*location[:-1], context["meant"]))
    with reading(Reading.PARTS):
        parts: TuningJobRequest | None = TuningJobRequest.model_validate(request)
    if parts is None:
        return []
    return [problem for problem in broken_rules(parts) if not problem.unsure(unread)]
