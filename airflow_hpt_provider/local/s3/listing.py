"""Keys of a bucket in order, in pages, with common prefixes: what every S3 list is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.s3.rows import OBJECT_COLUMNS, object_from

if TYPE_CHECKING:
    import sqlite3

    from airflow_hpt_provider.local.s3.model import ObjectInfo

_LAST_CHARACTER = "\U0010ffff"
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF


@dataclass
class ObjectPage:
    """One page of a list.

    Attributes:
        objects: those not rolled up into a common prefix.
        prefixes: the common prefixes, once each.
        next: what to give as ``after`` for the next page; None on the last one.
    """

    objects: list[ObjectInfo] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next: str | None = None


def list_objects(
    connection: sqlite3.Connection,
    bucket: str,
    *,
    prefix: str = "",
    delimiter: str = "",
    after: str = "",
    limit: int = 1000,
) -> ObjectPage:
    """Return a page of at most ``limit`` objects and common prefixes behind ``after``, in order of UTF-8.

    ``after`` is a key or a common prefix: all that lies under the latter is behind us too.
    """
    page = ObjectPage()
    if limit <= 0:
        return page
    # One seek of the index per stretch without a common prefix, one per prefix: never a scan of what is under it.
    # Each further seek begins behind the keys of the one before, whatever characters they have.
    query = (
        f"select {OBJECT_COLUMNS} from object"  # noqa: S608 - our own columns
        " where bucket = ? and key >= ? and key > ? order by key limit ?"
    )
    start: str | None = prefix
    last = after
    if (behind := common_prefix(after, prefix, delimiter)) is not None:
        start = _behind(behind)
    while start is not None:
        room = limit - len(page.objects) - len(page.prefixes)
        rows = connection.execute(query, (bucket, start, after, room + 1)).fetchall()
        for row in rows:
            key: str = row["key"]
            if not key.startswith(prefix):
                return page
            if room == 0:
                page.next = last
                return page
            room -= 1
            after = last = key
            if (group := common_prefix(key, prefix, delimiter)) is not None:
                page.prefixes.append(group)
                last = group
                start = _behind(group)
                break
            page.objects.append(object_from(row))
        else:
            return page
    return page


def _behind(prefix: str) -> str | None:
    """Return the first text, in order of UTF-8, after all that begin with the prefix; None without one."""
    kept = prefix.rstrip(_LAST_CHARACTER)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    if following == _FIRST_SURROGATE:  # UTF-8 has no surrogates
        following = _LAST_SURROGATE + 1
    return kept[:-1] + chr(following)


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """Return the common prefix that replaces this key in a list: everything up to the first delimiter after the prefix.

    None if the key is named itself: without a delimiter, or with none behind the prefix.
    """
    end = key.find(delimiter, len(prefix)) if delimiter and key.startswith(prefix) else -1
    return None if end < 0 else key[: end + len(delimiter)]
