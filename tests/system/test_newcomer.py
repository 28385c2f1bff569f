"""README.md, the tutorial and the how-to guides in one fresh clone: each command runs as it is printed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.demo.waiting import wait_until
from docs.site.nav import SECTIONS

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]


def commands(page: str) -> list[str]:
    """Return the commands of a page's console blocks, in order, each with its continuation lines."""
    return [command for command, _ in with_output(page)]


def with_output(page: str) -> list[tuple[str, str]]:
    """Return each command of a page, and what the page prints below it."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    found: list[tuple[str, str]] = []
    for line in (line.strip() for block in blocks for line in block.replace("\\\n", "").splitlines()):
        if line.startswith("$ "):
            found.append((re.sub(r" +", " ", line.removeprefix("$ ")), ""))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


HOW_TOS = [f"docs/{page}" for page in SECTIONS["How to"] if with_output(f"docs/{page}")]
"""The how-to guides that print commands."""
ACTIVATE = ". .venv/bin/activate"


class Newcomer:
    """A shell in a fresh clone, without an activated environment."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "airflow-hpt-provider"
        self.output = folder / "up.txt"
        subprocess.run(["git", "clone", "-q", f"file://{ROOT}", str(self.clone)], check=True)
        self.environment = {**clean_environment(), "TMPDIR": str(folder)}
        self.up: subprocess.Popen[bytes] | None = None

    def run(self, command: str, folder: Path | None = None, *, fails: bool = False) -> str:
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=folder or self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout + done.stderr

    @contextlib.contextmanager
    def running(self, command: str, folder: Path, until: str) -> Iterator[str]:
        """Keep a command running that ends by Ctrl-C; gives what it prints until it is ready."""
        output = self.output.with_name("running.txt")
        with output.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-ec", command],
                cwd=folder,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def ready() -> bool:
            assert process.poll() is None, output.read_text()
            return until in output.read_text()

        try:
            wait_until(ready, 120, f"{command} is not ready", every=0.2)
            yield output.read_text()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait(60)

    @property
    def activate(self) -> str:
        """The command that activates the clone's environment, from any folder."""
        return ACTIVATE.replace(".venv", f"{self.clone}/.venv")

    def start_up(self) -> str:
        """Run ``make up``, unless it runs, and return what it prints until it keeps running."""
        if self.up is not None:
            return self.output.read_text()
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

    def local_env(self) -> str:
        """The folder of the service that ``make up`` has started."""
        return str(Path(*re.findall(r"settings for boto3 +(.*)/local\.env", self.start_up())))


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    shell = Newcomer(tmp_path_factory.mktemp("newcomer"))
    yield shell
    shell.end_up()


def test_each_command_as_printed(newcomer: Newcomer) -> None:
    readme, tutorial = commands("README.md"), commands("docs/tutorial.md")
    assert readme[0] == tutorial[0] == "make demo"
    assert "Final metric" in newcomer.run(readme[0])

    assert tutorial[1] == "make up"
    printed = newcomer.start_up()
    (tried,) = re.findall(r"^ +try +(.*)$", printed, re.MULTILINE)
    folder = newcomer.local_env()
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


def in_the_demo(newcomer: Newcomer, page: str) -> None:
    """Run a page's commands on the service of ``make up``, in the clone."""
    folder = newcomer.local_env()
    sourced = f"{ACTIVATE}; set -a; . {folder}/local.env; set +a"
    listed = newcomer.run(f"{sourced}; airflow-hpt list")
    name = re.findall(r"^(\S+).* Completed\b", listed, re.MULTILINE)[0]
    given = [
        command.replace(" NAME ", f" {name} ")
        .replace("PATH/", f"{folder}/")
        .replace("YOUR-BUCKET", "hpt-demo")
        for command in commands(page)
    ]
    assert newcomer.run("; ".join([sourced, *given]))


def with_own_script(newcomer: Newcomer, page: str) -> None:
    """Write the page's files into an empty folder, and run the first command in a terminal of its own."""
    folder = newcomer.output.parent / "own-script"
    folder.mkdir()
    text = (ROOT / page).read_text()
    files = re.findall(r'^```\w+ title="([\w.-]+)"\n(.*?)^```', text, re.DOTALL | re.MULTILINE)
    for name, content in files:
        (folder / name).write_text(content)
    serve, source, *others = commands(page)
    with newcomer.running(f"{newcomer.activate}; {serve}", folder, "local.env"):
        printed = [newcomer.run(f"{newcomer.activate}; {source}; {each}", folder) for each in others]
    waited = [output for output, command in zip(printed, others, strict=True) if command.endswith(" --wait")]
    assert len(waited) == 2
    assert all("Completed" in output for output in waited)


