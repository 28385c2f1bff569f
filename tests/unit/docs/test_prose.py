"""The project's prose keeps to the style guide in CONTRIBUTING.md: documentation, docstrings, comments and messages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PACKAGE = REPOSITORY / "airflow_hpt_provider"

BANNED = {
    r"(?:tell|tells|told|telling)\b(?!.{0,60}\bapart)": "say, report, show, log, list, return",
    r"anew|afresh": "again",
    r"bear|bears|borne|bearing": "tolerate, survive",
    r"beside": "next to, in addition to",
    r"so many": "the parameter's name, or N",
    r"whoever|nobody|somebody": "the component's or the role's name",
    r"(?:go|goes|went|gone|going) on": "continue, keep running, retry",
    r"is there": "exists, is installed",
    r"theirs|of ours": "the component's name",
    r"for people": "human-readable",
    r"at once": "immediately, or at the same time",
    r"(?:a|one|two|first|last|next|each|every|per|between|early|the|of) looks?|look(?:ed|s|ing)? at": "poll, check",
    r"meanwhile|by now": "in the meantime, already, or nothing",
    r"but for": "except",
    r"how-maniet[h]": "the number",
    r"sightin[g]s?|patienc[e]|settlemen[t]|leftover[s]|keepe[r]|weathe[r]|play[s]": "the field's word",
    r"see_throug[h]|no_lea[k]": "the field's word",
}
_BANNED = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in BANNED), re.IGNORECASE | re.DOTALL)
_AWS = "Please take a look at the training job failures"
"""Text of AWS's own error messages."""
_CODE = re.compile(r"^```.*?^```|``[^`]+``|`[^`\n]+`|<[^>\n]+>|\]\([^)]*\)", re.DOTALL | re.MULTILINE)


def found(prose: str) -> list[str]:
    """Return the banned phrases of a text. Code, links and markup are no prose."""
    return [match[0] for match in _BANNED.finditer(" ".join(_CODE.sub(" ", prose).replace(_AWS, "").split()))]


def python_prose(source: str) -> Iterator[str]:
    """Yield the strings and comments of a module; consecutive comment lines are one text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    comments = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    text = ""
    for index, token in enumerate(comments):
        follows = index and token.start[0] == comments[index - 1].start[0] + 1
        if not follows:
            yield text
            text = ""
        text += f"{token.string.lstrip('# ')} "
    yield text


def findings(path: Path) -> list[str]:
    """Return the banned phrases of a file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return [phrase for text in python_prose(source) for phrase in found(text)]
    return found(source)


def prose_files() -> list[Path]:
    """Return the files whose text somebody reads: pages, Python modules and the page's source."""
    return sorted(
        [
            *REPOSITORY.glob("*.md"),
            *(REPOSITORY / "docs").rglob("*.md"),
            *(REPOSITORY / "dags").rglob("*.py"),
            *PACKAGE.rglob("*.py"),
            *(
                file
                for file in (PACKAGE / "ui/frontend/src").rglob("*.ts*")
                if ".test." not in file.name and file.suffix in (".ts", ".tsx")
            ),
        ]
    )


FILES = {path.relative_to(REPOSITORY).as_posix(): path for path in prose_files()}


def test_it_reads_all_kinds_of_prose() -> None:
    assert {"README.md", "docs/index.md", "airflow_hpt_provider/exceptions.py"} <= set(FILES)
    assert len(FILES) > 300


@pytest.mark.parametrize("name", FILES)
def test_prose_has_no_banned_words(name: str) -> None:
    assert findings(FILES[name]) == [], "see the style guide in CONTRIBUTING.md, and BANNED for what to write"


@pytest.mark.parametrize(
    ("prose", "phrases"),
    [
        ("It is told.", ["told"]),
        ("It tells\nthem apart.", []),
        ("`told` and\n```\nat once\n```\n", []),
        ("At\nonce.", ["At once"]),
        ("A look at it goes on.", ["A look", "goes on"]),
    ],
)
def test_a_banned_phrase_is_found(prose: str, phrases: list[str]) -> None:
    assert found(prose) == phrases


def test_strings_docstrings_and_comments_are_prose() -> None:
    source = '"""Told."""\nraise E(f"{x} is told " "at once")\n# whoever\n# goes\n# on\nx = 1  # anew\n'
    texts = [phrase for text in python_prose(source) for phrase in found(text)]
    assert sorted(texts) == sorted(["Told", "told", "at once", "whoever", "goes on", "anew"])
