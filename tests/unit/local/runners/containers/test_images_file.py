"""The images file."""

from __future__ import annotations

import sys

import pytest

from airflow_hpt_provider.local.runners.containers.images import ImageMap


def load(tmp_path, text):
    path = tmp_path / "images.toml"
    path.write_text(text)
    return ImageMap.load(path)


def test_the_first_match_wins(tmp_path):
    (tmp_path / "mine").mkdir()
    images = load(
        tmp_path,
        """
[[image]]
match = "*/mine:*"
command = ["{python}", "-m", "mine"]
directory = "mine"
environment = { A = "1" }
[[image]]
match = "*"
command = ["true"]
""",
    )
    image = images.find("123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:2")
    assert image.command == (sys.executable, "-m", "mine")
    assert image.directory == tmp_path / "mine"
    assert image.environment == {"A": "1"}
    assert images.find("other").command == ("true",)


def test_an_image_may_run_itself(tmp_path):
    image = load(tmp_path, "[[image]]\nmatch = '*'\ncontainer = true\n").find("anything")
    assert image.container
    assert image.command == ()


def test_without_a_file_nothing_matches():
    assert ImageMap.load(None).find("anything") is None


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[[image]\n", "not valid TOML"),
        ("[image]\nmatch = '*'\n", r"write \[\[image\]\]"),
        ("[[image]]\ncommand = ['x']\n", "image 1: `match`"),
        ("[[image]]\nmatch = '*'\ncommand = 'x'\n", "image 1: `command` must be a list"),
        ("[[image]]\nmatch = '*'\ncontainer = 1\n", "`container` must be true or false"),
        ("[[image]]\nmatch = '*'\ncommand = ['x']\ncontainer = true\n", "`command` is for a process"),
        ("[[image]]\nmatch = '*'\ncommand = ['x']\ndirectory = 'none'\n", "is not a directory"),
        ("[[image]]\nmatch = '*'\ncommand = ['x']\nenvironment = { A = 1 }\n", "table of strings"),
        ("[[image]]\nmatch = '*'\ncommand = ['x']\nimage = 'y'\n", "unknown key 'image'"),
        ("[[images]]\nmatch = '*'\n", "unknown 'images'"),
    ],
)
def test_mistakes_are_named(tmp_path, text, match):
    with pytest.raises(ValueError, match=match) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "images.toml") in str(caught.value)
