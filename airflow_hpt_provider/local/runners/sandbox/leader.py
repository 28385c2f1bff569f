"""The shell that leads an attempt whose job runs in a sandbox.

As with a bare process (``process.py``) it writes its pid, the output and the exit code into the attempt's directory,
and outlives the service. What differs is who ends with whom:

- ``bwrap --die-with-parent`` ends with this shell, never with the service. So a killed service leaves the job training,
  and the next one finds it by this shell.
- Everything that the job starts is in a PID namespace, and the kernel ends all of it when the first process of that
  namespace ends: with bwrap, or with the job's own command.
- The job has a session of its own. A SIGTERM to this shell is passed on to the job's process group alone: bwrap itself
  would end by it, and the job with it, without the time that it has to end.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ARGUMENTS, NAMESPACE, STARTED = "bwrap.arguments", "bwrap.json", "bwrap.started"
"""Files of an attempt: bwrap's options, what bwrap reports, and the note that the sandbox is complete."""

# $0 is the attempt's directory, "$@" bwrap with the job's command. The trap is set before anything is started, and
# waits, a few seconds at most, for the sandbox to be complete: before that, no process could receive the signal.
SCRIPT = f"""
echo $$ > "$0/process"
pass_on() {{
    [ "$!" ] || exit
    again=1 tries=0
    until [ -s "$0/{STARTED}" ] || [ $tries -ge 250 ]; do tries=$((tries + 1)); sleep 0.02; done
    group=$(sed -n 's/.*"child-pid": *\\([0-9]*\\).*/\\1/p' "$0/{NAMESPACE}" | head -n 1)
    [ "$group" ] && kill -s TERM -- "-$group"
}}
trap pass_on TERM INT HUP
"$@" >> "$0/log" 2>&1 < /dev/null 3< "$0/{ARGUMENTS}" 4> "$0/{NAMESPACE}" 5> "$0/{STARTED}" &
again=1
while [ "$again" ]; do again=; wait $!; code=$?; done
echo $code > "$0/exit"
"""

INSIDE = 'echo $$ >&5; exec 3<&- 4>&- 5>&- "$@"'
"""What runs first in the sandbox: it notes that the sandbox is complete, and becomes the job's command."""
DESCRIPTORS = ("--args", "3", "--json-status-fd", "4")


def is_sandboxed(attempt: Path) -> bool:
    """Return whether the attempt with this directory runs, or ran, in a sandbox."""
    return (attempt / ARGUMENTS).exists()


def is_complete(attempt: Path) -> bool:
    """Return whether the attempt's sandbox was complete, so that its job's command was started."""
    try:
        return (attempt / STARTED).stat().st_size > 0
    except OSError:
        return False


def first_process(attempt: Path) -> int | None:
    """Return the pid, outside of the sandbox, of the first process in it; None if it is not known."""
    try:
        return int(json.loads((attempt / NAMESPACE).read_text(encoding="utf-8").splitlines()[0])["child-pid"])
    except (OSError, ValueError, LookupError):
        return None
