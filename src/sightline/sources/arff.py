"""ARFF, OpenML's older text format: attribute declarations, then comma-separated rows."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.errors import DataError
from sightline.sources.unpacking import Unpacked

if TYPE_CHECKING:
    import pyarrow as pa

ATTRIBUTE = re.compile(
    r"""@attribute\s+(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\S+))\s+(.+)$""", re.IGNORECASE
)
QUOTED = re.compile(rb"""(?:^|[,\n])[ \t]*(['"])""")
WHOLE = "The file may be cut off: fetch it again."
NUMERIC = ("numeric", "real", "integer")


def read_arff(path: Path) -> pa.Table:
    """Read a dense ARFF file as a table; nominal and string columns become text, ``?`` becomes a gap.

    Raises
    ------
    DataError
        No attributes or no @data section, sparse rows, dates, or rows that do not fit the declarations.
    """
    import pyarrow as pa
    import pyarrow.compute as compute
    import pyarrow.csv as csv

    data = _unpacked(path)
    names, kinds, start = _declarations(data, path)
    body = data[start:]
    if b"%" in body:
        body = b"\n".join(line for line in body.splitlines() if not line.lstrip().startswith(b"%"))
    body = body.strip()
    if body.startswith(b"{"):
        raise DataError(
            f"{path} has sparse rows, which are not supported", "Save it as dense ARFF or Parquet."
        )
    if not body:
        raise DataError(f"{path} has no rows after @data", "Give a file with images in it.")
    types = {
        name: pa.float64() if kind.lower().startswith(NUMERIC) else pa.string()
        for name, kind in zip(names, kinds, strict=True)
    }
    found = QUOTED.search(body)
    quote = found[1].decode() if found else "'"
    body = re.sub(rb"(?<=[,\n])[ \t]+(?=%b)" % quote.encode(), b"", body)  # inside, a quote is escaped
    try:
        table = csv.read_csv(
            io.BytesIO(body),
            read_options=csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=csv.ParseOptions(quote_char=quote, escape_char="\\"),
            convert_options=csv.ConvertOptions(
                column_types=types,
                null_values=["?"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} has rows that do not fit its attributes ({error})", WHOLE) from error
    for i, name in enumerate(names):
        if types[name] == pa.string():
            table = table.set_column(i, name, compute.utf8_trim_whitespace(table.column(i)))
    return table


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data[:2] != b"\x1f\x8b":
            return data
        with Unpacked(path) as unpacked:
            return unpacked.read()
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path} cannot be read ({error})", "Fetch it again.") from error


def _declarations(data: bytes, path: Path) -> tuple[list[str], list[str], int]:
    """Return attribute names, their types and where the rows start."""
    names: list[str] = []
    kinds: list[str] = []
    for match in re.finditer(rb"[^\n]*\n?", data):
        line = match.group().decode("utf-8", "replace").strip()
        if line.lower().startswith("@data"):
            if not names or len(set(names)) < len(names):
                raise DataError(
                    f"{path} declares {len(names)} attributes, {len(set(names))} of them distinct",
                    "Every column needs a name of its own.",
                )
            return names, kinds, match.end()
        if line.lower().startswith("@attribute"):
            found = ATTRIBUTE.match(line)
            if not found:
                raise DataError(
                    f"{path} has an attribute that cannot be read: {line[:80]}", "Write @attribute NAME TYPE."
                )
            names.append(re.sub(r"\\(.)", r"\1", found[1] or found[2] or found[3]))
            kinds.append(found[4].strip())
        if match.end() == len(data):
            break
    raise DataError(f"{path} is not an ARFF file: it has no @data section", WHOLE)
