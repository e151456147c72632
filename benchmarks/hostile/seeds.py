"""Valid files of every kind, small and made here; what is read from them unchanged must be right."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset

Files = dict[str, bytes]
"""Names below the given folder → contents."""

N, HEIGHT, WIDTH = 12, 6, 6
CLASSES = ("0", "1", "2")


def tiny() -> Dataset:
    """Twelve grey images of 6×6 in three classes, bars at three places."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (N, HEIGHT, WIDTH), dtype=np.uint8)
    labels = np.arange(N) % 3
    for row, label in enumerate(labels):
        images[row, :, label] += 150
    return Dataset(images, labels.astype(np.int64), CLASSES, "tiny")


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    """An array of bytes as IDX."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npy(array: npt.NDArray[Any]) -> bytes:
    """An array as NPY."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def npz(packed: bool = False, **arrays: npt.NDArray[Any]) -> bytes:
    """Arrays as NPZ."""
    out = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def csv(named: bool, text: bool) -> bytes:
    """The tiny data as a table."""
    data = tiny()
    names = ("bar", "line", "dash")
    rows = [
        ",".join([names[label] if text else str(label), *map(str, row)])
        for label, row in zip(data.labels, data.X, strict=True)
    ]
    head = [",".join(["label", *(f"pixel{i}" for i in range(data.n_features))])] if named else []
    return "\n".join([*head, *rows, ""]).encode()


def arff() -> bytes:
    """The tiny data as ARFF, with comments and quotes."""
    data = tiny()
    head = ["% tiny", "@relation 'ti ny'", *(f"@attribute pixel{i} real" for i in range(data.n_features))]
    rows = [
        ",".join([*map(str, row), "'a b'" if label == 0 else str(label)])
        for label, row in zip(data.labels, data.X, strict=True)
    ]
    return "\n".join([*head, "@attribute class {'a b',1,2}", "@data", *rows, ""]).encode()


