"""Writes ``docs/coverage.md``: ``python -m docs.coverage`` (about 20 seconds: it runs a service).

::

    reference_members.txt   what the reference document names
    members.py              what botocore's model and ours have
    requests.py             requests that hold every member
    round_trip.py           sends them to a real service
    members.toml            what is said by hand: rules, and what the service makes of each member
    table.py                the page from all that
"""
