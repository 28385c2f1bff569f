"""podman where the machine does not let it raise resource limits, as in most sandboxes and CI containers.

podman asks its runtime for limits that are above this process's own; without CAP_SYS_RESOURCE no container starts. Here
runc gets each container without them, by a runtime in between, which podman finds through CONTAINERS_CONF.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

SYMPTOM = "setrlimit"
"""In the error of a `podman run` that needs this."""
RUNTIME = """\
#!{python}
import json, os, sys
words = sys.argv[1:]
for option, value in zip(words, words[1:]):
    if option in ("--bundle", "-b"):
        path = os.path.join(value, "config.json")
        with open(path) as file:
            config = json.load(file)
        config["process"].pop("rlimits", None)
        with open(path, "w") as file:
            json.dump(config, file)
os.execv("{runc}", ["runc", *words])
"""
CONFIG = """\
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "unlimited"
[engine.runtimes]
unlimited = ["{runtime}"]
"""


def configuration(folder: Path) -> Path | None:
    """Return the file for CONTAINERS_CONF, made in a folder; None where there is no runc."""
    runc = shutil.which("runc")
    if runc is None:
        return None
    runtime = folder / "runtime"
    runtime.write_text(RUNTIME.format(python=sys.executable, runc=runc))
    runtime.chmod(0o755)
    config = folder / "containers.conf"
    config.write_text(CONFIG.format(runtime=runtime))
    return config
