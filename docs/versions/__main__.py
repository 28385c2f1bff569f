"""``python -m docs.versions``: write ``docs/versions.md``."""

from __future__ import annotations

from docs.versions.page import PAGE, render

PAGE.write_text(render(), encoding="utf-8")
