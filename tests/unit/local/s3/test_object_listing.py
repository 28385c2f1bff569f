"""Lists agree with the definition, whatever keys, prefix, delimiter and page size."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.local.s3.listing import list_objects
from airflow_hpt_provider.local.s3.objects import ObjectStore

keys = st.text(st.sampled_from("ab/é\ud7ff\U0001d4d0\U0010ffff"), min_size=1, max_size=6)


def expected(all_keys: set[str], prefix: str, delimiter: str) -> list[str]:
    """By definition: keys with the prefix, each rolled up to what comes before the next delimiter."""
    found = set()
    for key in all_keys:
        if key.startswith(prefix):
            head, delimiter_found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            found.add(f"{prefix}{head}{delimiter}" if delimiter_found else key)
    return sorted(found, key=str.encode)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(keys, max_size=15),
    st.text(st.sampled_from("ab/"), max_size=2),
    st.sampled_from(["", "/", "b"]),
    st.integers(1, 4),
)
def test_pages_make_up_the_list(all_keys: set[str], prefix: str, delimiter: str, limit: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = ObjectStore(Path(directory))
        store.create_bucket("bucket")
        for key in all_keys:
            store.put("bucket", key, b"")
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            with store.database.snapshot() as connection:
                page = list_objects(
                    connection, "bucket", prefix=prefix, delimiter=delimiter, after=after, limit=limit
                )
            size = len(page.objects) + len(page.prefixes)
            assert size <= limit
            assert page.next is None or size == limit
            seen += sorted([o.key for o in page.objects] + page.prefixes, key=str.encode)
            after = page.next
        store.close()
    assert seen == expected(all_keys, prefix, delimiter)


def test_no_room_no_page(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    store.create_bucket("bucket")
    store.put("bucket", "key", b"")
    with store.database.snapshot() as connection:
        page = list_objects(connection, "bucket", limit=0)
    assert (page.objects, page.next) == ([], None)
    store.close()


def test_keys_with_the_last_character_of_unicode_end_a_list(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "s3")
    store.create_bucket("bucket")
    last = "\U0010ffff"
    for key in (f"a/{last}", f"a/{last}{last}", f"a/{last}b", f"{last}/1", f"{last}/{last}{last}"):
        store.put("bucket", key, b"")
    with store.database.snapshot() as connection:
        page = list_objects(connection, "bucket", delimiter="/", limit=5)
        assert (page.prefixes, page.next) == (["a/", f"{last}/"], None)
        page = list_objects(connection, "bucket", delimiter=last, after=last, limit=5)
        assert (page.prefixes, page.next) == ([], None)
        page = list_objects(connection, "bucket", delimiter="/", after="a/", limit=5)
        assert (page.prefixes, page.next) == ([f"{last}/"], None)
    store.close()
