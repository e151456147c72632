"""manifest.json: what a folder of parts is, and what each part must hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sightline.errors import DataError
from sightline.files import written_aside

KIND, VERSION = "sightline shards", 1
MANIFEST = "manifest.json"


def image_file(number: int) -> str:
    """Name of the file with the pixels of a part."""
    return f"part-{number:05d}.images.npy"


def label_file(number: int) -> str:
    """Name of the file with the labels of a part."""
    return f"part-{number:05d}.labels.npy"


@dataclass(frozen=True, slots=True)
class Entry:
    """One part: its rows, whether they are for testing, and the SHA-256 of its two files."""

    rows: int
    test: bool
    images: str
    labels: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds, or, while it is being made, will hold.

    Parameters
    ----------
    name, source, licence : str
    classes : tuple of str
    shape : (height, width) or (height, width, 3)
    n_train, n_test : int
        Images in all, once it is complete.
    made_of : str
        Digest of what is written: who goes on with it must have the same.
    parts : tuple of Entry
        Those that are there, to train on first.
    """

    name: str
    source: str
    licence: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    n_train: int
    n_test: int
    made_of: str
    parts: tuple[Entry, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all parts are there."""
        return sum(one.rows for one in self.parts) == self.n_train + self.n_test

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) over classes, shape, split, and the digests of the parts."""
        parts = [(one.rows, one.test, one.images, one.labels) for one in self.parts]
        return hashlib.sha256(repr((self.classes, self.shape, parts)).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write it aside, then put it into its place.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        text = json.dumps({"kind": KIND, "version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1)
        with written_aside(folder / MANIFEST, "the manifest") as aside:
            aside.write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read that of a folder.

        Raises
        ------
        DataError
            It cannot be read, is not ours, is of another version, or contradicts itself.
        """
        path = folder / MANIFEST
        if not path.is_file():  # a pipe would be waited for
            raise DataError(f"{path} is no file", "Make or copy the folder again.")
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{path} cannot be read ({error})", "Make or copy the folder again.") from error
        if not isinstance(held, dict) or held.get("kind") != KIND:
            raise DataError(
                f"{path} is not that of a folder of shards", "Name a folder that write_shards made."
            )
        if held.get("version") != VERSION:
            raise DataError(
                f"{path} is of version {held.get('version')!r}, not {VERSION}",
                "Make the folder again, or use the Sightline that wrote it.",
            )
        try:
            found = _understood(held)
        except (KeyError, TypeError, ValueError) as error:
            lacks = f"it has no {error}" if isinstance(error, KeyError) else error
            raise DataError(f"{path} is damaged ({lacks})", "Make or copy the folder again.") from error
        for test, promised in ((False, found.n_train), (True, found.n_test)):
            rows = sum(one.rows for one in found.parts if one.test == test)
            if rows > promised or (found.complete and rows != promised):
                what = "test" if test else "train on"
                raise DataError(
                    f"{path} contradicts itself: its parts hold {rows:,} images to {what}, it says {promised:,}",
                    "Make or copy the folder again.",
                )
        return found


def _understood(held: Mapping[str, Any]) -> Manifest:
    classes, shape = tuple(held["classes"]), tuple(held["shape"])
    parts = tuple(
        Entry(_count(one["rows"], 1), _flag(one["test"]), _text(one["images"]), _text(one["labels"]))
        for one in held["parts"]
    )
    if not classes or len(set(map(_text, classes))) < len(classes):
        raise ValueError("class names are missing, or the same twice")
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3):
        raise ValueError(f"a shape of {shape}")
    if [one.test for one in parts] != sorted(one.test for one in parts):
        raise ValueError("parts to train on after parts to test on")
    return Manifest(
        _text(held["name"]),
        _text(held["source"]),
        _text(held["licence"]),
        classes,
        tuple(_count(side, 1) for side in shape),
        _count(held["n_train"], 0),
        _count(held["n_test"], 0),
        _text(held["made_of"]),
        parts,
    )


def _count(value: object, least: int) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"{value!r} where a number is expected")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} where true or false is expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where text is expected")
    return value
