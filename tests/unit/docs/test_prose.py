"""The project's prose keeps to the style guide in CONTRIBUTING.md: documentation, docstrings, comments and messages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PACKAGE = REPOSITORY / "airflow_hpt_provider"

BANNED: dict[str, str] = tomllib.loads((REPOSITORY / "prose.toml").read_text(encoding="utf-8"))["banned"]
_BANNED = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in BANNED), re.IGNORECASE | re.DOTALL)
_AWS = "take a look at the training job failures"
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


def findings(path: Path, source: str | None = None) -> list[str]:
    """Return the banned phrases of a file."""
    source = path.read_text(encoding="utf-8") if source is None else source
    if path.suffix != ".py":
        return found(source)
    texts = list(python_prose(source))
    if path.is_relative_to(REPOSITORY / "tests"):
        # A string of one word is data, such as a user's name. The name of a test is a sentence.
        texts = [text for text in texts if " " in text.strip()]
        texts += [name.replace("_", " ") for name in re.findall(r"def (test_\w+)", source)]
    return [phrase for text in texts for phrase in found(text)]


def prose_files() -> list[Path]:
    """Return the files that have readers: pages, Python modules, tests and the page's source."""
    return sorted(
        [
            *REPOSITORY.glob("*.md"),
            *(REPOSITORY / "docs").rglob("*.md"),
            *(
                file
                for folder in ("benchmarks", "dags", "docs", "tests")
                for file in (REPOSITORY / folder).rglob("*.py")
                if file != Path(__file__)
            ),
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
    assert {
        "README.md",
        "docs/index.md",
        "airflow_hpt_provider/exceptions.py",
        "tests/support/wheels.py",
    } <= set(FILES)
    assert len(FILES) > 700


@pytest.mark.parametrize("name", FILES)
def test_prose_has_no_banned_words(name: str) -> None:
    assert findings(FILES[name]) == [], "see the style guide in CONTRIBUTING.md, and BANNED for what to write"


@pytest.mark.parametrize(
    ("prose", "phrases"),
    [
        ("It is told.", ["told"]),
        ("It tells\nthem apart, by ask-and-tell.", []),
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


def test_in_a_test_names_are_prose_and_words_are_data() -> None:
    source = 'def test_all_at_once() -> None:\n    user = "nobody"\n    raise E("nobody waits")\n'
    assert sorted(findings(REPOSITORY / "tests" / "test_sample.py", source)) == ["at once", "nobody"]
    assert len(findings(PACKAGE / "sample.py", source)) == 2, "a word in the package is prose; a name is none"
