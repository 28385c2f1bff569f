"""Uses of the amazon operator's result: ``["Tuning"][...]`` in Python and in templates."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.migrate.differences import RESULT_KEY, XCOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_METRIC = ("BestTrainingJob", "FinalHyperParameterTuningJobObjectiveMetric", "Value")
_WORD = r"""(?:'[^']*'|"[^"]*")"""
_KEY = rf"""(?:\[\s*{_WORD}\s*\]|\.get\(\s*{_WORD}[^)]*\)|\.(?!get\()[A-Za-z_]\w*)"""
_TEMPLATE = re.compile(
    rf"""(?:\[\s*['"]{RESULT_KEY}['"]\s*\]|\.get\(\s*['"]{RESULT_KEY}['"][^)]*\)|\)\.{RESULT_KEY}\b"""
    rf"""|\.output\.{RESULT_KEY}\b)(?P<rest>{_KEY}*)"""
)
_ONE_KEY = re.compile(r"""[\[(]\s*['"]([^'"]*)['"][^\])]*[\])]|\.(?!get\()([A-Za-z_]\w*)""")
_READS_XCOM = ("xcom_pull", "output", "XComArg")


@dataclass(frozen=True)
class Use:
    """What to write instead, and why."""

    what: str
    why: str


def in_code(node: ast.Subscript | ast.Call, *, anywhere: bool) -> Use | None:
    """Return the use of an amazon result: a chain of ``[...]`` and ``.get(...)`` that reads one of its members.

    Args:
        node: the outermost one of the chain.
        anywhere: the file uses the classes, so that any ``["Tuning"]`` is their result; else only one whose value
            evidently comes from an XCom.
    """
    keys: list[str] = []
    inner: ast.expr = node
    while link := _link(inner):
        key, inner = link
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            keys.insert(0, key.value)
        else:
            keys.clear()  # what follows an index or a variable is not a member of the result
        if keys and keys[0] == RESULT_KEY and (anywhere or _reads_xcom(inner)):
            return _instead(keys[1:])
    return None


def _link(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Return the key and the rest of ``rest[key]`` and of ``rest.get(key, ...)``."""
    if isinstance(node, ast.Subscript):
        return node.slice, node.value
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and node.args
    ):
        return node.args[0], node.func.value
    return None


def in_template(text: str) -> Iterator[Use]:
    """Members of their result in a Jinja template."""
    if not any(word in text for word in _READS_XCOM):
        return
    for match in _TEMPLATE.finditer(text):
        yield _instead([a or b for a, b in _ONE_KEY.findall(match["rest"])])


def _reads_xcom(node: ast.expr) -> bool:
    return any(
        (isinstance(part, ast.Attribute) and part.attr in _READS_XCOM)
        or (isinstance(part, ast.Name) and part.id in _READS_XCOM)
        for part in ast.walk(node)
    )


def _instead(keys: Sequence[str]) -> Use:
    amazon_name = "".join(f'["{key}"]' for key in (RESULT_KEY, *keys))
    if not keys:
        return Use(
            f"Replace {amazon_name}: the return value is the result itself.",
            "TuningResult.from_xcom(value) reads it, with types; docs/migrate.md lists its members.",
        )
    if tuple(keys) == _METRIC:
        return Use(
            f'Replace {amazon_name} by ["final_metric"], a float.',
            'It is also a separate XCom: key="final_metric".',
        )
    ours = XCOM.get(keys[0])
    rest = "".join(f'["{key}"]' for key in keys[1:])
    if ours is None:
        return Use(
            f"Replace {amazon_name}: the new result has no such member.", "docs/migrate.md lists the members."
        )
    if not ours.startswith("["):
        return Use(f"Replace {amazon_name}.", f"{ours[0].upper()}{ours[1:]}.")
    why = "Times are ISO 8601, numbers are numbers; the members inside keep AWS's names."
    return Use(f"Replace {amazon_name} by {ours}{rest}.", why)
