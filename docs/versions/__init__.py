"""Writes ``docs/versions.md``: ``python -m docs.versions``.

::

    ran.toml   what `make test-matrix ARGS=--record` found
    page.py    the page from that, pyproject.toml and compat.py
"""