def parquet(rng: Random | None = None) -> bytes:
    """The tiny data as Parquet; with `rng`, some columns of kinds that nobody expects."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    data = tiny()
    columns: dict[str, Any] = {f"pixel{i}": pa.array(data.X[:, i]) for i in range(data.n_features)}
    columns["label"] = pa.array([f"class {label}" for label in data.labels])
    compression = "none"
    if rng is not None:
        compression = rng.choice(("none", "snappy", "gzip", "zstd", "brotli"))
        for _ in range(rng.randint(1, 2)):
            columns[rng.choice((*columns, "new", "label", "", "صف", "index"))] = _strange(rng, pa)
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out, compression=compression)
    return out.getvalue()


def _strange(rng: Random, pa: Any) -> Any:
    """A column of length `N` that is no column of pixels."""
    return rng.choice(
        (
            lambda: pa.array([[1, 2]] * N),
            lambda: pa.array([{"a": 1}] * N),
            lambda: pa.array([None] * N),
            lambda: pa.array([None, 1.5] * (N // 2)),
            lambda: pa.array([float("nan")] * N),
            lambda: pa.array([1 << 62] * N),
            lambda: pa.array([(1 << 64) - 1] * N, pa.uint64()),
            lambda: pa.array([0] * N, pa.timestamp("ns")),
            lambda: pa.array([2_000_000_000] * N, pa.timestamp("s")),
            lambda: pa.array([(1 << 62)] * N, pa.timestamp("s")),
            lambda: pa.array([0] * N, pa.date32()),
            lambda: pa.array([0] * N, pa.time64("us")),
            lambda: pa.array([0] * N, pa.duration("s")),
            lambda: pa.array([b"\xff\xfe"] * N),
            lambda: pa.array([b"abc"] * N, pa.binary(3)),
            lambda: pa.array([True, False] * (N // 2)),
            lambda: pa.array(["a", "b"] * (N // 2)).dictionary_encode(),
            lambda: pa.array(["a", None] * (N // 2)).dictionary_encode(),
            lambda: pa.array([1.5] * N, pa.float16()),
            lambda: pa.array([__import__("decimal").Decimal("1.50")] * N),
            lambda: pa.array(["1" * 5000, "x"] * (N // 2)),
            lambda: pa.array(["\0", "\u202e"] * (N // 2)),
            lambda: pa.array(["a", "b"] * (N // 2), pa.large_string()),
            lambda: pa.array([b"a", b"b"] * (N // 2), pa.large_binary()),
            lambda: pa.array(["a", "b"] * (N // 2), pa.string_view()),
            lambda: pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int64())),
            lambda: pa.array([[1, 2]] * N, pa.list_(pa.int8(), 2)),
        )
    )()


def images(kind: str) -> list[bytes]:
    """Image files of one format, in its modes: grey, colour, palette, alpha, sixteen bits, tiled, animated."""
    from PIL import Image

    rng = np.random.default_rng(1)
    grey = rng.integers(0, 256, (11, 9), dtype=np.uint8)
    colour = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (7, 8, 4), dtype=np.uint8)
    L, RGB, RGBA = Image.fromarray(grey), Image.fromarray(colour), Image.fromarray(alpha)
    P = RGB.quantize(16)
    wide = Image.fromarray(rng.integers(0, 65536, (6, 5), dtype=np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    variants: dict[str, list[tuple[Image.Image, dict[str, Any]]]] = {
        "png": [(L, {}), (RGB, {}), (RGBA, {}), (P, {"transparency": 3}), (wide, {}), (L.convert("1"), {}),
                (RGB, {"exif": exif}), (L, {"save_all": True, "append_images": [L]})],
        "jpeg": [(L, {}), (RGB, {"progressive": True}), (RGB, {"exif": exif}), (RGB.convert("CMYK"), {})],
        "gif": [(P, {}), (L, {"save_all": True, "append_images": [P.convert("L")]}), (P, {"transparency": 2})],
        "bmp": [(L, {}), (RGB, {}), (L.convert("1"), {}), (P, {}), (RGBA, {})],
        "webp": [(RGB, {"lossless": True}), (RGBA, {}), (RGB, {"save_all": True, "append_images": [RGB]})],
        "tiff": [(L, {}), (RGB, {"compression": "tiff_lzw"}), (wide, {}), (L.convert("1"), {"compression": "group4"}),
                 (RGB, {"compression": "jpeg"}), (L, {"compression": "tiff_adobe_deflate", "exif": exif}),
                 (L.convert("F"), {}), (RGB, {"compression": "packbits"}), (P, {})],
    }  # fmt: skip
    found = []
    for image, options in variants[kind]:
        out = io.BytesIO()
        image.save(out, kind.upper(), **options)
        found.append(out.getvalue())
    return found


def models() -> list[bytes]:
    """Stored models, one of every kind of step that can be stored."""
    from sightline.features import make_recipe
    from sightline.model import Model
    from sightline.store import save_model

    rng = np.random.default_rng(2)
    rows = rng.integers(0, 256, (30, 8, 8), dtype=np.uint8)
    labels = np.arange(30) % 3
    rows[labels == 1, 2:4] //= 4
    rows[labels == 2, :, 5:] //= 4
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, choices in (
            ("pixels", {}), ("minmax", {}), ("standard", {}), ("symmetry", {}), ("pca", {"n_components": 3}),
            ("deskew-pca-poly", {"n_components": 3}), ("orientation", {}), ("patches", {"n_atoms": 4}),
        ):  # fmt: skip
            pipeline = make_recipe(name, shape=(8, 8), **choices)
            pipeline.fit(rows.reshape(30, -1), labels)
            last = pipeline[-1]
            last.history_ = replace(
                last.history_, passes=tuple(replace(p, seconds=0.0) for p in last.history_.passes)
            )
            about = {"background": {"intensity": 0.0, "share": 1.0}, "seed": 0}
            save_model(Model(pipeline, CLASSES, (8, 8), name, about), Path(folder, name))
            found.append(Path(folder, name).read_bytes())
    return found


def folder_of(path: Path) -> Files:
    """What is in a folder."""
    return {one.relative_to(path).as_posix(): one.read_bytes() for one in path.rglob("*") if one.is_file()}


def shards() -> Files:
    """A folder of two parts to train on and one to test on."""
    from sightline.sources.sharding import write_shards

    with tempfile.TemporaryDirectory() as folder:
        write_shards(tiny().split(seed=0), folder, part_bytes=100, threads=1)
        return {
            name: content for name, content in folder_of(Path(folder)).items() if not name.startswith(".")
        }


def stored() -> Files:
    """A data set as the cache keeps it, with all of its times set to 1,000,000 seconds."""
    import json
    import os

    from sightline.sources import cache

    before = os.environ.get("SIGHTLINE_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGHTLINE_HOME"] = folder
        try:
            cache.cached("tiny", lambda: tiny().split(seed=0))
            found = folder_of(Path(folder, "ready", "tiny"))
        finally:
            if before is None:
                del os.environ["SIGHTLINE_HOME"]
            else:
                os.environ["SIGHTLINE_HOME"] = before
    manifest = json.loads(found["manifest.json"])
    manifest["images"][1] = 10**15
    found["manifest.json"] = json.dumps(manifest, ensure_ascii=False).encode()
    return {f"ready/tiny/{name}": content for name, content in found.items()}


def gz(data: bytes) -> bytes:
    """Packed, the same every time."""
    return gzip.compress(data, 6, mtime=0)
