"""The answer as text, in each form that ``--output`` names.

The aws CLI has no library for this: version 1's formatters are internal to a program that we do not depend on. What
they print is compared with ours byte for byte in ``tests/integration/cli/test_like_the_aws_cli.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = ("json", "yaml", "yaml-stream", "text", "table", "off")
COLORS = ("on", "off", "auto")


def write(value: Any, form: str, out: TextIO, *, title: str, color: str = "auto") -> None:
    """Write an answer, or what a query made of it.

    Args:
        value: JSON values and datetimes.
        form: one of :data:`FORMATS`.
        out: where to.
        title: of a table: the operation's name.
        color: of a table: one of :data:`COLORS`; ``auto``: on a terminal.

    Raises:
        ValueError: a table cannot hold lists of different lengths as its rows.
    """
    from airflow_hpt_provider.cli.aws.output import json_form, table_form, text_form, yaml_form

    writers: dict[str, Callable[[], None]] = {
        "json": lambda: json_form.write(value, out),
        "yaml": lambda: yaml_form.write(value, out),
        "yaml-stream": lambda: yaml_form.write([value] if value != {} else {}, out),
        "text": lambda: text_form.write(value, out),
        "table": lambda: table_form.write(value, out, title=title, color=color),
        "off": lambda: None,
    }
    writers[form]()
