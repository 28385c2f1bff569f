"""Paging: every row once, whatever comes and goes in the meantime."""

from __future__ import annotations

import base64
import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.db.paging import Listing
from airflow_hpt_provider.local.db.tokens import BadTokenError

VALUES = st.lists(st.integers(0, 3), max_size=25)


def table(values):
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, value INTEGER)")
    connection.executemany("INSERT INTO things (value) VALUES (?)", [(value,) for value in values])
    return connection


def pages(connection, listing, size):
    token = None
    while True:
        rows, token = listing.page(connection, limit=size, token=token)
        yield rows
        if token is None:
            return


@given(VALUES, st.integers(1, 7), st.booleans())
def test_all_rows_in_order(values, size, descending):
    connection = table(values)
    seen = [
        (row["value"], row["id"])
        for page in pages(connection, Listing("things", "value", descending), size)
        for row in page
    ]
    expected = sorted(((v, n) for n, v in enumerate(values, 1)), reverse=descending)
    assert seen == expected
    connection.close()


@given(VALUES, VALUES, st.integers(1, 4))
def test_what_was_there_is_seen_once_while_others_come_and_go(values, new, size):
    connection = table(values)
    seen = []
    coming = list(new)
    for page in pages(connection, Listing("things", "value"), size):
        seen += [row["id"] for row in page]
        if coming:
            connection.execute("INSERT INTO things (value) VALUES (?)", (coming.pop(),))
        if page:
            connection.execute("DELETE FROM things WHERE id = ?", (page[0]["id"],))
    assert len(seen) == len(set(seen))
    assert set(range(1, len(values) + 1)) <= set(seen)
    connection.close()


def test_filters_are_bound():
    connection = table([1, 2, 3])
    listing = Listing("things", "value")
    listing.where("value > ?", 1)
    listing.where("value < ?", 3)
    rows, token = listing.page(connection, limit=10, token=None)
    assert [row["value"] for row in rows] == [2]
    assert token is None
    connection.close()


@pytest.mark.parametrize("token", ["", "x", "bnVsbA==", "WzFd", "\u00e9", "e30=", "W1tb" * 2000])
def test_nonsense_is_refused(token):
    connection = table([1, 2])
    with pytest.raises(BadTokenError):
        Listing("things", "value").page(connection, limit=1, token=token)
    connection.close()


@pytest.mark.parametrize(("value", "row"), [(2**63, 1), (1, -(2**64)), ([], 1), (1, "1")])
def test_a_token_that_was_tampered_with_is_refused(value, row):
    connection = table([1, 2])
    listing = Listing("things", "value")
    _, token = listing.page(connection, limit=1, token=None)
    query, *_ = json.loads(base64.urlsafe_b64decode(token))
    tampered = base64.urlsafe_b64encode(json.dumps([query, value, row]).encode()).decode()
    with pytest.raises(BadTokenError):
        listing.page(connection, limit=1, token=tampered)
    connection.close()


def test_a_token_of_another_query_is_refused():
    connection = table([1, 2])
    _, token = Listing("things", "value").page(connection, limit=1, token=None)
    other = Listing("things", "value")
    other.where("value > ?", 0)
    with pytest.raises(BadTokenError):
        other.page(connection, limit=1, token=token)
    connection.close()
