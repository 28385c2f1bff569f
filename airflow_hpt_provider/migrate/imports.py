"""The names by which a DAG file calls the amazon provider's classes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from airflow_hpt_provider.migrate.differences import CLASSES, MODULES, TRIGGER


@dataclass
class Imports:
    """The amazon provider's names that a file imports.

    Attributes:
        classes: name in the file -> amazon class. The trigger is included only if the file waits for tuning jobs.
        modules: names in the file, may be dotted, of the amazon provider's modules.
        lines: each ``from ... import`` of a class, with the class.
    """

    classes: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    lines: list[tuple[ast.ImportFrom, str]] = field(default_factory=list)

    def amazon_name(self, node: ast.expr) -> str | None:
        """Their class that an expression names; ``Operator.partial`` is one, too."""
        if isinstance(node, ast.Attribute) and node.attr == "partial":
            node = node.value
        if isinstance(node, ast.Name):
            return self.classes.get(node.id)
        return node.attr if isinstance(node, ast.Attribute) and self.is_qualified(node) else None

    def is_qualified(self, node: ast.Attribute) -> bool:
        """Return whether a name is an attribute of an imported amazon module."""
        return node.attr in CLASSES and ast.unparse(node.value) in self.modules


def imports_of(tree: ast.Module) -> Imports:
    """All of a file's imports, wherever they are: a function may be called above an import that it uses."""
    nodes = list(ast.walk(tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    waits_for_tuning = any(
        isinstance(node, ast.keyword)
        and node.arg == "job_type"
        and isinstance(node.value, ast.Constant)
        and node.value.value == "tuning"
        for node in nodes
    )
    found = Imports()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f"{node.module}.{alias.name}" in MODULES:
                    found.modules.add(alias.asname or alias.name)
                elif node.module in MODULES:
                    for amazon_name in sorted(used & CLASSES.keys()) if alias.name == "*" else [alias.name]:
                        if amazon_name in CLASSES and (
                            CLASSES[amazon_name] is not TRIGGER or waits_for_tuning
                        ):
                            found.classes[alias.asname or amazon_name] = amazon_name
                            found.lines.append((node, amazon_name))
        elif isinstance(node, ast.Import):
            found.modules |= {alias.asname or alias.name for alias in node.names if alias.name in MODULES}
    for node in nodes:
        if isinstance(node, ast.Assign):
            amazon_value = found.amazon_name(node.value)
            if amazon_value:
                found.classes |= {
                    target.id: amazon_value for target in node.targets if isinstance(target, ast.Name)
                }
    return found
