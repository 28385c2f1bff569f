"""Archives that another program has made are unpacked inside, or not at all."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import stat
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_hpt_provider.local.runners.data import archives
from airflow_hpt_provider.local.runners.data.archives import ArchiveError, extract


def archive(path: Path, *members: tuple[str, bytes, dict[str, object]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content, attributes in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            tar.addfile(info, io.BytesIO(content))
    return path


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[str, bytes, dict[str, object]]:
    return name, b"", {"type": kind, "linkname": to}


EVIL = {
    "parent": [("../evil", b"x", {})],
    "parent, deep": [("a/b/../../../evil", b"x", {})],
    "absolute": [("/tmp/evil-absolute", b"x", {})],
    "link to elsewhere": [link("a", "/etc/passwd")],
    "link out, then through it": [link("a", ".."), ("a/evil", b"x", {})],
    "hard link to elsewhere": [link("a", "/etc/passwd", tarfile.LNKTYPE)],
    "hard link to the parent": [link("a", "../outside", tarfile.LNKTYPE)],
    "link to a directory": [("d", b"", {"type": tarfile.DIRTYPE}), link("a", "d")],
    "link to itself": [link("a", "a")],
    "links in a circle": [link("a", "b"), link("b", "a")],
    "device": [("null", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})],
    "block device": [("disk", b"", {"type": tarfile.BLKTYPE})],
    "named pipe": [("pipe", b"", {"type": tarfile.FIFOTYPE})],
    "zero byte": [("a\0b/../../evil", b"x", {})],
    "directory outside": [("../evil", b"", {"type": tarfile.DIRTYPE})],
}


@pytest.mark.parametrize("members", EVIL.values(), ids=list(EVIL))
def test_nothing_is_written_outside(
    tmp_path: Path, members: list[tuple[str, bytes, dict[str, object]]]
) -> None:
    (tmp_path / "outside").write_text("kept")
    inside = tmp_path / "inside"
    inside.mkdir()
    path = archive(tmp_path / "a.tar.gz", *members)
    before = set(tmp_path.iterdir())
    if members[0][0].startswith("a\0"):
        extract(path, inside)  # tarfile itself cuts a name at a zero byte
    else:
        kind = members[-1][2].get("type")
        special = kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
        with pytest.raises(ArchiveError, match="is a device or named pipe" if special else "."):
            extract(path, inside)
    assert set(tmp_path.iterdir()) == before
    assert (tmp_path / "outside").read_text() == "kept"
    assert not Path("/tmp/evil-absolute").exists()
    for found in inside.rglob("*"):
        assert not found.is_symlink()
        assert stat.S_ISREG(found.stat().st_mode) or found.is_dir()


def test_what_authors_send_is_unpacked_privately(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.tar.gz",
        ("./", b"", {"type": tarfile.DIRTYPE, "mode": 0o777}),
        ("./train.py", b"one", {"mode": 0o644}),
        ("./bin/run", b"two", {"mode": 0o4777}),
        link("./again.py", "train.py"),
        link("./bin/up.py", "../train.py"),
        link("hard.py", "./train.py", tarfile.LNKTYPE),
        ("./train.py", b"newer", {}),
    )
    inside = tmp_path / "inside"
    inside.mkdir()
    former = os.umask(0)
    try:
        extract(path, inside)
    finally:
        os.umask(former)
    assert (inside / "train.py").read_bytes() == b"newer"
    assert (inside / "again.py").read_bytes() in (b"one", b"newer")
    assert (inside / "bin" / "up.py").read_bytes() in (b"one", b"newer")
    assert (inside / "hard.py").read_bytes() in (b"one", b"newer")
    assert stat.S_IMODE((inside / "train.py").stat().st_mode) == 0o600
    assert stat.S_IMODE((inside / "bin" / "run").stat().st_mode) == 0o700, "executable, not setuid"
    assert stat.S_IMODE((inside / "bin").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken", b"\0" * 600])
def test_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content)
    if content.startswith(b"\0"):
        extract(path, tmp_path)  # an empty archive
        return
    with pytest.raises(ArchiveError):
        extract(path, tmp_path)


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "a.tar.gz", *[(f"f{n}", b"0" * 1000, {}) for n in range(20)])
    (tmp_path / "in").mkdir()
    monkeypatch.setattr(archives, "MAX_BYTES", 10_000)
    with pytest.raises(ArchiveError, match="more than"):
        extract(path, tmp_path / "in")
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 30)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    with pytest.raises(ArchiveError, match="more than"):
        extract(path, tmp_path / "in")


@pytest.mark.parametrize("whole", [True, False], ids=["the deepest one", "one after the other"])
def test_directories_without_end(tmp_path: Path, whole: bool) -> None:
    """Python removes a tree by recursion, and fails at a thousand levels."""
    names = ["a/" * 2000] if whole else ["a/" * number for number in range(1, 1200)]
    kind = {"type": tarfile.DIRTYPE}
    path = archive(tmp_path / "a.tar.gz", *[(name, b"", kind) for name in names])
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match="nested more than 200 deep"):
        extract(path, tmp_path / "in")
    shutil.rmtree(tmp_path / "in")


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_a_bomb_in_a_header_is_not_read(tmp_path: Path, kind: bytes) -> None:
    """tarfile takes a long name into memory whole; some kilobytes hold gigabytes of it."""
    header = tarfile.TarInfo("name")
    header.type, header.size = kind, 2 << 20
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (4 << 20))
    with pytest.raises(ArchiveError, match="a header of 2097152 bytes"):
        extract(path, tmp_path)


def test_links_to_one_large_file_are_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each link becomes a copy, and has no size of its own."""
    links = [link(f"l{n}", "zero", (tarfile.SYMTYPE, tarfile.LNKTYPE)[n % 2]) for n in range(20)]
    path = archive(tmp_path / "a.tar.gz", ("zero", bytes(10_000), {}), *links)
    inside = tmp_path / "in"
    inside.mkdir()
    monkeypatch.setattr(archives, "MAX_BYTES", 50_000)
    with pytest.raises(ArchiveError, match="more than"):
        extract(path, inside)
    assert sum(each.stat().st_size for each in inside.iterdir()) <= 50_000


