"""Turns the values of a trigger form back into a request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.models.validation.text import as_text
from airflow_hpt_provider.params.form import exposed
from airflow_hpt_provider.params.members import Request, as_plain, put, value_at

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobRequest

_HOLE = "\0param:"
_PRINTED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_BRACES = {"{": "\\u007b", "}": "\\u007d"}


def tuning_config(request: Request, expose: Sequence[str] | None = None) -> str:
    """Return a config for the operator that reads the form's values: ``config=tuning_config(REQUEST, expose)``.

    One template expression that becomes JSON; whatever a person enters, or another template of the request yields,
    stays one value in it. The operator checks it like every config before anything is created.

    Args:
        request, expose: as given to :func:`~airflow_hpt_provider.params.tuning_params`. Of templates, the request may
            have ``{{ }}`` in its texts.

    Raises:
        UnknownMemberError: a name in ``expose`` means nothing, or several things.
        ValueError: the request has other templates.
    """
    plain = as_plain(request)
    for key, member in list(exposed(plain, expose)):
        put(plain, member.place, f"{_HOLE}{key}")
    return f"{{{{ {_expression(plain)} | tojson }}}}"


def request_from_params(
    request: Request, params: Mapping[str, Any], expose: Sequence[str] | None = None
) -> TuningJobRequest:
    """Return the request with the form's values, for Python code: ``request_from_params(REQUEST, context["params"])``.

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


def _expression(value: Any) -> str:
    """Return a Jinja expression for a value. It has no double braces, which would end the whole expression."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_literal(str(key))}: {_expression(each)}" for key, each in value.items())
        structure = f"{{ {inner} }}"
        holes = [each for each in value.values() if _is_hole(each)]
        if not holes or len(holes) < len(value):
            return structure
        # A structure of nothing but what may be left empty: then it is left out.
        given = " or ".join(f"{_name(each)} is not none" for each in holes)
        return f"({structure} if {given} else none)"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_expression, value))}]"
    if _is_hole(value):
        return _name(value)
    if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        return _concatenation(value)
    return _literal(value)


def _concatenation(text: str) -> str:
    """Return a text with ``{{ }}`` in it as an expression: ``s3://{{ x }}/y`` -> ``("s3://" ~ (x) ~ "/y")``.

    Raises:
        ValueError: it has other template marks, or braces within the expression.
    """
    parts = _PRINTED.split(text)
    literals, expressions = parts[::2], parts[1::2]
    if any(mark in each for each in literals for mark in ("{{", "{%", "{#")) or any(
        brace in each for each in expressions for brace in "{}"
    ):
        raise ValueError(
            f"tuning_config() supports only simple {{{{ ... }}}} expressions, without nested braces, got {text!r}"
        )
    pieces = [_literal(literals[0])]
    for expression, literal in zip(expressions, literals[1:], strict=True):
        pieces += [f"({expression.strip()})", _literal(literal)]
    return f"({' ~ '.join(pieces)})"


def _literal(value: Any) -> str:
    """Write a constant in Jinja, which is JSON; braces in texts are written as character codes."""
    text = json.dumps(value, ensure_ascii=False, default=_text)
    return "".join(_BRACES.get(character, character) for character in text)


def _text(value: Any) -> str:
    """Write what JSON has no form for, such as a date in a YAML file, as the text in a request without a form."""
    text = as_text(value)
    if text is None:
        raise TypeError(f"tuning_config() supports JSON values only, got {value!r:.40}. Give it as text")
    return text


def _is_hole(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_HOLE)


def _name(hole: str) -> str:
    return f"params.{hole.removeprefix(_HOLE)}"
