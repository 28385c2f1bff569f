"""The file system that a sandboxed training job sees, as bubblewrap's options."""

from __future__ import annotations

from pathlib import Path, PurePosixPath


class Mounts:
    """What is mounted where. A later entry for the same place replaces an earlier one.

    :meth:`options` puts parents before children, so that a directory can be hidden within a visible one, and a visible
    one lie within a hidden one.
    """

    def __init__(self, other: Mounts | None = None) -> None:
        self._at: dict[PurePosixPath, tuple[str, ...]] = dict(other._at) if other else {}

    def read_only(self, source: Path, at: Path | str | None = None) -> None:
        """Show a file or directory of this machine, which must exist."""
        self._at[_place(at or source)] = ("--ro-bind", str(source))

    def writable(self, source: Path, at: Path | str) -> None:
        """Show a directory of this machine that the job may write to."""
        self._at[_place(at)] = ("--bind", str(source))

    def device(self, path: Path) -> None:
        """Show a device of this machine; nothing happens if it does not exist."""
        self._at[_place(path)] = ("--dev-bind-try", str(path))

    def link(self, target: str, at: Path | str) -> None:
        """Make a symbolic link."""
        self._at[_place(at)] = ("--symlink", target)

    def empty(self, at: Path | str) -> None:
        """Make an empty directory, in memory."""
        self._at[_place(at)] = ("--tmpfs",)

    def special(self, kind: str, at: str) -> None:
        """Make a ``/proc`` or ``/dev`` of the sandbox's own (``--proc``, ``--dev``)."""
        self._at[_place(at)] = (kind,)

    def hide(self, path: Path) -> None:
        """Hide a file or directory if it would be visible."""
        if self.shows(path):
            if path.is_dir():
                self.empty(path)
            else:
                self.read_only(Path("/dev/null"), path)

    def shows(self, path: Path) -> bool:
        """Return whether the path leads to the machine's file or directory of that name."""
        place = _place(path)
        for parent in (place, *place.parents):
            option = self._at.get(parent)
            if option:
                return option[0] in ("--ro-bind", "--bind") and option[1] == str(parent)
        return False

    def options(self) -> list[str]:
        """All as options of ``bwrap``; the root itself is read-only."""
        options: list[str] = []
        for place in sorted(self._at, key=lambda path: path.parts):
            options += [*self._at[place], str(place)]
        return [*options, "--remount-ro", "/"]


def _place(path: Path | str) -> PurePosixPath:
    return PurePosixPath(path)
