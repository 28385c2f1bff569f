"""One DAG file's findings, from its syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from airflow_hpt_provider.migrate.differences import CLASSES, MODULES, OPERATOR, SENSOR, TRIGGER
from airflow_hpt_provider.migrate.findings import Finding
from airflow_hpt_provider.migrate.names import changing_name
from airflow_hpt_provider.migrate.xcoms import in_code, in_template

if TYPE_CHECKING:
    from airflow_hpt_provider.migrate.differences import Counterpart
    from airflow_hpt_provider.migrate.findings import Severity

STOPPED = (
    "A job that was stopped fails the task (on_stopped='fail'); for theirs it was a success unless deferrable. "
    "on_stopped='use_best' goes on with the best training job so far."
)
CAP = (
    "Theirs gave up after 480 looks, {hours:g} h at {interval:g} s, whatever max_ingestion_time said, and left the job "
    "running. Ours waits as long as timeout allows; without timeout there is no limit."
)
S3_OPERATIONS = (
    "Theirs makes buckets and uploads files before the job, from the worker, in each try. Do it in a task of its own, "
    "such as S3CreateBucketOperator or LocalFilesystemToS3Operator."
)
MOST_LOOKS = 480
INTERVAL = 30.0


def check_source(source: str, path: str) -> list[Finding]:
    """What is to be changed in a file.

    Args:
        source: the file's text.
        path: its name, for the findings.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source, path)
    checker = _Checker(path)
    checker.find_imports(tree)
    checker.visit(tree)
    return checker.findings


