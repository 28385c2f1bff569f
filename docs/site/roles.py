"""Docstrings' reStructuredText roles in Markdown: a griffe extension, which mkdocstrings loads."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):`(~?)([\w.]+)`")


def to_markdown(text: str) -> str:
    """``:class:`~a.b.C``` becomes ``C`` in code, as Sphinx would show it; a line ``::`` goes."""
    text = _ROLE.sub(lambda match: f"`{match[2].rsplit('.', 1)[-1] if match[1] else match[2]}`", text)
    return re.sub(r"^::$", "", text, flags=re.MULTILINE).replace("::\n\n    ", ":\n\n    ")


class Roles(griffe.Extension):
    """Rewrites each docstring as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Convert the docstring; griffe calls it for every module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)
