"""Changes that know how a format is built: checksums stay right, so that readers look further inside."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from functools import lru_cache
from random import Random

from hostile.mutate import EDGES, GENERIC, WORDS, Change, flip_bits, repeat_slice, set_field

# -- IDX, gzip -------------------------------------------------------------------------------------------------


def edit_idx(rng: Random, data: bytes) -> bytes:
    """Type, number of dimensions or a side."""
    out = bytearray(data)
    if len(out) < 8:
        return data
    kind = rng.randrange(3)
    if kind == 0:
        out[2] = rng.choice((8, 9, 0x0B, 0x0C, 0x0D, 0x0E, 0, 0xFF))
    elif kind == 1:
        out[3] = rng.choice((0, 1, 2, 3, 4, 5, 255))
    else:
        at = 4 + 4 * rng.randrange(max(1, min(out[3], (len(out) - 4) // 4)))
        side = (
            rng.choice(EDGES)
            if rng.random() < 0.7
            else int.from_bytes(out[at : at + 4], "big") + rng.choice((-1, 1))
        )
        out[at : at + 4] = (side % (1 << 32)).to_bytes(4, "big")
    return bytes(out)


def packed(*inner: Change) -> Change:
    """Change what is in a gzip file, and pack it again."""

    def edit(rng: Random, data: bytes) -> bytes:
        try:
            plain = zlib.decompressobj(31).decompress(data, 1 << 22)
        except zlib.error:
            return data
        return gzip.compress(rng.choice((*inner, *GENERIC))(rng, plain), 1, mtime=0)

    return edit


def edit_gzip(rng: Random, data: bytes) -> bytes:
    """Flags, extra fields, names, several members, the length at the end."""
    kind = rng.randrange(5)
    if kind == 0:
        return data + data
    if kind == 1:
        return data[:3] + bytes([rng.randrange(256)]) + data[4:]
    if kind == 2:
        return data[:3] + b"\x04" + data[4:10] + b"\xff\xff" + b"A" * rng.choice((0, 65535)) + data[10:]
    if kind == 3:
        return data[:-4] + struct.pack("<I", rng.choice(EDGES) % (1 << 32))
    return data[:-8] + rng.randbytes(8)


# -- NPY, ZIP --------------------------------------------------------------------------------------------------

DESCRS = (
    "'|u1'", "'<u2'", "'<i8'", "'>i4'", "'<f4'", "'<f8'", "'<f2'", "'<f16'", "'<c16'", "'|b1'", "'|O'",
    "'|S0'", "'<U0'",
    "'|S1'", "'<U4'", "'|V0'", "'|V9'", "'<M8[ns]'", "'<m8'", "[('a', '|u1')]", "[('a', '|O')]", "('|u1', (3,))",
    "[('a', '|u1', (2, 3)), ('b', '<f4')]", "[]", "''", "None", "3", "'" + "x" * 400 + "'", "('|u1', (9999999,))",
    "('|u1', (0,))", "__import__('os').system('touch escape')",
    "(" * 90 + ")" * 90, "{'names': ['a'], 'formats': ['O']}",
)  # fmt: skip
SHAPES = (
    "()", "(0,)", "(1,)", "(-1,)", "(-2, -2)", "(12,)", "(12, 6, 6)", "(6, 6, 12)", "(12, 36)", "(12, 0)",
    "(0, 6, 6)",
    "(2147483648,)", "(9223372036854775807,)", "(9223372036854775808, 2)", "(4294967296, 4294967296)", "(10**30,)",
    "(1000000000000000000000000000000,)", "(True,)", "(1.5,)", "'x'", "None", "(1000000000, 0)", "(0, 1000000000)",
    "[12]", "((12,),)", "(12, 6, 6, 1)", "(12, 1, 6, 6)", "(1,) * 40", "(" + "1, " * 40 + ")", "(" + "1, " * 70 + ")",
)  # fmt: skip


def edit_npy(rng: Random, data: bytes) -> bytes:
    """The header's dictionary, its version or its length."""
    if len(data) < 12 or data[:6] != b"\x93NUMPY":
        return data
    length = int.from_bytes(data[8:10], "little")
    header, body = data[10 : 10 + length].decode("latin-1"), data[10 + length :]
    parts = {"descr": "'|u1'", "fortran_order": "False", "shape": "(12, 6, 6)"}
    for key in parts:
        at = header.find(f"'{key}': ")
        ends = [
            header.find(mark, at) for mark in (", 'fortran", ", 'shape", ", }") if header.find(mark, at) > 0
        ]
        if at >= 0 and ends:
            parts[key] = header[at + len(key) + 4 : min(ends)]
    which = rng.randrange(8)
    if which < 3:
        parts["shape"] = rng.choice(SHAPES)
    if 2 <= which < 5:
        parts["descr"] = rng.choice(DESCRS)
    if which == 5:
        parts["fortran_order"] = rng.choice(("True", "False", "1", "'yes'", "None"))
    if which == 6:
        parts.pop(rng.choice(list(parts)))
    if which == 7:
        parts[rng.choice(("more", "shape ", ""))] = rng.choice(SHAPES)
    text = "{" + ", ".join(f"'{key}': {value}" for key, value in parts.items()) + ", }"
    if rng.random() < 0.05:
        text += " " * rng.choice((9000, 60000))
    version = rng.choice((1, 1, 1, 1, 2, 3, 0, 255))
    packed_header = text.encode("latin-1", "replace") + b"\n"
    size = len(packed_header) if rng.random() < 0.9 else rng.choice((0, 1, 65535))
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + size.to_bytes(2 if version == 1 else 4, "little")
        + packed_header
        + body
    )