class _Checker(ast.NodeVisitor):
    def __init__(self, path: str) -> None:
        self.findings: list[Finding] = []
        self._path = path
        self._classes: dict[str, str] = {}
        """Name in this file -> name of theirs."""
        self._modules: dict[str, str] = {}
        """Name in this file, may be dotted -> module of theirs."""

    # -- imports -----------------------------------------------------------------------------------------------

    def find_imports(self, tree: ast.Module) -> None:
        """All of them first, wherever they are: a function may be called above an import that it uses."""
        trigger_is_for_tuning = any(
            isinstance(node, ast.Call) and _keyword(node, "job_type") == "tuning" for node in ast.walk(tree)
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    name, full = alias.asname or alias.name, f"{node.module}.{alias.name}"
                    if full in MODULES:
                        self._modules[name] = full
                    elif node.module in MODULES and alias.name in CLASSES:
                        self._classes[name] = alias.name
                        if CLASSES[alias.name] is not TRIGGER or trigger_is_for_tuning:
                            self._found(
                                node, "import", "change", f"Import ours: {CLASSES[alias.name].import_line}"
                            )
            elif isinstance(node, ast.Import):
                self._modules |= {
                    alias.asname or alias.name: alias.name for alias in node.names if alias.name in MODULES
                }

    def _theirs(self, node: ast.expr) -> str | None:
        """Their class that an expression names; ``Operator.partial`` is one, too."""
        if isinstance(node, ast.Attribute) and node.attr == "partial":
            node = node.value
        if isinstance(node, ast.Name):
            return self._classes.get(node.id)
        if (
            isinstance(node, ast.Attribute)
            and node.attr in CLASSES
            and ast.unparse(node.value) in self._modules
        ):
            return node.attr
        return None

    # -- uses --------------------------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Subclasses of theirs."""
        for base in node.bases:
            theirs = self._theirs(base)
            if theirs:
                self._found(
                    node,
                    "subclass",
                    "change",
                    f"Derive {node.name} from {CLASSES[theirs].name}.",
                    "Ours has none of theirs' hooks for subclasses (preprocess_config, expand_role, parse_integer, "
                    "get_sagemaker_response ...): most such subclasses work around what ours does by itself.",
                )
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Calls of theirs, ``.partial(...)`` and what is expanded."""
        theirs, expanded = self._theirs(node.func), False
        if theirs is None and isinstance(node.func, ast.Attribute) and node.func.attr == "expand":
            inner = node.func.value
            theirs, expanded = (self._theirs(inner.func) if isinstance(inner, ast.Call) else None), True
        if theirs and (CLASSES[theirs] is not TRIGGER or _keyword(node, "job_type") == "tuning"):
            self._parameters(node, CLASSES[theirs])
            if not expanded:
                self._uses_module(node, CLASSES[theirs])
                self._behaviour(node, CLASSES[theirs])
        self.generic_visit(node)

    def _uses_module(self, node: ast.Call, ours: Counterpart) -> None:
        if any(isinstance(part, ast.Attribute) and part.attr in CLASSES for part in ast.walk(node.func)):
            self._found(node, "import", "change", f"Use {ours.name}: {ours.import_line}")

    def _parameters(self, node: ast.Call, ours: Counterpart) -> None:
        for keyword in node.keywords:
            known = ours.parameters.get(keyword.arg or "")
            if known is None or known.ours == keyword.arg:
                continue
            what = f"Rename {keyword.arg} to {known.ours}." if known.ours else f"Remove {keyword.arg}."
            self._found(keyword, "parameter", "change", what, known.why)
        if any(keyword.arg is None for keyword in node.keywords):
            renamed = ", ".join(name for name, known in ours.parameters.items() if known.ours != name)
            self._found(
                node,
                "parameter",
                "look",
                "Look at the arguments behind **: they may be among these.",
                renamed,
            )

    def _behaviour(self, node: ast.Call, ours: Counterpart) -> None:
        if ours in (OPERATOR, SENSOR):
            self._found(node, "behaviour", "look", "Decide what a stopped tuning job means.", STOPPED)
        if ours is OPERATOR and _keyword(node, "deferrable") is not False:
            seconds = _keyword(node, "check_interval", INTERVAL)
            if isinstance(seconds, int | float):
                why = CAP.format(hours=round(seconds * MOST_LOOKS / 3600, 2), interval=seconds)
            else:
                why = CAP.format(hours=4, interval=INTERVAL)
            if _keyword(node, "deferrable") is not True:
                why = f"If [operators] default_deferrable is set: {why}"
            self._found(node, "behaviour", "look", "The hidden cap of 480 looks is gone.", why)
            if _keyword(node, "wait_for_completion") is False:
                self._found(
                    node,
                    "behaviour",
                    "look",
                    "wait_for_completion=False will not wait.",
                    OPERATOR.parameters["wait_for_completion"].why,
                )

    # -- values ------------------------------------------------------------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Their result, taken apart in Python."""
        use = in_code(node, anywhere=bool(self._classes or self._modules))
        if use:
            self._found(node, "xcom", "change", use.what, use.why)
        else:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Their result, taken apart in a template."""
        if isinstance(node.value, str):
            for use in in_template(node.value):
                self._found(node, "xcom", "change", use.what, use.why)

    def visit_Dict(self, node: ast.Dict) -> None:
        """In a config: a name that is another in each try, and what only theirs does."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "S3Operations" and self._classes:
                self._found(key, "config", "change", "Take S3Operations out of the config.", S3_OPERATIONS)
            if isinstance(key, ast.Constant) and key.value == "HyperParameterTuningJobName":
                why = changing_name(value)
                if why:
                    self._found(value, "name", "look", "Leave HyperParameterTuningJobName out.", why)
        self.generic_visit(node)

    def _found(
        self, node: ast.stmt | ast.expr | ast.keyword, rule: str, severity: Severity, what: str, why: str = ""
    ) -> None:
        self.findings.append(Finding(self._path, node.lineno, node.col_offset + 1, rule, severity, what, why))


def _keyword(node: ast.Call, name: str, default: object = None) -> object:
    """A keyword argument's value: the constant, the default if it is not given, ``...`` if it is computed."""
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
    return default