def test_headers_without_end(tmp_path: Path) -> None:
    """tarfile reads a header that follows a header by recursion."""
    header = tarfile.TarInfo("name")
    header.type, header.size = tarfile.XHDTYPE, tarfile.BLOCKSIZE
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write((header.tobuf(tarfile.USTAR_FORMAT) + bytes(tarfile.BLOCKSIZE)) * 2000)
    with pytest.raises(ArchiveError, match="recursion"):
        extract(path, tmp_path)


def test_many_large_headers_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tarfile keeps the extended attributes of every member."""
    monkeypatch.setattr(archives, "MAX_ALL_HEADER_BYTES", 100_000)
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for number in range(20):
            member = tarfile.TarInfo(f"f{number}")
            member.pax_headers = {"comment": "x" * 10_000}
            tar.addfile(member)
    with pytest.raises(ArchiveError, match="headers of more than 100000 bytes"):
        extract(path, tmp_path)


def sparse_map(path: Path) -> None:
    """A sparse file in PAX format 1.0: its map is at the head of its data."""
    data = b"20000000\n" + b"1\n" * (4 << 20)
    attributes = {"major": "1", "minor": "0", "name": "s", "realsize": "100"}
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("s")
        member.size, member.pax_headers = len(data), {f"GNU.sparse.{k}": v for k, v in attributes.items()}
        tar.addfile(member, io.BytesIO(data))


def sparse_chain(path: Path) -> None:
    """A sparse file in GNU's format: each block of its map may announce another one."""
    header = bytearray(tarfile.TarInfo("s").tobuf(tarfile.GNU_FORMAT))
    header[156:157], header[482], header[148:156] = tarfile.GNUTYPE_SPARSE, 1, b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with gzip.open(path, "wb") as file:
        file.write(header)
        file.write((b"00000000001\0" * 42 + b"\1" + bytes(7)) * 20_000)


@pytest.mark.parametrize("build", [sparse_map, sparse_chain])
def test_the_map_of_a_sparse_file_is_not_read(tmp_path: Path, build: Callable[[Path], None]) -> None:
    """It may be as long as the archive unpacked, and tarfile takes it into memory whole."""
    build(tmp_path / "a.tar.gz")
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="sparse"):
            extract(tmp_path / "a.tar.gz", tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_a_sparse_file_of_a_petabyte_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    attributes = {"map": "0,0", "size": str(1 << 50), "name": "s"}
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("s")
        member.pax_headers = {f"GNU.sparse.{k}": v for k, v in attributes.items()}
        tar.addfile(member)
    with pytest.raises(ArchiveError, match="more than"):
        extract(path, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
