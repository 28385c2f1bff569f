"""The AWS CLI's version 2, as Debian packages it, in one process: it is loaded once and then runs many commands.

Run by Debian's Python, which has the CLI's modules and not this package; so this file imports nothing else. Each
command runs in a fork that has done nothing but load the program.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PYTHON = "/usr/bin/python3"
TITLE = "DescribeHyperParameterTuningJob"


class AwsCli2:
    """The program; to be closed.

    Args:
        models: a directory for the model of SageMaker's API: the program gets the one that our botocore has, because
            its own is from 2023.
    """

    def __init__(self, models: Path) -> None:
        self._models = models
        self._copy_model()
        self._child = subprocess.Popen(
            [PYTHON, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str, str]:
        """Run ``aws ARGUMENTS`` and return its exit code, its output and its errors."""
        code, out, err = self._ask(
            {"run": arguments, "environment": environment, "folder": str(folder), "models": str(self._models)}
        )
        return code, out, err

    def written(
        self, response: Any, queries: list[str], forms: list[str]
    ) -> dict[str, dict[str, tuple[str, str | None]]]:
        """Return what it prints of a response, by query and form, and the exception that it raised, if it did."""
        made: dict[str, dict[str, tuple[str, str | None]]] = self._ask(
            {"response": response, "queries": queries, "forms": forms}
        )
        return made

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        return json.loads(self._child.stdout.readline())

    def _copy_model(self) -> None:
        import botocore

        (packed,) = Path(botocore.__file__).parent.glob("data/sagemaker/*/service-2.json.gz")
        folder = self._models / "sagemaker" / packed.parent.name
        folder.mkdir(parents=True)
        (folder / "service-2.json").write_bytes(gzip.decompress(packed.read_bytes()))

    def close(self) -> None:
        """End the process."""
        self._child.communicate(timeout=30)


def _main() -> None:
    import awscli.clidriver
    import awscli.handlers

    del awscli.handlers
    for line in sys.stdin:
        request = json.loads(line)
        if "run" in request:
            made: Any = _run(request)
        else:
            made = {
                query: {form: _written(request["response"], query, form) for form in request["forms"]}
                for query in request["queries"]
            }
        print(json.dumps(made), flush=True)


def _run(request: dict[str, Any]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.chdir(request["folder"])
            data = os.environ["AWS_DATA_PATH"]  # awscli sets it when it is imported
            os.environ.clear()
            os.environ.update(request["environment"], AWS_DATA_PATH=f"{request['models']}:{data}")
            code = 1
            try:
                from awscli.clidriver import AWSCLIEntryPoint

                sys.argv = ["aws", *request["run"]]
                code = AWSCLIEntryPoint().main(request["run"]) or 0
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        return os.waitstatus_to_exitcode(status), texts[0], texts[1]


def _written(response: Any, query: str, form: str) -> tuple[str, str | None]:
    import argparse

    import jmespath
    from awscli.formatter import get_formatter

    out = io.StringIO()
    error = None
    options = argparse.Namespace(query=jmespath.compile(query), color="off")
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            get_formatter(form, options)(TITLE, json.loads(json.dumps(response)), out)
    except Exception as raised:
        error = type(raised).__name__
    return out.getvalue(), error


if __name__ == "__main__":
    _main()
