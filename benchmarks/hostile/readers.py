"""Every reader: the files it is given, how they are changed, how it is called, and when its answer is right."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from hostile import seeds
from hostile.formats import (
    IMAGES,
    edit_gzip,
    edit_idx,
    edit_npy,
    edit_npz,
    edit_zip,
    packed,
    unzipped,
    zipped,
)
from hostile.mutate import TEXT, Change, changed, edit_json
from hostile.seeds import Files
from hostile.web import REQUESTS, answered, asked, edit_request
from sightline.dataset import Dataset
from sightline.errors import DataError
from sightline.sources import load

CONTENTS = "contents"


class WrongError(Exception):
    """A reader gave an answer, and it is not right."""


@dataclass(frozen=True)
class Reader:
    """One way in.

    Parameters
    ----------
    seeds : () → list of Files
        Valid inputs.
    own : end of a name → changes
        Those that know the format.
    read : folder → answer
        Raises a `SightlineError` where it refuses.
    right : (answer, files) → None
        Raises `WrongError`.
    mended : (rng, files) → files, optional
        Makes digests right again, so that what is behind them is reached.
    """

    seeds: Callable[[], list[Files]]
    own: Mapping[str, Sequence[Change]]
    read: Callable[[Path], Any]
    right: Callable[[Any, Files], None]
    mended: Callable[[Random, Files], Files] | None = None


@cache
def seeds_of(name: str) -> list[Files]:
    """Valid inputs of a reader, made once."""
    return READERS[name].seeds()


def make_input(name: str, seed: int, number: int) -> tuple[Files, bool]:
    """Input `number` of a reader: its files, and whether they are unchanged (one in 100)."""
    rng = Random(f"{seed}/{name}/{number}")
    reader, all_seeds = READERS[name], seeds_of(name)
    files = dict(rng.choice(all_seeds))
    if number % 100 == 0:
        return files, True
    names = sorted(files)
    for one in rng.sample(names, 1 if rng.random() < 0.85 else rng.randint(1, len(names))):
        own = next((changes for end, changes in reader.own.items() if one.endswith(end)), ())
        others = [other[one] for other in all_seeds if one in other]
        files[one] = changed(rng, files[one], own, others)
    if reader.mended is not None and rng.random() < 0.7:
        files = reader.mended(rng, files)
    return files, False


# -- answers ---------------------------------------------------------------------------------------------------


def sound(data: Any, _files: Files) -> None:
    """See that a data set is one, down to its names."""
    if not isinstance(data, Dataset):
        raise WrongError(f"a {type(data).__name__}")
    n = len(data)
    if data.images.dtype != np.uint8 or data.labels.dtype.kind != "i" or data.labels.shape != (n,):
        raise WrongError(f"{data.images.dtype}, {data.labels.dtype} of shape {data.labels.shape}")
    if not 0 <= int(data.labels.min()) <= int(data.labels.max()) < len(data.classes):
        raise WrongError("labels without a class")
    if data.n_train is not None and (type(data.n_train) is not int or not 0 <= data.n_train <= n):
        raise WrongError(f"{data.n_train!r} to train on")
    texts = (*data.classes, data.name, data.source, data.licence, *data.notes, *data.files)
    try:
        if not all(isinstance(one, str) for one in texts):
            raise WrongError("a name that is no text")
        "".join(texts).encode()
        repr(data).encode()
    except UnicodeEncodeError as error:
        raise WrongError("a name that cannot be written") from error
    if len(data.digest) != 64:
        raise WrongError(f"a digest {data.digest!r}")


def same_as(expected: Callable[[Files], Any], data: Any, files: Files) -> None:
    """Sound, and the pixels are those that another way of reading finds, where it finds any."""
    sound(data, files)
    other = expected(files)
    if other is not None and not np.array_equal(np.sort(other.ravel()), np.sort(data.images.ravel())):
        raise WrongError("pixels differ from those that another reader finds")


def idx_otherwise(files: Files) -> Any:
    """Pixels of an IDX file by NumPy alone."""
    data = files["images"]
    if data[:3] != b"\0\0\x08":
        return None
    sides = np.frombuffer(data, ">u4", data[3], 4)
    found = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if len(found) != int(np.prod([int(side) for side in sides], dtype=object)):
        raise WrongError("a header that contradicts the length was believed")
    return found


def npy_otherwise(content: bytes) -> Any:
    """Pixels of an NPY file by NumPy itself, where they are bytes."""
    with contextlib.suppress(Exception):
        found = np.load(io.BytesIO(content), allow_pickle=False)
        return found if found.dtype == np.uint8 else None
    return None


def fitting_model(model: Any, _files: Files) -> None:
    """A model that decides."""
    image = np.full((2, *model.shape), 200, np.uint8)
    p = model.predict_proba(image)
    if (
        p.shape != (2, len(model.classes))
        or not np.isfinite(p).all()
        or not np.allclose(p.sum(axis=1), 1, atol=1e-3)
    ):
        raise WrongError(f"probabilities {p}")
    if not all(isinstance(one, str) for one in model.classes) or not len(set(model.classes)) == len(
        model.classes
    ):
        raise WrongError(f"class names {model.classes}")
    if len(model.shape) not in (2, 3):
        raise WrongError(f"images of shape {model.shape}")
    f"{model!r}{model._repr_html_()}{json.dumps(dict(model.about))}".encode()


def some_pixels(shape: tuple[int, ...], found: Any, _files: Files) -> None:
    """An image of the wanted shape."""
    if found.pixels.shape != shape or found.pixels.dtype != np.uint8:
        raise WrongError(f"{found.pixels.dtype} of shape {found.pixels.shape}")


# -- reading ---------------------------------------------------------------------------------------------------


@cache
def viewer(grey: bool) -> Any:
    """A model for which images are brought into shape; its steps are never asked."""
    from sklearn.pipeline import Pipeline

    from sightline.model import Model

    about = {"background": {"intensity": 0.0, "share": 1.0}}
    return Model(Pipeline([("none", "passthrough")]), ("a", "b"), (8, 8) if grey else (8, 8, 3), about=about)


def bring_image(folder: Path) -> Any:
    """Both as grey and as colour."""
    from sightline.intake import bring

    bring(viewer(True), folder / CONTENTS)
    return bring(viewer(False), folder / CONTENTS)


@cache
def framings() -> tuple[Any, ...]:
    """As the studio frames ink, and as it frames photos."""
    from sightline.studio.framing import measure

    rng = np.random.default_rng(0)
    ink = np.zeros((20, 8, 8), np.uint8)
    ink[:, 2:6, 3:5] = 255
    return measure(ink), measure(rng.integers(0, 256, (20, 6, 7, 3), dtype=np.uint8))


def upload(folder: Path) -> Any:
    """What the studio makes of a photo."""
    from sightline.studio.packet import unpacked
    from sightline.studio.uploads import read_upload

    body = (folder / CONTENTS).read_bytes()
    return [unpacked(read_upload(body, one))[1]["image"] for one in framings()]


def right_upload(found: Any, _files: Files) -> None:
    """Images of both sizes."""
    if [one.shape for one in found] != [(8, 8), (6, 7, 3)]:
        raise WrongError(f"images of shapes {[one.shape for one in found]}")


def read_shards(folder: Path) -> Any:
    """Opened, read through, and a few drawn."""
    from sightline.sources.shards import open_shards

    data = open_shards(folder)
    if (folder / "manifest.json").exists():
        data.verify()
    for index in range(min(data.n_blocks, 8)):
        data.block(index)
    return data.sample(min(3, len(data)))


def refreshed_shards(rng: Random, files: Files) -> Files:
    """The manifest states the digests of what is there."""
    with contextlib.suppress(Exception):
        manifest = json.loads(files["manifest.json"])
        for number, one in enumerate(manifest["parts"]):
            for kind in ("images", "labels"):
                content = files.get(f"part-{number:05d}.{kind}.npy", b"")
                one[kind] = hashlib.sha256(content).hexdigest()
        return {**files, "manifest.json": json.dumps(manifest).encode()}
    return files


def read_cache(folder: Path) -> Any:
    """What the cache finds; nothing is how it refuses."""
    from sightline.sources import cache as kept

    os.environ["SIGHTLINE_HOME"] = str(folder)
    with contextlib.suppress(OSError):
        os.utime(folder / "ready/tiny/images.npy", ns=(10**15, 10**15))
    found = kept.read("tiny")
    if found is None:
        raise DataError("the cache holds nothing of that name")
    return found


def edit_model(rng: Random, data: bytes) -> bytes:
    """The manifest or an array, its digest stated anew, so that it is believed."""
    found = unzipped(data)
    if not found:
        return data
    members = dict(found)
    if rng.random() < 0.5 and "manifest.json" in members:
        members["manifest.json"] = edit_json(rng, members["manifest.json"])
    else:
        name = rng.choice(sorted(members))
        before = hashlib.sha256(members[name]).hexdigest().encode()
        change = rng.choice((edit_npy, edit_npy, *seeds_changes()))
        members[name] = change(rng, members[name])
        after = hashlib.sha256(members[name]).hexdigest().encode()
        if "manifest.json" in members:
            members["manifest.json"] = members["manifest.json"].replace(before, after)
    return zipped(list(members.items()))


def seeds_changes() -> tuple[Change, ...]:
    """Changes of numbers within an array."""
    from hostile.mutate import flip_bits, set_bytes, set_field

    return flip_bits, set_bytes, set_field


def edit_parquet(rng: Random, data: bytes) -> bytes:
    """A table with columns that nobody expects, whole and valid."""
    with contextlib.suppress(Exception):  # values that Parquet itself cannot hold
        return seeds.parquet(rng)
    return data


def _packet_seed() -> bytes:
    from sightline.studio.packet import packed as together

    return together({"a": [1, 2]}, x=np.arange(6, dtype=np.uint8), y=np.ones((2, 3), np.float32))


def read_packet(folder: Path) -> Any:
    """Value and arrays of a packet."""
    from sightline.studio.packet import unpacked

    return unpacked((folder / CONTENTS).read_bytes())


def anything(_found: Any, _files: Files) -> None:
    """Whatever it is."""


def _one(name: str, contents: Sequence[bytes]) -> list[Files]:
    return [{name: content} for content in contents]


def _pair(images: bytes, labels: bytes) -> Files:
    return {"images": images, "labels": labels}


def _load_pair(folder: Path) -> Any:
    return load((folder / "images", folder / "labels"), split="none")


def _load(name: str, folder: Path) -> Any:
    return load(folder / name, split="none")


def _idx_seeds() -> list[Files]:
    data = seeds.tiny()
    labels = data.labels.astype(np.uint8)
    return [
        _pair(seeds.idx(data.images), seeds.idx(labels)),
        _pair(seeds.idx(data.images[:2]), seeds.idx(labels[:2])),
    ]


def _gz_seeds() -> list[Files]:
    return [{name: seeds.gz(content) for name, content in one.items()} for one in _idx_seeds()]


def _npy_seeds() -> list[Files]:
    data = seeds.tiny()
    names = np.array(["bar", "line", "dash"])[data.labels]
    real = (data.images / 255).astype(np.float32)
    return [
        _pair(seeds.npy(data.images), seeds.npy(data.labels)),
        _pair(seeds.npy(np.asfortranarray(real.reshape(seeds.N, -1)[:, :16])), seeds.npy(names)),
        _pair(seeds.npy(data.images.astype("<i8")), seeds.npy(np.eye(3)[data.labels])),
    ]


def _npz_seeds() -> list[Files]:
    data = seeds.tiny()
    names = np.array(["bar", "line", "dash"])
    return _one(
        CONTENTS,
        [
            seeds.npz(images=data.images, labels=data.labels, classes=names),
            seeds.npz(packed=True, X=data.images / 255, y=names[data.labels]),
            seeds.npz(
                x_train=data.images[:8],
                y_train=data.labels[:8],
                x_test=data.images[8:],
                y_test=data.labels[8:],
            ),
        ],
    )


def _npz_otherwise(files: Files) -> Any:
    with contextlib.suppress(Exception), np.load(io.BytesIO(files[CONTENTS]), allow_pickle=False) as found:
        names = {name.lower() for name in found.files}
        if len(names) == len(found.files) and not names & {"x_train", "x", "data", "arr_0", "train_images"}:
            pixels = found["images"]
            return pixels if pixels.dtype == np.uint8 else None
    return None


def _folder_seeds() -> list[Files]:
    one = {kind: seeds.images(kind) for kind in IMAGES}
    return [
        {
            "kat/1.png": one["png"][0], "kat/2.jpg": one["jpeg"][0], "hund/3.gif": one["gif"][0],
            "hund/4.bmp": one["bmp"][1],
        },
        {
            "train/a/1.png": one["png"][3], "train/b/2.webp": one["webp"][1], "test/a/3.tiff": one["tiff"][0],
            "test/b/4.tif": one["tiff"][2],
        },
    ]  # fmt: skip


def _folder_ends() -> dict[str, Sequence[Change]]:
    ends = {".jpg": "jpeg", ".tif": "tiff", ".tiff": "tiff"}
    return {
        end: IMAGES[ends.get(end, end[1:])]
        for end in (".png", ".jpg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
    }


def _foreign_seeds() -> list[Files]:
    data = seeds.tiny()
    labels = data.labels.astype(np.uint8)
    return [
        {
            "part1.npz": seeds.npz(images=data.images, labels=data.labels),
            "part2-test.npz": seeds.npz(images=data.images[:4], labels=data.labels[:4]),
        },
        {"a-images-idx3-ubyte": seeds.idx(data.images), "a-labels-idx1-ubyte": seeds.gz(seeds.idx(labels))},
        {"a.parquet": seeds.parquet()},
    ]


def _cache_changes() -> dict[str, Sequence[Change]]:
    return {".json": (edit_json,), ".npy": (edit_npy,)}


def image_reader(kind: str) -> Reader:
    """That of one format of image."""
    return Reader(
        lambda: _one(CONTENTS, seeds.images(kind)),
        {CONTENTS: IMAGES[kind]},
        bring_image,
        partial(some_pixels, (8, 8, 3)),
    )


READERS: dict[str, Reader] = {
    "idx": Reader(_idx_seeds, {"": (edit_idx,)}, _load_pair, partial(same_as, idx_otherwise)),
    "gz": Reader(_gz_seeds, {"": (packed(edit_idx), edit_gzip)}, _load_pair, sound),
    "npy": Reader(
        _npy_seeds,
        {"": (edit_npy,)},
        _load_pair,
        partial(same_as, lambda files: npy_otherwise(files["images"])),
    ),
    "npz": Reader(
        _npz_seeds,
        {"": (edit_npz, edit_npz, edit_zip)},
        partial(_load, CONTENTS),
        partial(same_as, _npz_otherwise),
    ),
    "csv": Reader(
        lambda: _one(CONTENTS, [seeds.csv(True, True), seeds.csv(True, False), seeds.csv(False, False)]),
        {"": TEXT},
        partial(_load, CONTENTS),
        sound,
    ),
    "csv.gz": Reader(
        lambda: _one(CONTENTS, [seeds.gz(seeds.csv(True, True)), seeds.gz(seeds.arff())]),
        {"": (packed(*TEXT), edit_gzip)},
        partial(_load, CONTENTS),
        sound,
    ),
    "parquet": Reader(
        lambda: _one(CONTENTS, [seeds.parquet()]),
        {"": (edit_parquet,)},
        partial(_load, CONTENTS),
        sound,
    ),
    "arff": Reader(lambda: _one(CONTENTS, [seeds.arff()]), {"": TEXT}, partial(_load, CONTENTS), sound),
    **{kind: image_reader(kind) for kind in IMAGES},
    "folder": Reader(_folder_seeds, _folder_ends(), partial(_load, ""), sound),
    "shards": Reader(
        lambda: [seeds.shards()],
        {".json": (edit_json,), ".npy": (edit_npy,)},
        read_shards,
        sound,
        refreshed_shards,
    ),
    "foreign": Reader(
        _foreign_seeds,
        {".npz": (edit_npz,), ".parquet": (edit_parquet,), "ubyte": (edit_idx,)},
        read_shards,
        sound,
    ),
    "cache": Reader(lambda: [seeds.stored()], _cache_changes(), read_cache, sound),
    "model": Reader(
        lambda: _one(CONTENTS, seeds.models()),
        {"": (edit_model, edit_model, edit_model, edit_zip)},
        lambda folder: __import__("sightline.store", fromlist=["load_model"]).load_model(folder / CONTENTS),
        fitting_model,
    ),
    "packet": Reader(lambda: _one(CONTENTS, [_packet_seed()]), {}, read_packet, anything),
    "upload": Reader(
        lambda: _one(CONTENTS, [seeds.images(kind)[i] for kind in IMAGES for i in (0, 1)]),
        {"": tuple(change for changes in IMAGES.values() for change in changes)},
        upload,
        right_upload,
    ),
    "web": Reader(lambda: _one(CONTENTS, REQUESTS), {"": (edit_request,)}, asked, answered),
}
