"""Write and read a table in S3 with one library: argument 1 is the library, argument 2 an S3 URI to write below."""

from __future__ import annotations

import json
import os
import sys

URI = sys.argv[2]
ADDRESS = os.environ["AWS_ENDPOINT_URL"]
ROWS = [{"x": n, "word": f"wort {n} ü"} for n in range(1000)]


def pyarrow() -> list[dict[str, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import dataset, fs

    s3 = fs.S3FileSystem(endpoint_override=ADDRESS, region="us-east-1")
    path = URI.removeprefix("s3://")
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table, f"{path}/one.parquet", filesystem=s3)
    dataset.write_dataset(
        table, f"{path}/many", filesystem=s3, format="parquet", max_rows_per_group=100, max_rows_per_file=300
    )
    files = [f.path for f in s3.get_file_info(fs.FileSelector(f"{path}/many", recursive=True)) if f.is_file]
    assert len(files) == 4, files
    found = dataset.dataset(f"{path}/many", filesystem=s3, format="parquet").to_table().sort_by("x")
    assert found == pq.read_table(f"{path}/one.parquet", filesystem=s3)
    s3.copy_file(files[0], f"{path}/copy.parquet")
    s3.delete_dir(f"{path}/many")
    assert s3.get_file_info(f"{path}/many/part-0.parquet").type == fs.FileType.NotFound
    with s3.open_output_stream(f"{path}/large", buffer_size=1 << 20) as stream:  # in several parts
        for _ in range(12):
            stream.write(b"x" * (1 << 20))
    assert s3.get_file_info(f"{path}/large").size == 12 << 20
    return found.to_pylist()


def pandas() -> list[dict[str, object]]:
    import pandas as pd

    pd.DataFrame(ROWS).to_parquet(f"{URI}/rows.parquet")
    pd.DataFrame(ROWS).to_csv(f"{URI}/rows.csv", index=False)
    assert pd.read_csv(f"{URI}/rows.csv").to_dict("records") == ROWS
    return pd.read_parquet(f"{URI}/rows.parquet").to_dict("records")


def s3fs() -> list[dict[str, object]]:
    import s3fs as library

    s3 = library.S3FileSystem()
    with s3.open(f"{URI}/rows.json", "w", encoding="utf-8") as file:
        json.dump(ROWS, file)
    s3.cp(f"{URI}/rows.json", f"{URI}/deep/er/rows.json")
    assert [name.rsplit("/", 1)[1] for name in s3.ls(URI)] == ["deep", "rows.json"], s3.ls(URI)
    s3.cp(f"{URI}/deep", f"{URI}/moved", recursive=True)
    s3.rm(f"{URI}/deep", recursive=True)
    assert s3.find(f"{URI}/deep") == []
    with s3.open(f"{URI}/large", "wb", block_size=5 << 20) as file:
        for _ in range(12):
            file.write(b"x" * (1 << 20))
    assert s3.info(f"{URI}/large")["size"] == 12 << 20
    with s3.open(f"{URI}/moved/er/rows.json", "r", encoding="utf-8") as file:
        found: list[dict[str, object]] = json.load(file)
    s3.rm(URI, recursive=True)
    assert not s3.exists(URI)
    return found


def duckdb() -> list[dict[str, object]]:
    import duckdb as library
    from duckdb_extensions import import_extension

    import_extension("httpfs")
    host = ADDRESS.removeprefix("http://")
    db = library.connect()
    db.sql("load httpfs")
    db.sql(
        f"create secret (type s3, key_id '{os.environ['AWS_ACCESS_KEY_ID']}', secret "
        f"'{os.environ['AWS_SECRET_ACCESS_KEY']}', endpoint '{host}', url_style 'path', use_ssl false, "
        "region 'us-east-1')"
    )
    db.sql("create table rows (x int, word text)")
    db.executemany("insert into rows values (?, ?)", [(row["x"], row["word"]) for row in ROWS])
    db.sql(f"copy (select *, x % 3 as part from rows) to '{URI}/parts' (format parquet, partition_by (part))")
    db.sql(f"copy rows to '{URI}/rows.csv'")
    assert db.sql(f"select count(*) from '{URI}/rows.csv'").fetchone() == (1000,)
    found = db.sql(f"select x, word from read_parquet('{URI}/parts/*/*.parquet') order by x").fetchall()
    return [{"x": x, "word": word} for x, word in found]


def polars() -> list[dict[str, object]]:
    import polars as pl

    pl.DataFrame(ROWS).write_parquet(f"{URI}/rows.parquet")
    pl.LazyFrame(ROWS).sink_parquet(f"{URI}/sunk.parquet")
    found = pl.scan_parquet(f"{URI}/*.parquet").collect()
    assert found.height == 2000, found.height
    return pl.read_parquet(f"{URI}/sunk.parquet").to_dicts()


FOUND = {"pyarrow": pyarrow, "pandas": pandas, "s3fs": s3fs, "duckdb": duckdb, "polars": polars}[
    sys.argv[1]
]()
assert FOUND == ROWS, FOUND[:3]
print(json.dumps(len(FOUND)))
