"""Builds the documentation as a website: ``python -m docs.site`` (``make docs``), into ``.local/site``.

::

    nav.py        which page stands where
    reference.py  the reference's pages: from docstrings, from the parser of `airflow-hpt`, from provider_info.py
    roles.py      docstrings' roles in Markdown; loaded by mkdocstrings
    source.py     puts the pages together in .local/docs
    links.py      every link and anchor of the website leads somewhere
    zensical.toml the generator's settings
"""
