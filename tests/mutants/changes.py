"""The single changes of a module's source: each a line that says what it is, and the changed source."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}

_NOTHING = ("return", "return None", "return False")
"""Statements that return nothing already."""


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        module: path of the module from the repository's root.
        line: where, counted from 1.
        function: the innermost function or class around it.
        tree: the module before the change.
        place, number: the node, counted as :func:`ast.walk` does, and which of its edits this is.
    """

    module: str
    line: int
    function: str
    tree: ast.Module
    place: int
    number: int

    def made(self) -> tuple[str, str]:
        """Return what ``judged.toml`` knows the change by, which no moved line alters, and the changed module."""
        changed = copy.deepcopy(self.tree)
        node = next(each for index, each in enumerate(ast.walk(changed)) if index == self.place)
        before, apply = list(_edits(node))[self.number]
        apply()
        what = f"{_short(before)} -> {_short(ast.unparse(node))}"
        return f"{self.module}::{self.function}: {what}", ast.unparse(ast.fix_missing_locations(changed))


def changes(module: str, source: str) -> Iterator[Change]:
    """Yield every change of a module."""
    tree = ast.parse(source)
    functions = _functions(tree)
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in functions:
            for number, _ in enumerate(_edits(node)):
                yield Change(module, getattr(node, "lineno", 0), functions[id(node)], tree, place, number)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 110 else f"{line[:107]}..."


def _functions(tree: ast.Module) -> dict[int, str]:
    """Return the name of the function around each node in a function, except for its docstring and annotations."""
    names: dict[int, str] = {}

    def visit(node: ast.AST, name: str, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and _is_log(child.value):
                continue
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                function = not isinstance(child, ast.ClassDef)
                visit(child, f"{name}.{child.name}".lstrip("."), function)
            elif inside and not isinstance(child, ast.arg):
                names[id(child)] = name
                visit(child, name, inside)

    visit(tree, "", False)
    return names


def _edits(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the edits of a node: its text before, and a function that changes it."""
    before = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
        yield before, lambda: _set(node.ops, 0, _COMPARED[type(node.ops[0])]())
    elif isinstance(node, ast.BoolOp):
        yield before, lambda: setattr(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED and not _of_text(node):
        yield before, lambda: setattr(node, "op", _COMPUTED[type(node.op)]())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield before, lambda: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield before, lambda: setattr(node, "value", node.value + 1)
    elif isinstance(node, ast.If | ast.IfExp):
        for constant in (True, False):
            yield before, lambda to=constant: setattr(node, "test", ast.Constant(to))
    elif isinstance(node, ast.Return) and before not in _NOTHING:
        yield before, lambda: setattr(node, "value", ast.Constant(None))
    elif isinstance(node, ast.Raise) or (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call | ast.Await)
        and not _is_log(node.value)
    ):
        yield before, lambda: _become_pass(node)


def _is_log(call: ast.expr) -> bool:
    """Return whether a call only writes a line into a log."""
    function = call.func if isinstance(call, ast.Call) else None
    return isinstance(function, ast.Attribute) and ast.unparse(function.value).lower().endswith(
        ("log", "logger")
    )


def _set(items: list[ast.cmpop], place: int, value: ast.cmpop) -> None:
    items[place] = value


def _of_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr | ast.List | ast.Tuple)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def _become_pass(node: ast.Raise | ast.Expr) -> None:
    """Turn a statement into one without effect."""
    nothing = ast.Constant(None)
    if isinstance(node, ast.Expr):
        node.value = nothing
    else:
        node.__class__ = ast.Expr  # type: ignore[assignment]
        node.value = nothing  # type: ignore[attr-defined]
        node._fields = ("value",)  # type: ignore[misc]
