"""What a sandbox shows, as bubblewrap's options."""

from pathlib import Path

from airflow_hpt_provider.local.runners.sandbox.mounts import Mounts


def test_parents_are_mounted_before_children_whatever_the_order() -> None:
    mounts = Mounts()
    mounts.read_only(Path("/usr/lib/python"))
    mounts.empty("/usr/lib")
    mounts.read_only(Path("/usr"))
    places = [each for each in mounts.options() if each.startswith("/usr")]
    assert places == ["/usr", "/usr", "/usr/lib", "/usr/lib/python", "/usr/lib/python"]


def test_a_sibling_with_a_similar_name_does_not_come_between() -> None:
    mounts = Mounts()
    for path in ("/a-b", "/a/b", "/a"):
        mounts.empty(path)
    assert [each for each in mounts.options() if each.startswith("/a")] == ["/a", "/a/b", "/a-b"]


def test_the_root_is_made_read_only_last() -> None:
    mounts = Mounts()
    mounts.empty("/opt")
    assert mounts.options() == ["--tmpfs", "/opt", "--remount-ro", "/"]


def test_only_what_is_visible_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "project" / ".local").mkdir(parents=True)
    (tmp_path / "project" / "secret").touch()
    mounts = Mounts()
    mounts.hide(tmp_path / "project" / ".local")
    assert mounts.options() == ["--remount-ro", "/"]
    mounts.read_only(tmp_path / "project")
    mounts.hide(tmp_path / "project" / ".local")
    mounts.hide(tmp_path / "project" / "secret")
    options = mounts.options()
    assert options[3:5] == ["--tmpfs", str(tmp_path / "project" / ".local")]
    assert options[5:8] == ["--ro-bind", "/dev/null", str(tmp_path / "project" / "secret")]


def test_a_directory_mounted_elsewhere_does_not_show_the_machines(tmp_path: Path) -> None:
    mounts = Mounts()
    mounts.writable(tmp_path, "/root")
    assert not mounts.shows(Path("/root/.aws"))


def test_a_copy_leaves_the_original_as_it_is() -> None:
    mounts = Mounts()
    Mounts(mounts).empty("/opt")
    assert mounts.options() == ["--remount-ro", "/"]
