"""One DAG file's findings, from its syntax tree."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from airflow_hpt_provider.migrate.differences import CLASSES, OPERATOR, SENSOR, TRIGGER
from airflow_hpt_provider.migrate.findings import Finding
from airflow_hpt_provider.migrate.imports import imports_of
from airflow_hpt_provider.migrate.names import changing_name
from airflow_hpt_provider.migrate.sdk_configs import sdk_calls
from airflow_hpt_provider.migrate.xcoms import in_code, in_template

if TYPE_CHECKING:
    from airflow_hpt_provider.migrate.differences import Counterpart
    from airflow_hpt_provider.migrate.findings import Severity
    from airflow_hpt_provider.migrate.imports import Imports

STOPPED = (
    "A job that was stopped fails the task (on_stopped='fail'). With the amazon provider it was a success "
    "unless deferrable. on_stopped='use_best' continues with the best training job so far."
)
CAP = (
    "The amazon provider gave up after 480 polls, {hours:g} h at {interval:g} s, whatever "
    "max_ingestion_time said, and left the job running. This provider waits as long as timeout allows; without timeout "
    "there is no limit."
)
S3_OPERATIONS = (
    "The amazon provider makes buckets and uploads files before the job, from the worker, in each "
    "try. Do it in a separate task, such as S3CreateBucketOperator or LocalFilesystemToS3Operator."
)
KEPT_APART = frozenset({"check_interval", "max_ingestion_time"})
"""Parameter names that are unambiguous; the amazon provider's other operators have them, too."""
DEFAULT_ARGS = "In default_args a name that an operator does not know is passed over without a word."
MAX_LOOKS = 480
INTERVAL = 30.0


def check_source(source: str, path: str) -> list[Finding]:
    """Return the findings of a file.

    Args:
        source: the file's text.
        path: its name, for the findings.

    Raises:
        SyntaxError: it is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in users' files are not this command's findings
        tree = ast.parse(source, path)
    checker = _Checker(path, imports_of(tree))
    checker.visit(tree)
    checker.visit_sdk_calls(tree)
    return checker.findings


class _Checker(ast.NodeVisitor):
    def __init__(self, path: str, imports: Imports) -> None:
        self.findings: list[Finding] = []
        self._path = path
        self._imports = imports
        for node, amazon_name in imports.lines:
            self._found(
                node,
                "import",
                "change",
                f"New import: {CLASSES[amazon_name].import_line}",
            )

    # -- uses --------------------------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Find subclasses of the amazon provider's classes."""
        for base in node.bases:
            amazon_name = self._imports.amazon_name(base)
            if amazon_name:
                self._found(
                    node,
                    "subclass",
                    "change",
                    f"Derive {node.name} from {CLASSES[amazon_name].name}.",
                    "The new class has no hooks for subclasses (preprocess_config, expand_role, parse_integer, "
                    "get_sagemaker_response ...): most such subclasses work around what ours does by itself.",
                )
        self.generic_visit(node)

    def visit_sdk_calls(self, tree: ast.Module) -> None:
        """Find the SDK's functions that make configs for the amazon provider's operator."""
        for call in sdk_calls(tree):
            self._found(call.node, "config", call.severity, call.what, call.why)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Find a class of the amazon provider behind its module's name."""
        if self._imports.is_qualified(node) and CLASSES[node.attr] is not TRIGGER:
            ours = CLASSES[node.attr]
            self._found(node, "import", "change", f"Use {ours.name}: {ours.import_line}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Find calls of the classes, with ``.partial(...)`` and ``functools.partial``, and ``.get`` on a result."""
        amazon_name, expanded = self._imports.amazon_name(node.func), False
        if amazon_name is None and isinstance(node.func, ast.Attribute) and node.func.attr == "expand":
            partial, expanded = node.func.value, True
            amazon_name = self._imports.amazon_name(partial.func) if isinstance(partial, ast.Call) else None
        if amazon_name is None and node.args:
            amazon_name = self._imports.amazon_name(node.args[0])
        if amazon_name and (CLASSES[amazon_name] is not TRIGGER or _keyword(node, "job_type") == "tuning"):
            if CLASSES[amazon_name] is TRIGGER and isinstance(node.func, ast.Attribute):
                self._found(node, "import", "change", f"Use {TRIGGER.name}: {TRIGGER.import_line}")
            self._parameters(node, CLASSES[amazon_name])
            if not expanded:
                self._behaviour(node, CLASSES[amazon_name])
        if isinstance(node.func, ast.Name) and node.func.id == "dict":
            for keyword in node.keywords:
                self._kept_apart(keyword, keyword.arg)
        self._result(node)

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
                "Check the arguments behind **: they may be among these.",
                renamed,
            )

    def _behaviour(self, node: ast.Call, ours: Counterpart) -> None:
        if ours in (OPERATOR, SENSOR):
            self._found(node, "behaviour", "look", "Decide what a stopped tuning job means.", STOPPED)
        if ours is OPERATOR and _keyword(node, "deferrable") is not False:
            seconds = _keyword(node, "check_interval", INTERVAL)
            if isinstance(seconds, int | float):
                why = CAP.format(hours=round(seconds * MAX_LOOKS / 3600, 2), interval=seconds)
            else:
                why = CAP.format(hours=4, interval=INTERVAL)
            if _keyword(node, "deferrable") is not True:
                why = f"If [operators] default_deferrable is set: {why}"
            self._found(node, "behaviour", "look", "The hidden cap of 480 polls is gone.", why)
            if _keyword(node, "wait_for_completion") is False:
                self._found(
                    node,
                    "behaviour",
                    "look",
                    "wait_for_completion=False will not wait.",
                    OPERATOR.parameters["wait_for_completion"].why,
                )

    def _kept_apart(self, node: ast.expr | ast.keyword, name: object) -> None:
        """Check an argument in default_args, in a dict for ``**``, or in ``expand_kwargs``."""
        if name in KEPT_APART and (self._imports.classes or self._imports.modules):
            what = f"Rename {name} to {OPERATOR.parameters[str(name)].ours}, if it goes to a tuning task."
            self._found(node, "parameter", "look", what, DEFAULT_ARGS)

    # -- values ------------------------------------------------------------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Their result, taken apart in Python."""
        self._result(node)

    def _result(self, node: ast.Subscript | ast.Call) -> None:
        use = in_code(node, anywhere=bool(self._imports.classes or self._imports.modules))
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
        """Check arguments in dicts, and in a config names that change with each try and members of the old class."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "S3Operations" and self._imports.classes:
                self._found(key, "config", "change", "Take S3Operations out of the config.", S3_OPERATIONS)
            if isinstance(key, ast.Constant) and key.value == "HyperParameterTuningJobName":
                why = changing_name(value)
                if why:
                    self._found(value, "name", "look", "Leave HyperParameterTuningJobName out.", why)
            if isinstance(key, ast.Constant):
                self._kept_apart(key, key.value)
        self.generic_visit(node)

    def _found(
        self, node: ast.stmt | ast.expr | ast.keyword, rule: str, severity: Severity, what: str, why: str = ""
    ) -> None:
        self.findings.append(Finding(self._path, node.lineno, node.col_offset + 1, rule, severity, what, why))


def _keyword(node: ast.Call, name: str, default: object = None) -> object:
    """Return a keyword argument's value: the constant, the default if it is not given, ``...`` if it is computed."""
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
    return default
