"""Unpacks archives from outside: writes nothing outside the directory, and nothing but files and folders.

``tarfile``'s own filters have been got round by links before. Here no link ever comes to the disk: one to a file
of the same archive is unpacked as a copy of it, any other is refused, as are devices and named pipes.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_hpt_provider.local.runners.data.s3 import below

if TYPE_CHECKING:
    from pathlib import Path

MAX_MEMBERS = 100_000
MAX_BYTES = 10 << 30
"""Unpacked: some kilobytes can hold an archive that fills the disk."""
MAX_DEPTH = 200
"""Directories within one another: Python removes a tree by recursion."""
MAX_HEADER_BYTES = 1 << 20
"""Maximum bytes of a member's long name or extended attributes, which tarfile reads into memory whole."""
MAX_ALL_HEADER_BYTES = 64 << 20
"""Maximum bytes of the headers of all members, which tarfile keeps."""
_PRIVATE_FILE, _PRIVATE_PROGRAM = 0o600, 0o700
_HEADERS = frozenset(
    {
        *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
        *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    }
)


_TOO_LARGE = f"it has more than {MAX_MEMBERS} members or {MAX_BYTES >> 30} GiB"


class ArchiveError(Exception):
    """An archive cannot or must not be unpacked; says why."""


class _Member(tarfile.TarInfo):
    """A member whose header is not read if it is a bomb."""

    def _proc_member(self, tar: _Archive) -> tarfile.TarInfo:  # tarfile's hook for subclasses
        if self.type in _HEADERS:
            if self.size > MAX_HEADER_BYTES:
                raise ArchiveError(f"it has a member with a header of {self.size} bytes")
            tar.header_bytes += self.size
            if tar.header_bytes > MAX_ALL_HEADER_BYTES:
                raise ArchiveError(f"it has headers of more than {MAX_ALL_HEADER_BYTES} bytes")
        return super()._proc_member(tar)  # type: ignore[misc, no-any-return]

    def _refuse_map(self, *_: Any) -> NoReturn:
        raise ArchiveError("it has a sparse file: make the archive without --sparse")

    _proc_sparse = _proc_gnusparse_10 = _refuse_map  # tarfile reads their maps, which have no limit


class _Archive(tarfile.TarFile):
    """An archive that counts the bytes of its members' headers."""

    tarinfo = _Member
    header_bytes = 0


def extract(archive: Path, directory: Path) -> None:
    """Unpack a tar archive, compressed or not, into a directory.

    Raises:
        ArchiveError: it is no archive, too large, or holds what must not be unpacked. Members before that one
            may have been written.
    """
    try:
        with _Archive.open(archive) as tar:
            left = MAX_BYTES
            for number, member in enumerate(tar, 1):
                if number > MAX_MEMBERS or member.size > left:
                    raise ArchiveError(_TOO_LARGE)
                left -= max(member.size, _extract(tar, member, directory, left))
    except ArchiveError:
        raise
    except Exception as error:  # tarfile and the decompressors raise more than they document
        raise ArchiveError(str(error) or type(error).__name__) from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, directory: Path, most: int) -> int:
    """Unpack a member of at most ``most`` bytes, and return how many there are: a link has those of its file."""
    if member.name.strip("/") in ("", "."):
        return 0
    if member.name.count("/") > MAX_DEPTH:
        raise ArchiveError(f"it has directories nested more than {MAX_DEPTH} deep")
    target = None if member.name.startswith("/") else below(directory, member.name)
    if target is None:
        raise ArchiveError(f"'{member.name}' would lie outside of the directory")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        return 0
    content = _content(tar, member)
    size = content.seek(0, os.SEEK_END)
    if size > most:
        raise ArchiveError(_TOO_LARGE)
    content.seek(0)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.unlink(missing_ok=True)
    with content, target.open("xb") as file:
        shutil.copyfileobj(content, file)
    target.chmod(_PRIVATE_PROGRAM if member.mode & 0o111 else _PRIVATE_FILE)
    return size


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tarfile.ExFileObject:
    if not (member.isreg() or member.islnk() or member.issym()):
        raise ArchiveError(f"'{member.name}' is a device or named pipe: leave it out")
    try:
        content = tar.extractfile(member)  # follows links, within the archive only
    except (KeyError, RecursionError):
        content = None
    if content is None:
        raise ArchiveError(
            f"'{member.name}' is a link to '{member.linkname}', which is no file of the archive: put the file "
            "itself there"
        )
    return content  # type: ignore[return-value]
