"""Small files that stand for giants: each is refused by name, in a process that may use little time and memory.

Without the guard that refuses it, the process is ended by its limits, or dies of an error that names no file.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

CPU_SECONDS = 12
MEMORY = 1_000_000_000
"""Bytes of address space; imports take most of them."""
READ = """
import sys
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.models.files import ConfigFileError
try:
    TuningJobRequest.from_file(sys.argv[1])
except ConfigFileError as error:
    print(error)
"""


def levels(first: str, level: str, count: int = 30) -> str:
    """A line for each level, in which ``PAST`` is the name of the level before."""
    return "\n".join(
        [first, *(level.replace("OWN", f"a{n}").replace("PAST", f"a{n - 1}") for n in range(1, count))]
    )


BOMBS = {
    "aliases.yaml": (
        levels("a0: &a0 [x, x, x, x]", "OWN: &OWN [*PAST, *PAST, *PAST, *PAST]"),
        "more than 100000 members",
    ),
    "merge_keys.yaml": (
        levels("a0: &a0 {k: x}", "OWN: &OWN {<<: [*PAST, *PAST, *PAST, *PAST]}"),
        "more than 100000 members",
    ),
    "itself.yaml": ("a: &a {b: [*a]}", ":1:4: an alias stands for a structure that it is a part of"),
    "itself_merged.yaml": ("a: &a {<<: *a}", ":1:4: an alias stands for a structure that it is a part of"),
    "deep.yaml": ("a: " + "[" * 20_000, "nested too deeply"),
    "deep.json": ('{"a":' * 100_000, "nested too deeply"),
    "wide.yaml": ("a: [" + "x," * 2_000_000 + "]", "more than 100000 members"),
    "wide.json": ('{"a": [' + "1," * 2_000_000 + "1]}", "more than 100000 members"),
    "wide_lists.json": ('{"a": [' + "[]," * 1_600_000 + "1]}", "more than 100000 members"),
    "number.yaml": (
        "a: 0x" + "f" * 1_000_000,
        ":1:4: holds a number that cannot be read: it has 1000002 digits",
    ),
    "number.json": ('{"a": ' + "9" * 1_000_000 + "}", "holds a number that cannot be read"),
    "twice.yaml": ("a: 1\nb: &b {c: 1, c: 2}", ":2:14: 'c' is given twice"),
    "twice.json": ('{"a": {"c": 1,\n"c": 2}}', ":2:1: 'c' is given twice"),
    "long.yaml": ("a: " + "x" * 5_000_001, "more than 5000000 characters"),
}


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def read(path: Path) -> str:
    """What is printed when a file is read."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, str(path)],
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-1000:]}"
    return done.stdout


@pytest.mark.parametrize("name", BOMBS)
def test_each_is_refused_by_name_within_its_limits(tmp_path, name):
    text, words = BOMBS[name]
    path = tmp_path / name
    path.write_text(text)
    refusal = read(path)
    assert refusal.startswith(str(path))
    assert words in refusal
    assert len(refusal) < 500


def test_file_of_a_terabyte_is_not_read(tmp_path):
    path = tmp_path / "sparse.yaml"
    with path.open("w") as file:
        file.truncate(1 << 40)
    assert "more than 5000000 characters" in read(path)
