"""What the documentation quotes is loaded by tests, and what is public is documented."""

from __future__ import annotations

import inspect
import re
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.xcom import push
from docs import quotes
from docs.site import nav, reference, roles, source

PAGES = source.kept()
LOADED = re.compile(r"dags/(training/)?[\w-]+\.(py|yaml)|docs/snippets/[\w-]+\.py")
"""tests/unit/dags loads every DAG, tests/unit/demo runs the training script, and the two tests below the rest."""

SOURCES = [
    file.read_text()
    for file in (*source.REPOSITORY.glob("dags/**/*.py"), *source.REPOSITORY.glob("docs/snippets/*.py"))
    if LOADED.fullmatch(file.relative_to(source.REPOSITORY).as_posix())
]


def python_blocks(text: str) -> list[str]:
    """The bodies of blocks that are marked as Python."""
    return re.findall(r"^```(?:py|python)[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if python_blocks(text)])
def test_python_is_quoted_from_files_that_tests_load(page: str) -> None:
    for block in python_blocks(quotes.updated(PAGES[page])):
        indented = [textwrap.indent(block, " " * spaces) for spaces in (0, 4, 8)]
        quoted = any(text in file for text in indented for file in SOURCES)
        assert quoted, f"{page}: quote this from a file:\n{block}"


@pytest.mark.parametrize("path", quotes.PAGES, ids=lambda path: path.name)
def test_marked_quotations_are_up_to_date(path: Path) -> None:
    page = path.read_text()
    assert quotes.updated(page) == page, "run .venv/bin/python -m docs.quotes"
    assert all(LOADED.fullmatch(file) for file, _ in quotes.quotes(page)), "quote files that tests load"


def test_a_changed_quotation_is_found_and_updated() -> None:
    page = "before\n<!-- quote docs/snippets/how_to.py:stop -->\n```python\nold = 1\n```\nafter\n"
    section = quotes.text_of("docs/snippets/how_to.py", "stop")
    assert quotes.updated(page) == page.replace("old = 1\n", section)
    with pytest.raises(ValueError, match="has no section nowhere"):
        quotes.updated(page.replace(":stop", ":nowhere"))


def test_every_section_of_a_snippet_is_quoted() -> None:
    quoted = {quote for path in quotes.PAGES for quote in quotes.quotes(path.read_text())}
    folder = source.REPOSITORY / "docs" / "snippets"
    sections = {
        (f"docs/snippets/{file.name}", section)
        for file in folder.glob("*.py")
        for section in re.findall(r"# \[start:([\w-]+)\]", file.read_text())
    }
    assert sections
    assert sections <= quoted


def test_every_page_has_its_place() -> None:
    pages = [*PAGES, *reference.pages()]
    reported = nav.nav(pages)
    assert set(re.findall(r"'([\w/-]+\.md)'", str(reported))) == set(pages)
    assert {"More": ["new.md"]} in nav.nav(["index.md", "new.md"])


PUBLIC = [
    *(name for kind in reference.KINDS for name in reference.public_classes(kind)),
    *reference.public_models(),
    *reference.public_exceptions(),
]


def thing(dotted: str) -> Any:
    """What a dotted name stands for."""
    module, name = dotted.rsplit(".", 1)
    return getattr(import_module(module), name)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_and_its_methods_are_documented(name: str) -> None:
    value = thing(name)
    assert "doc" in dir(value) or (value.__doc__ or "").strip(), f"{name} has no docstring"
    if inspect.isclass(value):
        own = {
            key: each
            for key, each in vars(value).items()
            if not key.startswith("_") and inspect.isroutine(each)
        }
        assert [key for key, each in own.items() if not (inspect.getdoc(each) or "").strip()] == []


@pytest.mark.parametrize(
    "name", [name for kind in reference.KINDS for name in reference.public_classes(kind)]
)
def test_every_argument_is_documented(name: str) -> None:
    value = thing(name)
    names = {
        each.name
        for base in value.__mro__
        if base.__module__.startswith("airflow_hpt_provider.") and "__init__" in vars(base)
        for each in inspect.signature(inspect.unwrap(vars(base)["__init__"])).parameters.values()
        if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)
    }
    said = inspect.getdoc(value) or ""
    assert [each for each in sorted(names - {"self"}) if not re.search(rf"\b{each}\b", said)] == []


def test_every_public_name_has_a_place_in_the_reference() -> None:
    written = " ".join(reference.pages().values())
    assert [name for name in PUBLIC if f"::: {name}\n" not in written + "\n"] == []


def test_every_option_that_is_read_is_declared_and_documented() -> None:
    options = reference.config_options()
    read = {
        match
        for file in (source.REPOSITORY / "airflow_hpt_provider").rglob("*.py")
        for match in re.findall(r"""\bsetting\(\s*["'](\w+)["']""", file.read_text())
    }
    assert read
    assert read <= set(options)
    page = reference.pages()["reference/configuration.md"]
    for name, option in options.items():
        assert f"## {name}\n" in page
        assert option["description"].strip() in page


def test_every_command_is_documented_and_so_is_each_option() -> None:
    commands = reference.commands()
    assert {"airflow-hpt local serve", "airflow-hpt demo", "airflow-hpt up"} <= set(commands)
    reported = reference.pages()["reference/commands.md"]
    for name, command in commands.items():
        assert f"## {name}\n" in reported
        assert command.purpose, f"{name} does not say what it is for"
        silent = [action.dest for action in command.parser._actions if not action.help]
        assert silent == [], f"{name} has options without help"


def test_every_xcom_key_is_documented() -> None:
    keys = {value for name, value in vars(push).items() if name.isupper() and isinstance(value, str)}
    assert {"tuning_job_name", "final_metric", "return_value"} <= keys
    page = PAGES["xcom.md"]
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
    members = [name for name in TuningResult.model_fields if f"`{name}`" not in page]
    assert members == []


def test_roles_become_markdown() -> None:
    assert roles.to_markdown("a :class:`~a.b.C` and :mod:`a.b`") == "a `C` and `a.b`"
