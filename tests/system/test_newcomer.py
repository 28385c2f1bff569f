"""README.md and the tutorial from top to bottom, in a fresh clone: each command runs as it is printed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.demo.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]


def commands(page: str) -> list[str]:
    """Return the commands of a page's console blocks, in order, each with its continuation lines."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", "").splitlines()]
    return [re.sub(r" +", " ", line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]


class Newcomer:
    """A shell in a fresh clone, without an activated environment."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "airflow-hpt-provider"
        self.output = folder / "up.txt"
        subprocess.run(["git", "clone", "-q", f"file://{ROOT}", str(self.clone)], check=True)
        self.environment = {**clean_environment(), "TMPDIR": str(folder)}
        self.up: subprocess.Popen[bytes] | None = None

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def start_up(self) -> str:
        """Run ``make up`` and return what it prints until it keeps running."""
        with self.output.open("w") as output:
            self.up = subprocess.Popen(
                ["make", "up"],
                cwd=self.clone,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def ready() -> bool:
            assert self.up is not None
            assert self.up.poll() is None, self.output.read_text()
            return "Ctrl-C ends both" in self.output.read_text()

        wait_until(ready, 600, "make up is not ready", every=0.5)
        return self.output.read_text()

    def end_up(self) -> None:
        if self.up is not None and self.up.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.up.pid, signal.SIGINT)
            self.up.wait(120)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    shell = Newcomer(tmp_path)
    yield shell
    shell.end_up()


def test_each_command_as_printed(newcomer: Newcomer) -> None:
    readme, tutorial = commands("README.md"), commands("docs/tutorial.md")
    assert readme[0] == tutorial[0] == "make demo"
    assert "Final metric" in newcomer.run(readme[0])

    assert tutorial[1] == "make up"
    printed = newcomer.start_up()
    (tried,) = re.findall(r"^ +try +(.*)$", printed, re.MULTILINE)
    folder = str(Path(*re.findall(r"settings for boto3 +(.*)/local\.env", printed)))
    listed = newcomer.run(tried)
    name = re.findall(r"^(\S+).* (?:InProgress|Completed)\b", listed, re.MULTILINE)[0]

    load = "set -a; . PATH/local.env; set +a"
    assert load in readme
    assert load in tutorial
    sourced = load.replace("PATH", folder)
    groups = f"{sourced}; .venv/bin/aws sagemaker list-model-package-groups"
    wait_until(
        lambda: "breast-cancer" in newcomer.run(groups), 400, "the run has registered no model", every=5
    )
    on_the_path = 'PATH=".venv/bin:$PATH"'  # `aws` is the reader's own
    for command in [*readme[1:], *tutorial[2:]]:
        here = (
            command.replace("YOUR-BUCKET", "hpt-demo")
            .replace(" NAME ", f" {name} ")
            .replace("PATH/", f"{folder}/")
        )
        prefix = on_the_path + "; " if command.startswith("aws ") else ""
        newcomer.run(f"{sourced}; {prefix}{here}")
