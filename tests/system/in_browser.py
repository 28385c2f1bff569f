"""Marks of tests in a real browser: they are left out where there is none, or where the page is not built."""

import pytest

from airflow_hpt_provider.ui.pages import BUNDLE
from benchmarks.page.session import chromium

IN_BROWSER = [
    pytest.mark.system,
    pytest.mark.timeout(600),
    pytest.mark.skipif(chromium() is None, reason="no Chromium is installed"),
    pytest.mark.skipif(not (BUNDLE / "index.html").is_file(), reason="the page is not built: make ui"),
]
