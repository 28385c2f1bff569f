"""``make audit``: is there a known vulnerability in what constraints.txt pins?

pip-audit asks a vulnerability service, and ends well when that service knows none of the packages: behind a mirror
of the package index everything is then "not audited", and nothing is found. So its answers are counted here.

Exit status: 0 all audited and nothing known; 1 a known vulnerability; 2 not audited, which says nothing at all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SERVICES = ("osv", "pypi")
CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
PATIENCE_SECONDS = 300


def ask(program: str, service: str) -> list[dict[str, Any]]:
    """pip-audit's answer: each package with its vulnerabilities or why it was skipped; none: not reachable."""
    options = ["--no-deps", "--disable-pip", "--timeout", "15", "--progress-spinner", "off", "-f", "json"]
    try:
        done = subprocess.run(
            [program, "-r", str(CONSTRAINTS), "-s", service, *options],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        return list(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        return []


def verdict(answers: Sequence[Sequence[dict[str, Any]]]) -> tuple[int, str]:
    """Exit status and words for the answers of all services that were asked."""
    every = {one["name"]: one for answer in answers for one in answer}
    audited = {one["name"] for answer in answers for one in answer if "skip_reason" not in one}
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in "
        f"{', '.join(flaw.get('fix_versions') or ['no release yet'])}"
        for answer in answers
        for one in answer
        for flaw in one.get("vulns", ())
    ]
    missing = sorted(every.keys() - audited)
    if found:
        return 1, "\n".join(sorted(set(found)))
    if not every or missing:
        what = f"{len(missing)} of {len(every)} packages were" if audited else "Nothing was"
        which = f" ({', '.join(missing[:10])} ...)" if audited else ""
        return 2, (
            f"NOT AUDITED. {what} known to a vulnerability service that can be reached from here{which}; this says "
            "nothing about them. Run `make audit` where the internet can be reached (docs/security.md, Dependencies)."
        )
    return 0, f"{len(audited)} packages audited: no known vulnerability."


def main() -> int:
    """Ask one service after the other until all packages are audited."""
    answers: list[list[dict[str, Any]]] = []
    for service in SERVICES:
        answers.append(ask(sys.argv[1] if len(sys.argv) > 1 else "pip-audit", service))
        status, words = verdict(answers)
        if status != 2:
            break
    print(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
