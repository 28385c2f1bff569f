"""No file of the package imports itself by way of others when it is loaded.

Imports inside functions, and those for type checkers only, do not count: they run later, or never.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = "airflow_hpt_provider"


def modules() -> dict[str, str]:
    """Return the source of every module by its dotted name."""
    files = (file for file in (ROOT / PACKAGE).rglob("*.py") if "node_modules" not in file.parts)
    names = {file: ".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}
    return {name.removesuffix(".__init__"): file.read_text(encoding="utf-8") for file, name in names.items()}


def loaded(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that run when a module is loaded."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "handlers", "finalbody"):
                if field == "body" and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                    continue
                yield from loaded(getattr(node, field, []))


def imports(sources: dict[str, str]) -> dict[str, set[str]]:
    """Return the package's modules that each module imports when it is loaded."""
    graph: dict[str, set[str]] = {}
    for module, source in sources.items():
        graph[module] = set()
        for node in loaded(ast.parse(source).body):
            if isinstance(node, ast.Import):
                named = {alias.name for alias in node.names}
            else:
                submodules = {f"{node.module}.{alias.name}" for alias in node.names}
                # Without a submodule of that name, the name is the module's own.
                named = {name if name in sources else str(node.module) for name in submodules}
            graph[module] |= named & sources.keys() - {module}
    return graph


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = imports(modules())
    assert sum(map(len, graph.values())) > 500
    TopologicalSorter(graph).prepare()


def test_a_cycle_is_found_and_lazy_imports_are_none() -> None:
    first = "from p.second import x\nif TYPE_CHECKING:\n    import p.third\n"
    second = "try:\n    from p import third\nexcept ImportError:\n    pass\n"
    lazy = {"p.first": first, "p.second": second, "p.third": "def f() -> None:\n    import p.first\n"}
    TopologicalSorter(imports(lazy)).prepare()
    with pytest.raises(CycleError):
        TopologicalSorter(imports({**lazy, "p.third": "import p.first\n"})).prepare()
