"""Tables: one image a row, one pixel a column, and a column of labels. CSV, TSV, Parquet and ARFF."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import DataError, UsageError
from sightline.sources.arrays import from_arrays
from sightline.sources.pixels import Shape, see_names
from sightline.sources.unpacking import Unpacked, see_unpacked

if TYPE_CHECKING:
    import pyarrow as pa

LABEL_NAMES = ("label", "labels", "class", "target", "y", "category")
ROW_NUMBERS = ("", "id", "index", "unnamed: 0", "image_id", "__index_level_0__")
PIXEL_NAME = re.compile(
    r"^(pixel|px|pix|p|x|f|v|a|att|col|feature)?[\s_.x-]*\d+([\s_.x-]\d+)?$", re.IGNORECASE
)
NUMBER = re.compile(r"""^\s*["']?[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?["']?\s*$""")


def load_table(path: Path, *, kind: str, label: str | None = None, shape: Shape | None = None) -> Dataset:
    """Load a table of pixels.

    Parameters
    ----------
    path : Path
        CSV or TSV (gzipped or not, with a header or without), Parquet or ARFF.
    kind : {'csv', 'parquet', 'arff'}
        What its contents are.
    label : str, optional
        The label column. By default one named label, class, target, y or category; else the only one that is
        text; else the only one not named like a pixel; else the last, or the first where the last cannot be.
    shape : (height, width), optional
        Layout of the pixels where they do not make a square.

    Raises
    ------
    DataError
        Unreadable, ragged, gaps or text among the pixels, intensities outside 0…255.
    UsageError
        `label` names no column.
    """
    if kind == "csv":
        table = _read_csv(path)
    elif kind == "arff":
        from sightline.sources.arff import read_arff

        table = read_arff(path)
    else:
        table = read_parquet(path)
    name = re.sub(r"(\.(csv|tsv|txt|parquet|pq|arff|gz))+$", "", path.name, flags=re.IGNORECASE)
    return from_table(table, name=name or path.name, source=str(path), label=label, shape=shape)


def from_table(
    table: pa.Table,
    *,
    name: str,
    source: str,
    label: str | None = None,
    shape: Shape | None = None,
    licence: str = "unknown",
) -> Dataset:
    """Turn an Arrow table into a data set; arguments and errors as for `load_table`."""
    if table.num_rows == 0:
        raise DataError(f"{source} has no rows", "Give a table with one row for each image.")
    names = list(table.column_names)
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise DataError(f"{source} has two columns named '{twice}'", "Give every column its own name.")
    target = _label_column(table, label, source)
    pixels = [n for n in names if n != target and n.strip().lower() not in ROW_NUMBERS]
    if not pixels:
        raise DataError(f"{source} has no pixel columns beside '{target}'", "Give one column for each pixel.")
    labels = _labels(table, target, source)
    return from_arrays(
        _matrix(table, pixels, source), labels, shape=shape, name=name, source=source, licence=licence
    )


def _labels(table: pa.Table, target: str, source: str) -> npt.NDArray[Any]:
    column = table.column(target)
    if column.null_count:
        raise DataError(
            f"column '{target}' of {source} has no label in {column.null_count:,} of {len(column):,} rows",
            "Fill them in or drop those rows.",
        )
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(column.type):
            see_names((name for chunk in column.chunks for name in chunk.dictionary.to_pylist()), source)
            kind, text = column.type.value_type, pa.dictionary(column.type.index_type, pa.string())
        else:
            kind, text = column.type, pa.string()
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            column = column.cast(text)
    except (UnicodeDecodeError, pa.ArrowInvalid) as error:  # a file may call text what is none
        raise DataError(
            f"the labels in column '{target}' of {source} are not UTF-8", "Save them as text."
        ) from error
    try:
        return np.asarray(column.to_pandas())
    except (UnicodeDecodeError, pa.ArrowException) as error:
        raise DataError(
            f"the labels in column '{target}' of {source} are damaged ({error})", "Write the file again."
        ) from error


def _shown(value: pa.Scalar[Any]) -> str:
    """What a message can show of a value, which may be called text and be none."""
    try:
        return f"{value.as_py()!r:.40}"
    except UnicodeDecodeError:
        return "bytes that are no text"


def _matrix(table: pa.Table, pixels: list[str], source: str) -> npt.NDArray[Any]:
    """(n, d) of the pixel columns, in the narrowest common number format."""
    import pyarrow as pa

    for pixel in pixels:
        column = table.column(pixel)
        kind = column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            raise DataError(
                f"column '{pixel}' of {source} is {kind}, not numbers (first {_shown(column[0])})",
                "Pixels must be numbers; name the label column with label= if this is it.",
            )
        if column.null_count:
            row = int(np.flatnonzero(np.asarray(column.is_null()))[0]) + 1
            raise DataError(
                f"column '{pixel}' of {source} has no number in {column.null_count:,} of {len(column):,} rows, "
                f"the first row {row}",
                "Every pixel needs an intensity: fill the gaps (0 is black) or drop those rows.",
            )
    kinds = [table.schema.field(pixel).type for pixel in pixels]
    whole = not any(map(pa.types.is_floating, kinds))
    dtype = np.bool_ if all(map(pa.types.is_boolean, kinds)) else np.int16 if whole else np.float32
    out: npt.NDArray[Any] = np.empty((table.num_rows, len(pixels)), dtype)
    for j, pixel in enumerate(pixels):
        values = np.asarray(table.column(pixel))
        if whole and values.dtype.kind in "ui" and (values.min() < 0 or values.max() > 255):
            raise DataError(
                f"column '{pixel}' of {source} runs from {values.min()} to {values.max()}",
                "Expected intensities 0…255; name the label column with label= if this is not a pixel.",
            )
        out[:, j] = values
    return out


def _label_column(table: pa.Table, label: str | None, source: str) -> str:
    import pyarrow as pa

    names: list[str] = list(table.column_names)
    if label is not None:
        if label not in names:
            shown = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
            raise UsageError(f"{source} has no column '{label}'", f"Its columns are {shown}.")
        return label
    for wanted in LABEL_NAMES:
        for name in names:
            if name.strip().lower() == wanted:
                return name
    candidates = [n for n in names if n.strip().lower() not in ROW_NUMBERS]
    if len(candidates) < 2:
        raise DataError(
            f"{source} has {len(candidates)} columns besides row numbers", "Expected pixels and a label."
        )
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    text = [n for n in candidates if not any(test(table.schema.field(n).type) for test in numeric)]
    if len(text) == 1:
        return text[0]
    unlike = [n for n in candidates if not PIXEL_NAME.match(n.strip())]
    if len(unlike) == 1:
        return unlike[0]
    return _first_or_last(table, candidates)


def _first_or_last(table: pa.Table, names: list[str]) -> str:
    """The last column, unless it cannot be labels (constant, fractions) and the first can."""
    import pyarrow as pa

    def plausible(name: str) -> bool:
        column = table.column(name)
        if pa.types.is_nested(column.type):
            return False
        whole = not pa.types.is_floating(column.type) or not np.mod(np.asarray(column), 1).any()
        return whole and 1 < len(column.unique()) <= max(2, len(column) // 2)

    first, last = names[0], names[-1]
    return first if plausible(first) and not plausible(last) else last


def _read_csv(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as csv

    line = _first_line(path)
    mark = max(("\t", ",", ";"), key=line.count)
    if mark not in line:
        raise DataError(
            f"{path} is not a table of pixels: its first line is {line[:60]!r}",
            "Expected columns separated by commas, semicolons or tabs.",
        )
    bare = all(NUMBER.match(cell) for cell in line.split(mark))
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with Unpacked(path) if packed else pa.OSFile(str(path)) as stream:
            return csv.read_csv(
                stream,
                read_options=csv.ReadOptions(autogenerate_column_names=bare, block_size=1 << 24),
                parse_options=csv.ParseOptions(delimiter=mark),
            )
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, EOFError, zlib.error) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path} cannot be read as a table ({reason:.200})", "Every row needs the same columns."
        ) from error


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(1 << 20)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as unpacked:
                head = unpacked.read(1 << 20)
        return head.splitlines()[0].decode("utf-8-sig")
    except IndexError:
        raise DataError(f"{path} is empty") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not text: byte {error.start} is not UTF-8", "Save it as UTF-8."
        ) from error
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path} cannot be read ({error})", "Copy or fetch it again.") from error


def _width(kind: pa.DataType) -> float:
    """Bytes of one value, where all have as many."""
    try:
        return float(kind.bit_width) / 8
    except ValueError:
        return 8.0


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)


def read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file whole; text stays numbered, so that a long one that is there often is held once.

    Raises
    ------
    DataError
        It is not Parquet, damaged, holds lists, or becomes far larger than the file.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            about, schema = file.metadata, file.schema_arrow
        nested = [field.name for field in schema if pa.types.is_nested(field.type)]
        if nested:
            raise DataError(
                f"column '{nested[0]}' of {path} holds lists, not numbers or names", "Leave it out."
            )
        text = [field.name for field in schema if _is_text(field.type)]
        rows = max(about.num_rows, sum(about.row_group(i).num_rows for i in range(about.num_row_groups)))
        width = sum(8 if field.name in text else _width(field.type) for field in schema)
        see_unpacked(int(rows * width), path.stat().st_size, path)
        with parquet.ParquetFile(path, metadata=about, read_dictionary=text) as file:
            return file.read()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file ({str(error).splitlines()[0]:.200})", "Save it anew."
        ) from error