NAMES = (
    "../../escape.npy", "/tmp/escape.npy", "images.npy", "labels.npy", "classes.npy", "IMAGES.npy", "x.npy", "y.npy",
    "x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy", "arr_0.npy", "arr_1.npy", "a\nb.npy", "", "/",
    "صور.npy",
    "images.npy/", "C:\\escape.npy", "..\\escape.npy", "\u202eypn.segami",
)  # fmt: skip


@lru_cache(256)
def unzipped(data: bytes) -> tuple[tuple[str, bytes], ...] | None:
    """Names and contents of a small ZIP file; None where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if sum(one.file_size for one in file.infolist()) > 1 << 22:
                return None
            return tuple((one.filename, file.read(one)) for one in file.infolist())
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not taken apart
        return None


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP file of members, the same every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members:
            one = zipfile.ZipInfo("x", (1980, 1, 1, 0, 0, 0))
            one.filename = name
            file.NameToInfo.pop(name, None)  # a name may come twice; no need to remark on it
            file.writestr(one, content, method)
    return out.getvalue()


METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def edit_npz(rng: Random, data: bytes) -> bytes:
    """An array, a name, a way of packing, or the order of members."""
    found = unzipped(data)
    if not found:
        return data
    members = list(found)
    at, kind = rng.randrange(len(members)), rng.randrange(8)
    name, content = members[at]
    if kind < 4:
        members[at] = name, edit_npy(rng, content)
    elif kind == 4:
        members[at] = rng.choice(NAMES), content
    elif kind == 5:
        members.append((rng.choice(NAMES), content))
    elif kind == 6:
        members[at] = name, rng.choice(GENERIC)(rng, content)
    else:
        members.insert(rng.randrange(len(members)), members.pop(at))
    return zipped(members, rng.choice(METHODS) if rng.random() < 0.2 else zipfile.ZIP_STORED)


def edit_zip(rng: Random, data: bytes) -> bytes:
    """Sizes, checksums, flags, offsets in a ZIP file's own records."""
    at = data.rfind(rng.choice((b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04")))
    if at < 0 or len(data) < at + 30:
        return data
    at += rng.randrange(4, 42)
    size = rng.choice((1, 2, 4))
    return data[:at] + (rng.choice(EDGES) % (1 << 8 * size)).to_bytes(size, "little") + data[at + size :]


# -- images ----------------------------------------------------------------------------------------------------


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def edit_png(rng: Random, data: bytes) -> bytes:
    """Chunks dropped, doubled, moved, changed or strange, with the right checksum; pixels packed anew."""
    chunks = _chunks(data)
    if not chunks:
        return data
    at, kind = rng.randrange(len(chunks)), rng.randrange(9)
    name, body = chunks[at]
    if kind == 0:
        del chunks[at]
    elif kind == 1:
        chunks[at:at] = [chunks[at]] * rng.choice((1, 2, 500))
    elif kind == 2:
        chunks.insert(rng.randrange(len(chunks)), chunks.pop(at))
    elif kind == 3 and len(chunks[0][1]) >= 13:
        head = bytearray(chunks[0][1])
        where = rng.randrange(3)
        if where < 2:
            head[4 * where : 4 * where + 4] = (rng.choice(EDGES) % (1 << 32)).to_bytes(4, "big")
        else:
            head[8 + rng.randrange(5)] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))
        chunks[0] = chunks[0][0], bytes(head)
    elif kind == 4:
        chunks[at] = name, rng.choice(GENERIC)(rng, body)
    elif kind == 5 and name == b"IDAT":
        try:
            plain = zlib.decompressobj().decompress(body, 1 << 20)
        except zlib.error:
            return data
        chunks[at] = name, zlib.compress(rng.choice(GENERIC)(rng, plain), 1)
    elif kind == 6:
        strange = (
            b"tEXt",
            b"zTXt",
            b"iTXt",
            b"iCCP",
            b"eXIf",
            b"tRNS",
            b"PLTE",
            b"acTL",
            b"fcTL",
            b"fdAT",
            b"gAMA",
        )
        content = rng.choice(
            (rng.choice(WORDS), b"k\0\0" + zlib.compress(b"A" * 300_000, 1), rng.randbytes(40), b"")
        )
        chunks.insert(rng.randrange(len(chunks)) + 1, (rng.choice(strange), content))
    else:
        chunks[at] = bytes(rng.choice(b"IDATPLTERNSx\0") for _ in range(4)), body
    return data[:8] + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def edit_jpeg(rng: Random, data: bytes) -> bytes:
    """Segments before the pixels dropped, doubled, changed; sides and components in the frame."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segments.append(data[at : at + 2 + length])
        at += 2 + length
    rest = data[at:]
    if not segments:
        return data
    i, kind = rng.randrange(len(segments)), rng.randrange(6)
    if kind == 0:
        del segments[i]
    elif kind == 1:
        segments[i:i] = [segments[i]] * rng.choice((1, 2, 300))
    elif kind == 2:
        segments[i] = segments[i][:4] + rng.choice(GENERIC)(rng, segments[i][4:])
        segments[i] = segments[i][:2] + struct.pack(">H", (len(segments[i]) - 2) & 0xFFFF) + segments[i][4:]
    elif kind == 3:
        segments[i] = segments[i][:2] + struct.pack(">H", rng.choice(EDGES) & 0xFFFF) + segments[i][4:]
    elif kind == 4:
        for j, one in enumerate(segments):
            if one[1] in (0xC0, 0xC1, 0xC2) and len(one) > 9:
                field = rng.choice((5, 7))
                segments[j] = one[:field] + struct.pack(">H", rng.choice(EDGES) & 0xFFFF) + one[field + 2 :]
    else:
        rest = rest * rng.choice((2, 50)) if rng.random() < 0.5 else rng.choice(GENERIC)(rng, rest)
    return data[:2] + b"".join(segments) + rest


def edit_tiff(rng: Random, data: bytes) -> bytes:
    """An entry of the directory: tag, type, count or value; or the way to the next directory."""
    if len(data) < 16 or data[:2] not in (b"II", b"MM"):
        return data
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack(f"{order}I", data[4:8])
    if at + 2 > len(data):
        return data
    (count,) = struct.unpack(f"{order}H", data[at : at + 2])
    entry = at + 2 + 12 * rng.randrange(max(1, min(count, 100)))
    if rng.random() < 0.1:
        entry = at + 2 + 12 * count
    offset, size = rng.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "I")))
    at, width = entry + offset, struct.calcsize(size)
    value = rng.choice((*EDGES, len(data), 254, 257, 258, 259, 262, 273, 278, 279, 320, 339, 5, 32773, 34712))
    return data[:at] + struct.pack(order + size, value % (1 << 8 * width)) + data[at + width :]


def edit_blocks(rng: Random, data: bytes) -> bytes:
    """Lengths and sides near the beginning of a BMP, GIF or WebP file."""
    at = rng.randrange(2, min(54, max(3, len(data) - 4)))
    size = rng.choice((1, 2, 4))
    return data[:at] + (rng.choice(EDGES) % (1 << 8 * size)).to_bytes(size, "little") + data[at + size :]


IMAGES: dict[str, tuple[Change, ...]] = {
    "png": (edit_png,),
    "jpeg": (edit_jpeg,),
    "tiff": (edit_tiff,),
    "bmp": (edit_blocks,),
    "gif": (edit_blocks, repeat_slice),
    "webp": (edit_blocks, flip_bits, set_field),
}
