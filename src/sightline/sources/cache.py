"""The cache: data sets once converted, as arrays that are mapped into memory instead of read.

Layout under `home()`: ``downloads/FOLDER/FILE`` as published; ``ready/KEY/`` with ``images.npy``,
``labels.npy`` and ``manifest.json``, converted; ``locks/KEY.lock``. A converted folder is written aside and
renamed into place, so it is whole or absent. The manifest remembers size and time of change of the pixel
file; while they are the same, the digest it holds is believed, otherwise it is computed again, and a folder
that fails is converted anew.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sightline.dataset import Dataset
from sightline.errors import DataError, StorageError
from sightline.npy import read_header
from sightline.sources.arrays import CANNOT_READ
from sightline.sources.locking import locked, remove_free

FORMAT = 1
DAMAGED = (*CANNOT_READ, AttributeError)
DIGEST, SURROGATE = re.compile("[0-9a-f]{64}"), re.compile("[\\ud800-\\udfff]")


def home() -> Path:
    """Return the cache folder: ``$SIGHTLINE_HOME``, or the platform's usual place. It need not exist.

    Raises
    ------
    StorageError
        Nothing is chosen, and who asks has no home folder, as in some containers.
    """
    chosen = os.environ.get("SIGHTLINE_HOME")
    try:
        if chosen:
            return Path(chosen).expanduser()
        import platformdirs

        # expanduser: older versions leave the "~" of an account without a home as it is
        return Path(platformdirs.user_cache_dir("sightline", appauthor=False)).expanduser()
    except RuntimeError:
        raise StorageError(
            "there is no home folder to keep data sets in",
            "Point SIGHTLINE_HOME at a folder you can write to.",
        ) from None


def is_ready(key: str) -> bool:
    """Whether a data set is stored, converted, under `key`."""
    try:
        return (home() / "ready" / key / "manifest.json").is_file()
    except OSError:
        return False


def cached(key: str, make: Callable[[], Dataset]) -> Dataset:
    """Return the data set stored under `key`; make and store it first if it is absent or damaged.

    Safe when several processes ask at once: one makes it, the others wait and then read.

    Parameters
    ----------
    key : str
        Name of its folder.
    make : callable
        Fetches and converts; called at most once, with the lock of `key` held.

    Raises
    ------
    StorageError
        The cache cannot be written.
    """
    found = read(key)
    if found is not None:
        return found
    with locked(home() / "locks" / f"{key}.lock"):
        found = read(key)  # another process may have made it while this one waited
        if found is None:
            made = make()
            _write(key, made)
            found = read(key)
            if found is None:
                raise StorageError(
                    f"{home() / 'ready' / key} was written but cannot be read back", "Check the disk."
                )
    return found


def read(key: str) -> Dataset | None:
    """Return the stored data set, its arrays mapped from disk, or None if it is absent or damaged."""
    folder = home() / "ready" / key
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT or not _sane(manifest):
            return None
        for name in ("images.npy", "labels.npy"):
            with (folder / name).open("rb") as file:
                read_header(file)  # stricter than NumPy's own
        stat = (folder / "images.npy").stat()
        images = np.asarray(np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False))
        labels = np.load(folder / "labels.npy", allow_pickle=False)
        stored = Dataset(
            images=images,
            labels=labels,
            classes=tuple(manifest["classes"]),
            name=manifest["name"],
            source=manifest["source"],
            licence=manifest["licence"],
            n_train=manifest["n_train"],
            notes=tuple(manifest["notes"]),
        )
        if [stat.st_size, stat.st_mtime_ns] == manifest["images"] and _crc(labels) == manifest["labels_crc"]:
            return stored.believing(manifest["digest"])
        return stored if stored.digest == manifest["digest"] else None
    except DAMAGED:  # the caller makes it anew, from files whose digests are checked
        return None


def _sane(manifest: dict[str, Any]) -> bool:
    """Whether what it tells is of the kinds that `_write` wrote."""
    texts = (
        *manifest["classes"],
        *manifest["notes"],
        manifest["name"],
        manifest["source"],
        manifest["licence"],
    )
    return (
        isinstance(manifest["classes"], list)
        and isinstance(manifest["notes"], list)
        and all(isinstance(one, str) and not SURROGATE.search(one) for one in texts)
        and (manifest["n_train"] is None or type(manifest["n_train"]) is int)
        and DIGEST.fullmatch(manifest["digest"]) is not None
    )


def _crc(labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
    import zlib

    return zlib.crc32(np.ascontiguousarray(labels).data)


def _write(key: str, dataset: Dataset) -> None:
    ready = home() / "ready"
    aside: str | None = None
    try:
        ready.mkdir(parents=True, exist_ok=True)
        for left in ready.glob(f".{glob.escape(key)}-{8 * '[a-z0-9_]'}"):  # of somebody who was killed:
            shutil.rmtree(left, ignore_errors=True)  # only who has the lock of this key writes here
        aside = tempfile.mkdtemp(prefix=f".{key}-", dir=ready)
        folder = Path(aside)
        _save(folder / "images.npy", dataset.images)
        _save(folder / "labels.npy", dataset.labels)
        stat = (folder / "images.npy").stat()
        manifest = {
            "format": FORMAT,
            "name": dataset.name,
            "source": dataset.source,
            "licence": dataset.licence,
            "classes": list(dataset.classes),
            "n_train": dataset.n_train,
            "notes": list(dataset.notes),
            "digest": dataset.digest,
            "images": [stat.st_size, stat.st_mtime_ns],
            "labels_crc": _crc(dataset.labels),
        }
        (folder / "manifest.json").write_text(
            json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        folder.chmod(0o755)
        if (ready / key).exists():
            shutil.rmtree(ready / key)
        folder.replace(ready / key)
    except OSError as error:
        raise StorageError(
            f"cannot store '{dataset.name}' in {ready} ({error.strerror or error})",
            "Free some space, or point SIGHTLINE_HOME at a folder you can write to.",
        ) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _save(path: Path, array: np.ndarray[Any, np.dtype[Any]]) -> None:
    """Write an NPY file as `numpy.save` does, which on a full disk would not say that the disk is full."""
    with path.open("wb") as file:
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(array), 4096):
            file.write(np.ascontiguousarray(array[start : start + 4096]).data)


def contents() -> dict[str, int]:
    """Return what is stored: folder (``ready/mnist``, ``downloads/mnist`` …) → bytes."""
    found = {}
    for kind in ("ready", "downloads"):
        for folder in sorted((home() / kind).glob("[!.]*")):
            found[f"{kind}/{folder.name}"] = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    return found


def clear(key: str | None = None) -> dict[str, int]:
    """Remove what is stored, all of it or one name's; return what was removed, as `contents`.

    Raises
    ------
    DataError
        Nothing of that name is stored.
    StorageError
        It cannot be removed.
    """
    chosen = {what: size for what, size in contents().items() if key is None or what.split("/")[1] == key}
    if key is not None and not chosen:
        stored = ", ".join(sorted({what.split("/")[1] for what in contents()}))
        raise DataError(f"nothing named '{key}' is stored in {home()}", f"Stored: {stored or 'nothing'}.")
    try:
        for what in chosen:
            shutil.rmtree(home() / what)
        if key is None:
            _clear_rest()
    except OSError as error:
        raise StorageError(
            f"cannot remove {error.filename} ({error.strerror})", "Remove it yourself."
        ) from error
    return chosen


def _clear_rest() -> None:
    """Remove what `contents` does not tell of, and then the folders themselves, but for locks that are held."""
    for left in ((home() / "ready").glob(".*"), [home() / "openml"]):
        for folder in left:  # of a process that was killed; names looked up on OpenML
            shutil.rmtree(folder, ignore_errors=True)
    for lock in (home() / "locks").glob("*.lock"):
        remove_free(lock)
    for folder in (*(home() / kind for kind in ("ready", "downloads", "locks")), home()):
        with contextlib.suppress(OSError):  # not empty: somebody is at work there
            folder.rmdir()
