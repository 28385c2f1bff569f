"""``python -m docs.site``: build the website strictly, and check its links."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from docs.site import links, source

WORK = source.REPOSITORY / ".local" / "docs"
SITE = source.REPOSITORY / ".local" / "site"


def main() -> int:
    """1 if a page, a link or an anchor is amiss."""
    written = source.write(WORK)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    built = subprocess.run([*command, "--config-file", str(WORK / "zensical.toml")], cwd=WORK, check=False)
    if built.returncode:
        return 1
    found = links.problems(WORK / "site")
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    (WORK / "site").rename(SITE)
    print(f"{len(written)} pages: {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
