"""From the values of a trigger form back to a request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.params.form import exposed
from airflow_hpt_provider.params.members import Request, as_plain, put, value_at

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobRequest

_HOLE = "\0param:"


class JsonTemplate(str):
    """A template that becomes JSON, each of whose expressions becomes one value: the operator takes no other."""

    __slots__ = ()


def tuning_config(request: Request, expose: Sequence[str] | None = None) -> str:
    """A config for the operator, with the form's values in it: ``config=tuning_config(REQUEST, expose)``.

    A template that becomes JSON; whatever a person enters, or another template in the request yields, stays one value
    in it. The operator checks it like every config before anything is created.

    Args:
        request, expose: as given to :func:`~airflow_hpt_provider.params.tuning_params`.
    """
    plain = as_plain(request)
    for key, member in list(exposed(plain, expose)):
        put(plain, member.place, f"{_HOLE}{key}")
    return JsonTemplate(_template(plain))


def request_from_params(
    request: Request, params: Mapping[str, Any], expose: Sequence[str] | None = None
) -> TuningJobRequest:
    """The request with the form's values in it, for Python code: ``request_from_params(REQUEST, context["params"])``.

    Args:
        request, expose: as given to :func:`~airflow_hpt_provider.params.tuning_params`.
        params: values by the params' names; those that are missing keep the request's value.

    Raises:
        pydantic.ValidationError: the values do not make a valid request; lists every problem.
    """
    from airflow_hpt_provider.models import TuningJobRequest

    plain = as_plain(request)
    for key, member in list(exposed(plain, expose)):
        if key in params and (params[key] is not None or value_at(plain, member.place) is not None):
            put(plain, member.place, params[key])
    return TuningJobRequest.model_validate(plain)


def _template(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))}: {_template(each)}" for key, each in value.items())
        # Spaces, because two braces together would be Jinja's.
        structure = f"{{ {inner} }}"
        holes = [each for each in value.values() if _is_hole(each)]
        if not holes or len(holes) < len(value):
            return structure
        given = " or ".join(f"{_name(each)} is not none" for each in holes)
        return f"{{% if {given} %}}{structure}{{% else %}}null{{% endif %}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_template, value))}]"
    if _is_hole(value):
        return f"{{{{ {_name(value)} | tojson }}}}"
    if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        return f"{{% filter tojson %}}{value}{{% endfilter %}}"
    return json.dumps(value)


def _is_hole(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_HOLE)


def _name(hole: str) -> str:
    return f"params.{hole.removeprefix(_HOLE)}"
