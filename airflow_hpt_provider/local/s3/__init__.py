"""S3 on files: what training jobs read and write survives ``kill -9`` at any moment.

An object's bytes lie in *blobs*: immutable files, written, fsynced and renamed before anything refers to them.
Which object is made of which blobs is said by one SQLite transaction, so an object is whole or not there::

    objects.py     the store as a Python API, for the runner in the same process
    multipart.py   uploads in parts; completing one copies nothing, the object refers to the parts' blobs
    listing.py     keys by prefix and delimiter, in pages
    blobs.py       the files
    index.py       the index of objects, uploads_index.py that of uploads; rows.py makes objects of its rows
    model.py       what all of them speak of
    names.py       which bucket names and keys S3 takes; checksums.py  CRC32 and its kin
    conditions.py  If-Match, If-None-Match, ranges
    errors.py      S3's error codes and texts
    wire/          the same over HTTP, as S3's own protocol has it
"""
