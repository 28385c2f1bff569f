"""The aws CLI's own formatters in a process of their own: importing awscli puts its botocore in place of botocore."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from typing import Any

TITLE = "DescribeHyperParameterTuningJob"


class AwsCliForms:
    """Formats as the aws CLI does; to be closed."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, form: str, value: Any) -> tuple[str, str | None]:
        """The text of a value, and the name of the exception by which the formatter broke off, if it did."""
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps([form, value]) + "\n")
        self._child.stdin.flush()
        text, error = json.loads(self._child.stdout.readline())
        return text, error

    def close(self) -> None:
        """End the process."""
        self._child.communicate()


def _main() -> None:
    import colorama
    from awscli.formatter import TableFormatter
    from awscli.text import format_text

    colorama.init = lambda **_: None  # it would wrap the stdout that the answers go to
    for line in sys.stdin:
        form, value = json.loads(line)
        out = io.StringIO()
        error = None
        try:
            if form == "text":
                format_text(value, out)
            else:
                color = "on" if form == "colored table" else "off"
                formatter = TableFormatter(argparse.Namespace(color=color, query=None))
                # Colours end where colorama, which wraps stdout then, writes that they do.
                stream = (
                    colorama.AnsiToWin32(out, strip=False, autoreset=True).stream if color == "on" else out
                )
                formatter(TITLE, value, stream)
        except Exception as raised:
            error = type(raised).__name__
        print(json.dumps([out.getvalue(), error]), flush=True)


if __name__ == "__main__":
    _main()
