"""The data of a channel: found, read and checked. XGBoost's own reader takes a header line for zeros."""

from __future__ import annotations

import csv
import io
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xgboost
from scipy.sparse import csr_matrix

from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CSV: Final = ("csv", "text/csv")
LIBSVM: Final = ("libsvm", "text/libsvm", "text/x-libsvm")
PARQUET: Final = ("parquet", "application/x-parquet")
PROTOBUF: Final = ("recordio-protobuf", "application/x-recordio-protobuf")
DELIMITERS: Final = ",;\t| "
DEPTH: Final = 3
"""Folders below a channel in which files are found."""
SHOWN: Final = 80
"""Characters of a line in an error."""


def content_type_of(text: str | None) -> str:
    """Return the kind of data that a ContentType stands for: csv, libsvm or parquet.

    Raises:
        UserError: it stands for none that is read here.
    """
    plain, *parameters = [part.strip().lower() for part in (text or "libsvm").split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if (name.strip(), value.strip()) not in (("label_size", "1"), ("charset", "utf-8")):
            raise UserError(f"{text} is not an accepted ContentType: label_size must be 1.")
    for kind, names in (("csv", CSV), ("libsvm", LIBSVM), ("parquet", PARQUET)):
        if plain in names:
            return kind
    if plain in PROTOBUF:
        raise UserError(f"The local service does not read {plain}; use csv, libsvm or parquet.")
    raise UserError(
        f"{text} is not an accepted ContentType: {', '.join((*CSV, *LIBSVM, *PARQUET, *PROTOBUF))}."
    )


def files_of(channel: Path, what: str) -> list[Path]:
    """Return the files of a channel, in the order of their names.

    Raises:
        UserError: the channel has none, or one whose name begins with a dot.
    """
    found = [
        path
        for path in sorted(channel.rglob("*"))
        if path.is_file() and len(path.relative_to(channel).parts) <= DEPTH
    ]
    if any(path.name.startswith(".") for path in found):
        raise UserError("Hidden file found in the data path! Remove that before training.")
    if not found:
        raise UserError(f"No data in {what} channel path {channel}")
    return found


def read(channel: Path, what: str, kind: str, *, weights: bool) -> xgboost.DMatrix:
    """Return the data of a channel.

    Args:
        channel: the channel's directory.
        what: its name in errors: training or validation.
        kind: csv, libsvm or parquet.
        weights: whether the second column of CSV data is the weight.

    Raises:
        UserError: there is no data, or it is not of this kind.
    """
    files = files_of(channel, what)
    if kind == "libsvm":
        return _libsvm(files)
    rows = _csv(files) if kind == "csv" else _parquet(files)
    first = 2 if weights and kind == "csv" else 1
    if rows.shape[1] <= first:
        raise UserError(
            f"The data of the {what} channel has no features: its rows have {rows.shape[1]} columns."
        )
    if not np.isfinite(rows[:, :first]).all():
        raise UserError(
            f"The data of the {what} channel has rows without a label{' or weight' * (first - 1)}."
        )
    weight = rows[:, 1] if first == 2 else None
    return xgboost.DMatrix(rows[:, first:], label=rows[:, 0], weight=weight, missing=np.nan, nthread=1)


def _csv(files: Sequence[Path]) -> np.ndarray[Any, np.dtype[np.float32]]:
    delimiter = _delimiter(files[0])
    return _joined((file, _csv_rows(file, delimiter)) for file in files)


def _joined(
    parts: Iterable[tuple[Path, np.ndarray[Any, np.dtype[np.float32]]]],
) -> np.ndarray[Any, np.dtype[np.float32]]:
    tables = list(parts)
    widths = {rows.shape[1]: file for file, rows in tables}
    if len(widths) > 1:
        shown = ", ".join(f"{width} in '{file.name}'" for width, file in widths.items())
        raise UserError(f"All files must have the same number of columns: {shown}.")
    return np.concatenate([rows for _, rows in tables])


def _delimiter(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace", newline="") as source:
        line = source.readline()
    try:
        delimiter = csv.Sniffer().sniff(line, DELIMITERS).delimiter
    except csv.Error as error:
        found = [each for each in DELIMITERS if each in line.strip()]
        if len(found) != 1:
            raise UserError(f"Could not determine delimiter on line {line[:SHOWN].rstrip()}") from error
        delimiter = found[0]
    print(f"Determined delimiter of CSV input is '{delimiter}'", flush=True)
    return delimiter


def _csv_rows(file: Path, delimiter: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        # Quick, and right where no cell is empty; what it refuses is read cell by cell.
        return np.loadtxt(io.StringIO(text), dtype=np.float32, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        rows = [
            [_cell(cell, line, file) for cell in cells]
            for line, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
            if cells
        ]
    width = len(rows[0]) if rows else 0
    for line, row in enumerate(rows, 1):
        if len(row) != width:
            raise UserError(
                f"Line {line} of file '{file.name}' has {len(row)} columns, and line 1 has {width}."
            ) from None
    return np.asarray(rows, dtype=np.float32).reshape(len(rows), width)


def _cell(text: str, line: int, file: Path) -> float:
    """Return the number in a cell; an empty one is a missing value."""
    try:
        return float(text) if text.strip() else np.nan
    except ValueError:
        where = "the header line" if line == 1 else f"line {line}"
        raise UserError(
            f"Non-numeric value '{text[:SHOWN]}' found in {where} of file '{file.name}'. CSV data must have no header "
            "and numbers only."
        ) from None


def _parquet(files: Sequence[Path]) -> np.ndarray[Any, np.dtype[np.float32]]:
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        raise UserError(
            "The local service reads parquet by pyarrow, which is not installed; install it."
        ) from None

    def rows(file: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
        try:
            content = parquet.read_table(file)
            columns = [np.asarray(column.to_numpy(), dtype=np.float32) for column in content.columns]
        except (arrow.ArrowException, OSError, ValueError, TypeError) as error:
            raise UserError(f"File '{file.name}' is not Parquet with numbers only: {error}") from error
        return np.stack(columns, axis=1)

    return _joined((file, rows(file)) for file in files)


def _libsvm(files: Sequence[Path]) -> xgboost.DMatrix:
    labels: list[float] = []
    weights: list[float] = []
    groups: list[int] = []
    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as source:
            for number, line in enumerate(source, 1):
                label, *cells = line.partition("#")[0].split() or [""]
                if not label:
                    continue
                try:
                    value, _, weight = label.partition(":")
                    labels.append(float(value))
                    weights.append(float(weight or 1))
                    for cell in cells:
                        index, colon, text = cell.partition(":")
                        if index == "qid":
                            groups.append(int(text))
                            continue
                        if not colon or int(index) < 0:
                            raise ValueError(cell)
                        columns.append(int(index))
                        values.append(float(text))
                except ValueError:
                    which = "First line" if number == 1 else f"Line {number}"
                    raise UserError(
                        f"{which} '{line[:SHOWN].rstrip()}...' of file '{file.name}' is not 'LIBSVM' format. Please "
                        "ensure the file is in 'LIBSVM' format."
                    ) from None
                ends.append(len(values))
    width = max(columns, default=-1) + 1
    matrix = csr_matrix(
        (np.asarray(values, dtype=np.float32), np.asarray(columns, dtype=np.int64), np.asarray(ends)),
        shape=(len(labels), width),
    )
    data = xgboost.DMatrix(matrix, label=labels, weight=weights if not groups else None, nthread=1)
    if groups:
        if len(groups) != len(labels):
            raise UserError("Every line must have a qid, or none.")
        data.set_info(qid=groups)
    return data
