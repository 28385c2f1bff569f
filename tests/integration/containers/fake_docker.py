"""A `docker` for where there is no engine: its containers are processes, its images programs.

It speaks as much of docker's command line as the service uses, and behaves as docker does where that matters: a
container is no child of the client and lives on when the client is killed; the client hands on output, exit code
and SIGTERM; a container has its own environment, and only the directories it was given (their places are
in the variable MOUNTS, as a process can't have an /opt/ml of its own).

FAKE_DOCKER is a directory: ``images/NAME`` are programs (``/`` in a name written ``_``), ``containers/`` is what
exists, ``down`` means that no engine answers, ``busy`` that the next removal is refused, ``calls`` is every call, a
line of JSON each.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ["FAKE_DOCKER"])
CONTAINERS = ROOT / "containers"
FLAGS = {"--rm"}


def image(uri: str) -> Path:
    return ROOT / "images" / uri.replace("/", "_")


def info(arguments: list[str]) -> int:
    if (ROOT / "down").exists():
        print("Cannot connect to the Docker daemon", file=sys.stderr)
        return 1
    return 0


def inspect(arguments: list[str]) -> int:
    return 0 if arguments[0] == "inspect" and image(arguments[1]).exists() else 1


def ps(arguments: list[str]) -> int:
    label = arguments[arguments.index("--filter") + 1].removeprefix("label=")
    for each in CONTAINERS.iterdir():
        if json.loads((each / "labels").read_text()) == [label]:
            print(each.name)
    return 0


def rm(arguments: list[str]) -> int:
    if (ROOT / "busy").exists():
        (ROOT / "busy").unlink()
        print("removal of the container is already in progress", file=sys.stderr)
        return 1
    for name in arguments[1:]:
        _kill(CONTAINERS / name, signal.SIGKILL)
        shutil.rmtree(CONTAINERS / name)
    return 0


def _kill(container: Path, number: int) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.killpg(int((container / "pid").read_text()), number)


def network(arguments: list[str]) -> int:
    """A network is a file with its label; no packet goes through it."""
    networks = ROOT / "networks"
    networks.mkdir(exist_ok=True)
    command, *rest = arguments
    if command == "create":
        (networks / rest[-1]).write_text(rest[rest.index("--label") + 1])
    elif command == "ls":
        label = rest[rest.index("--filter") + 1].removeprefix("label=")
        print(*(each.name for each in networks.iterdir() if each.read_text() == label), sep="\n")
    elif command == "rm":
        (networks / rest[0]).unlink()
    return 0


def run(arguments: list[str]) -> int:
    options: dict[str, list[str]] = {}
    while arguments[0].startswith("-"):
        option = arguments.pop(0)
        options.setdefault(option, []).append("" if option in FLAGS else arguments.pop(0))
    uri, *words = arguments
    container = CONTAINERS / options["--name"][0]
    if not image(uri).exists():
        print(f"docker: no such image: {uri}", file=sys.stderr)
        return 125
    try:
        container.mkdir()
    except FileExistsError:
        print(f"docker: the container name {container.name} is already in use", file=sys.stderr)
        return 125
    (container / "labels").write_text(json.dumps(options.get("--label", [])))
    wanted = options.get("--network", ["none"])[0]
    if wanted != "none" and not (ROOT / "networks" / wanted).exists():
        print(f"docker: network {wanted} not found", file=sys.stderr)
        return 125
    entrypoint = options.get("--entrypoint", [str(image(uri))])[0]
    mounts = dict(reversed(each.split(":")) for each in options.get("--volume", []))
    environment = dict(each.split("=", 1) for each in options.get("--env", []))
    # The shell is what docker's daemon is: it outlives the client, and keeps the exit code for it.
    daemon = subprocess.Popen(
        ["/bin/sh", "-c", 'echo $$ > "$0/new"; mv "$0/new" "$0/pid"; "$@" & '
         'trap again=1 TERM; again=1; while [ "$again" ]; do again=; wait $!; code=$?; done; '
         'echo $code > "$0/code"', str(container), entrypoint, *words],
        env={"PATH": os.defpath, **environment, "MOUNTS": json.dumps(mounts)},
        start_new_session=True,
    )  # fmt: skip

    def hand_on(number: int, frame: object) -> None:
        _kill(container, number)

    while not (container / "pid").exists():
        time.sleep(0.01)
    signal.signal(signal.SIGTERM, hand_on)
    daemon.wait()
    code = int((container / "code").read_text()) if (container / "code").exists() else 137
    shutil.rmtree(container, ignore_errors=True)
    return code


if __name__ == "__main__":
    with (ROOT / "calls").open("a") as file:
        file.write(json.dumps(sys.argv[1:]) + "\n")
    commands = {"info": info, "image": inspect, "ps": ps, "rm": rm, "run": run, "network": network}
    sys.exit(commands[sys.argv[1]](sys.argv[2:]))
