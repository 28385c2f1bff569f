"""The wheel has the licence texts of the JavaScript packages in the tuning page's bundle."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.support.wheels import REPOSITORY, build

UI = REPOSITORY / "airflow_hpt_provider" / "ui"
IN_THE_WHEEL = "airflow_hpt_provider/ui/static/THIRD-PARTY-LICENSES.txt"
HELPERS = {"rolldown", "vite"}
"""The bundler adds small modules of its own."""
pytestmark = pytest.mark.skipif(
    not (UI / "static/index.html").is_file(), reason="the page is not built: make ui"
)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel"))) as archive:
        return archive.read(IN_THE_WHEEL).decode()


def test_every_package_of_the_bundle_has_a_section(text: str) -> None:
    lock = json.loads((UI / "frontend/package-lock.json").read_text())["packages"]
    wanted = {
        path.removeprefix("node_modules/"): about["version"]
        for path, about in lock.items()
        if path and not about.get("dev")
    }
    assert {"echarts", "zrender", "preact"} <= set(wanted)
    found = dict(re.findall(r"^-{80}\n(\S+) (\S+) \(.+\)\n-{80}$", text, re.MULTILINE))
    assert {name: found[name] for name in wanted} == wanted
    assert set(found) - set(wanted) <= HELPERS


@pytest.mark.parametrize(
    "words",
    [
        "Apache License\n                           Version 2.0, January 2004",
        "Apache ECharts\nCopyright 2017-",  # NOTICE
        "The Apache Software Foundation (https://www.apache.org/).",
        "Copyright 2010-2016 Mike Bostock",  # d3, which ECharts contains
        "Copyright (c) 2017, Baidu Inc.",  # zrender
        "Copyright (c) 2015-present Jason Miller",  # Preact
        "Copyright (c) Microsoft Corporation.",  # tslib
    ],
)
def test_the_texts_are_whole(text: str, words: str) -> None:
    assert words in text


def test_a_bundle_without_licences_makes_no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from hatch_build import TuningPageBuildHook

    monkeypatch.delenv("AIRFLOW_HPT_WITHOUT_UI", raising=False)
    bundle = tmp_path / "airflow_hpt_provider" / "ui" / "static"
    bundle.mkdir(parents=True)
    (bundle / "index.html").touch()
    hook = TuningPageBuildHook.__new__(TuningPageBuildHook)
    monkeypatch.setattr(TuningPageBuildHook, "root", str(tmp_path))
    with pytest.raises(RuntimeError, match="make ui"):
        hook.initialize("standard", {})
