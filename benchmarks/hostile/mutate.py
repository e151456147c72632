"""Changes of bytes, of text and of JSON that know nothing of a format; all of them drawn by one generator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Change = Callable[[Random, bytes], bytes]
"""What makes another file of a file; may return the same."""

EDGES = (
    0, 1, 2, 3, 4, 7, 8, 16, 31, 127, 128, 255, 256, 1023, 32767, 32768, 65535, 65536, 1 << 24, (1 << 31) - 1,
    1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1,
)  # fmt: skip
"""Whole numbers at which lengths go wrong."""

WORDS = (
    b"nan", b"inf", b"-inf", b"1e999", b"-1", b"256", b"0.5", b"1e-320", b"999999999999999999999", b"", b"?", b'"',
    b"'", b'""', b"\\", b"\0", b"\r\n", b"\n\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"NULL", b"true",
    b"{", b"}", b"[", b"%", b"@data\n", b",,,,,,", b"\t", b";", b"../../../../escape", b"/tmp/escape",
    "Приве́т".encode(), "مرحبا".encode(), "漢字".encode(), "🙂".encode(), "\u202egnp".encode(), "e\u0301".encode(),
    b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;", b"cos\nsystem\n(S'touch escape'\ntR.",
)  # fmt: skip
"""Words that readers stumble over."""

ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 1.5, 1e308, float("nan"), float("inf"), 10**30, -(10**30), (1 << 31) - 1, 1 << 40,
    "", "x", "x" * 300, "../../escape", "\ud800", "\0", "1" * 5000, [], {}, [[]], [0] * 300, {"array": "x",
    "sha256": "0"},
    {"items": []}, {"items": [[1, 2]]}, {"items": [[[], 2]]}, {"array": ["x"]},
)  # fmt: skip
"""Values that nobody expects in JSON."""

NUMBER = re.compile(rb"\d+")


def _place(rng: Random, data: bytes) -> int:
    """Somewhere in `data`; more often near its beginning or end, where headers and indexes are."""
    n = len(data)
    near = rng.random()
    if near < 0.4:
        return rng.randrange(min(n, 64) or 1)
    if near < 0.6:
        return max(0, n - 1 - rng.randrange(min(n, 96) or 1))
    return rng.randrange(n or 1)


def flip_bits(rng: Random, data: bytes) -> bytes:
    """One to eight bits turned over."""
    if not data:
        return data
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        out[_place(rng, data)] ^= 1 << rng.randrange(8)
    return bytes(out)


def set_bytes(rng: Random, data: bytes) -> bytes:
    """A few bytes replaced."""
    if not data:
        return data
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        out[_place(rng, data)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(out)


def set_field(rng: Random, data: bytes) -> bytes:
    """A field of 1, 2, 4 or 8 bytes, either end first, set to an edge or moved a little."""
    size = rng.choice((1, 2, 2, 4, 4, 4, 8))
    if len(data) < size:
        return data
    at = min(_place(rng, data), len(data) - size)
    order: Any = rng.choice(("little", "big"))
    value = rng.choice(EDGES)
    if rng.random() < 0.4:
        value = int.from_bytes(data[at : at + size], order) + rng.choice((-2, -1, 1, 2, 16, 4096))
    return data[:at] + (value % (1 << 8 * size)).to_bytes(size, order) + data[at + size :]


def truncate(rng: Random, data: bytes) -> bytes:
    """Cut off somewhere."""
    return data[: rng.randrange(len(data) + 1)]


def drop_slice(rng: Random, data: bytes) -> bytes:
    """A piece taken out."""
    at = _place(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 4, 16, rng.randrange(len(data) + 1))) :]


def repeat_slice(rng: Random, data: bytes) -> bytes:
    """A piece said again, once or many times."""
    at = _place(rng, data)
    piece = data[at : at + rng.choice((1, 2, 4, 16, 64, 256))]
    return data[:at] + piece * rng.choice((2, 2, 3, 9, 200)) + data[at + len(piece) :]


def swap_slices(rng: Random, data: bytes) -> bytes:
    """Two neighbouring pieces changed about."""
    a, b, c = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def insert_word(rng: Random, data: bytes) -> bytes:
    """A nasty word put in or over what was there."""
    at, word = _place(rng, data), rng.choice(WORDS)
    return data[:at] + word + data[at + (len(word) if rng.random() < 0.5 else 0) :]


def set_number(rng: Random, data: bytes) -> bytes:
    """A number that is written in digits replaced by an edge."""
    found = list(NUMBER.finditer(data[: 1 << 14]))
    if not found:
        return data
    one = rng.choice(found)
    value = str(rng.choice(EDGES)).encode() if rng.random() < 0.8 else rng.choice(WORDS)
    return data[: one.start()] + value + data[one.end() :]


def append(rng: Random, data: bytes) -> bytes:
    """More at the end than belongs there."""
    return data + rng.choice((b"\0", rng.randbytes(9), data, b"\0" * 4096, rng.choice(WORDS)))


GENERIC: tuple[Change, ...] = (
    flip_bits, flip_bits, set_bytes, set_field, set_field, truncate, drop_slice, repeat_slice, swap_slices,
    insert_word, set_number, append,
)  # fmt: skip


def splice(rng: Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def changed(rng: Random, data: bytes, own: Sequence[Change], others: Sequence[bytes], most: int = 3) -> bytes:
    """One to `most` changes, one after the other; three in five know the format."""
    for _ in range(rng.randint(1, most)):
        kind = rng.random()
        if own and kind < 0.6:
            data = rng.choice(own)(rng, data)
        elif kind < 0.65:
            data = splice(rng, data, rng.choice(others))
        else:
            data = rng.choice(GENERIC)(rng, data)
    return data


# -- text ------------------------------------------------------------------------------------------------------


def edit_cell(rng: Random, data: bytes) -> bytes:
    """One cell of a table replaced."""
    lines = data.split(b"\n")
    row = rng.randrange(len(lines))
    cells = lines[row].split(b",")
    word = (
        rng.choice(WORDS)
        if rng.random() < 0.7
        else rng.choice((b"1" * 6000, b"a" * 70000, b"9" * 400 + b"x"))
    )
    cells[rng.randrange(len(cells))] = word
    lines[row] = b",".join(cells)
    return b"\n".join(lines)


def edit_line(rng: Random, data: bytes) -> bytes:
    """A line dropped, doubled, moved or emptied."""
    lines = data.split(b"\n")
    row = rng.randrange(len(lines))
    kind = rng.randrange(4)
    if kind == 0:
        del lines[row]
    elif kind == 1:
        lines[row:row] = [lines[row]] * rng.choice((1, 2, 300))
    elif kind == 2:
        lines.insert(rng.randrange(len(lines)), lines.pop(row))
    else:
        lines[row] = b""
    return b"\n".join(lines)


def edit_column(rng: Random, data: bytes) -> bytes:
    """A column dropped, doubled or replaced in every row."""
    rows = [line.split(b",") for line in data.split(b"\n")]
    column, kind, word = rng.randrange(len(rows[0])), rng.randrange(3), rng.choice(WORDS)
    for row in rows:
        if column < len(row):
            row[column : column + 1] = ([], [row[column]] * 2, [word])[kind]
    return b"\n".join(map(b",".join, rows))


def edit_writing(rng: Random, data: bytes) -> bytes:
    """Another separator, end of line or encoding."""
    kind = rng.randrange(6)
    if kind < 3:
        return data.replace(b",", (b";", b"\t", b" ")[kind])
    if kind == 3:
        return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n")))
    text = data.decode("latin-1")
    return text.encode(rng.choice(("utf-16", "utf-8-sig", "utf-32", "utf-16-be")))


TEXT: tuple[Change, ...] = (edit_cell, edit_cell, edit_line, edit_column, edit_writing)


# -- JSON ------------------------------------------------------------------------------------------------------


def edit_json(rng: Random, data: bytes) -> bytes:
    """One value replaced by an odd one or another of the same file, dropped, doubled or renamed."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return data
    nodes: list[tuple[Any, Any]] = []
    stack = [tree]
    while stack:
        one = stack.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            nodes.append((one, key))
            stack.append(one[key])
    if not nodes:
        return json.dumps(rng.choice(ODD)).encode()
    holder, key = rng.choice(nodes)
    kind = rng.random()
    if kind < 0.05:
        holder[key] = "@@"
        return (
            json.dumps(tree)
            .encode()
            .replace(b'"@@"', rng.choice((b"[" * 20000, b'{"a":' * 3000, b"1" * 9000)))
        )
    if kind < 0.55:
        holder[key] = rng.choice(ODD)
    elif kind < 0.75:
        other, name = rng.choice(nodes)
        holder[key] = other[name]
        try:
            return json.dumps(tree).encode()
        except (ValueError, RecursionError):  # it now holds itself
            return data
    elif kind < 0.85:
        del holder[key]
    elif isinstance(holder, dict):
        holder[rng.choice((f"{key}x", "array", "items", ""))] = holder.pop(key)
    else:
        holder[key:key] = [holder[key]] * rng.choice((1, 200))
    return json.dumps(tree).encode()