def with_the_command_line(newcomer: Newcomer, page: str) -> None:
    """Run the page's commands next to their files, on a service that they name DIR."""
    folder, data = newcomer.clone / "docs" / "snippets" / "cli", newcomer.output.parent / "cli"
    serve = f"{newcomer.activate}; airflow-hpt local serve --images images.toml --data-dir {data}"
    sourced = f"{newcomer.activate}; set -a; . {data}/local.env; set +a"
    with newcomer.running(serve, folder, "local.env"):
        newcomer.run(f"{sourced}; airflow-hpt local bucket --data-dir {data} command-line")
        training_jobs: dict[str, str] = {}
        for command, printed in with_output(page):
            given = command.replace("DIR", str(data))
            for number, name in training_jobs.items():
                given = re.sub(rf"\bfirst-job-{number}-[0-9a-f]{{8}}", name, given)
            fails = "airflow-hpt: error:" in printed or "wrong.yaml" in command
            output = newcomer.run(f"{sourced}; {given}", folder, fails=fails)
            training_jobs |= {
                each.split("-")[2]: each for each in re.findall(r"first-job-\d{3}-\w{8}", output)
            }


def on_the_page(newcomer: Newcomer, page: str) -> None:
    """Open the printed address; the profile is one of the reader's."""
    ((command, printed),) = with_output(page)
    profile = newcomer.output.parent / "aws-config"
    pairs = Path(newcomer.local_env(), "local.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in pairs if "=" in line)
    profile.write_text(
        f"[profile team]\nendpoint_url = {settings['AWS_ENDPOINT_URL']}\n"
        f"aws_access_key_id = {settings['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {settings['AWS_SECRET_ACCESS_KEY']}\n"
    )
    ready = printed.partition("(")[2].strip()
    start = f"{newcomer.activate}; export AWS_CONFIG_FILE={profile}; {command}"
    with newcomer.running(start, newcomer.clone, ready) as output:
        (address,) = re.findall(r"Tuning page at (\S+)", output)
        response = httpx.get(address, follow_redirects=True, trust_env=False)
        built = (newcomer.clone / "airflow_hpt_provider/ui/static/index.html").exists()
        assert response.status_code == (httpx.codes.OK if built else httpx.codes.SERVICE_UNAVAILABLE)
        assert built or "make ui" in response.text


def on_old_dags(newcomer: Newcomer, page: str) -> None:
    """Check a folder with a DAG of the amazon provider's operator."""
    folder = newcomer.output.parent / "old" / "dags"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(
        "from airflow.sdk import DAG\n"
        "from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator\n"
        "with DAG('train'):\n"
        "    SageMakerTuningOperator(task_id='tune', config={}, check_interval=30)\n"
    )
    ((command, printed),) = with_output(page)
    given = command.replace("DAGS_FOLDER", "dags")
    output = newcomer.run(f"{newcomer.activate}; {given}", folder.parent, fails=True)
    for kind in re.findall(r"\[(\w+)\]", printed):
        assert f"[{kind}]" in output


GUIDES: dict[str, Callable[[Newcomer, str], None]] = {
    "docs/how-to.md": in_the_demo,
    "docs/own-script.md": with_own_script,
    "docs/events.md": in_the_demo,
    "docs/examples.md": in_the_demo,
    "docs/page.md": on_the_page,
    "docs/cli.md": with_the_command_line,
    "docs/migrate.md": on_old_dags,
}


def test_every_guide_that_prints_commands_is_run() -> None:
    assert sorted(GUIDES) == sorted(HOW_TOS)
    assert len(HOW_TOS) >= 4


@pytest.mark.parametrize("page", HOW_TOS)
def test_guide_as_printed(newcomer: Newcomer, page: str) -> None:
    needs = f"in a checkout, run `{ACTIVATE}` first"
    assert needs in " ".join((ROOT / page).read_text().split()).replace("In a", "in a")
    if not (newcomer.clone / ".venv" / "bin" / "airflow-hpt").exists():
        newcomer.run("make env")
    GUIDES[page](newcomer, page)
