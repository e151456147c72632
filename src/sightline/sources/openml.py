"""Any set of images on OpenML, by name, name and version, or number."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sightline.dataset import Dataset
from sightline.errors import DataError, DownloadError, NotFoundError, StorageError, UsageError
from sightline.files import written_aside
from sightline.sources import cache
from sightline.sources.catalog import RemoteFile
from sightline.sources.fetch import Progress, fetch, fetch_json
from sightline.sources.pixels import Shape

DEFAULT_BASE = "https://www.openml.org"


def load_openml(
    what: str, *, shape: Shape | None = None, label: str | None = None, progress: Progress | None = None
) -> Dataset:
    """Load ``NAME``, ``NAME@VERSION`` or ``ID`` from OpenML, or from the cache if it was loaded before.

    Parameters
    ----------
    what : str
        What follows ``openml:``. Without a version, the oldest active one.
    shape : (height, width), optional
        Layout of the pixels where they make no square.
    label : str, optional
        The label column; by default OpenML's own default target.
    progress : callable, optional
        Told (bytes so far, bytes in all or None).

    Raises
    ------
    UsageError
        `what` is not of that form.
    NotFoundError
        OpenML has no such data set.
    DownloadError
        OpenML cannot be reached, or what came is not what was promised.
    DataError
        Its columns are not pixels.
    """
    match = re.fullmatch(r"(?:(?P<id>\d+)|(?P<name>[^@\s][^@]*?)(?:@(?P<version>\d+))?)", what.strip())
    if match is None:
        raise UsageError(
            f"'openml:{what}' is not understood", "Write openml:NAME, openml:NAME@VERSION or openml:ID."
        )
    number = int(match["id"]) if match["id"] else _number(match["name"], match["version"])
    options = "" if shape is None and label is None else f"-{_short(repr((shape, label)))}"
    return cache.cached(f"openml-{number}{options}", lambda: _make(number, shape, label, progress))


def _base() -> str:
    return os.environ.get("SIGHTLINE_OPENML", DEFAULT_BASE).rstrip("/")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _number(name: str, version: str | None) -> int:
    """Find the number of a name and version; remembered, so that it is known offline afterwards."""
    kept = cache.home() / "openml" / f"{_short(repr((name.lower(), version)))}.json"
    try:
        return int(json.loads(kept.read_text())["id"])
    except (OSError, ValueError, KeyError, TypeError):  # not asked before: ask now
        number = _ask(name, version)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot write to {kept.parent} ({error.strerror})",
            "Point SIGHTLINE_HOME at a folder you can write to.",
        ) from error
    with written_aside(kept, "the number of a data set") as aside:
        aside.write_text(json.dumps({"id": number, "name": name, "version": version}))
    return number


def _ask(name: str, version: str | None) -> int:
    listing = f"{_base()}/api/v1/json/data/list/data_name/{quote(name)}"
    states = ("/status/active", "/status/deactivated") if version else ("/status/active",)
    for state in states:
        found = fetch_json(f"{listing}{f'/data_version/{version}' if version else ''}{state}")
        sets = _dig(found, "data", "dataset")
        if isinstance(sets, list) and sets:
            try:
                return int(min(sets, key=lambda one: int(one.get("version", 0)))["did"])
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise DownloadError(
                    f"{listing} lists data sets without a number", "Try again later."
                ) from error
    wanted = f"'{name}'" + (f" version {version}" if version else "")
    raise NotFoundError(
        f"OpenML has no data set {wanted}", "Search for its exact name at https://www.openml.org."
    )


def _dig(found: Any, *keys: str) -> Any:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _make(number: int, shape: Shape | None, label: str | None, progress: Progress | None) -> Dataset:
    from sightline.sources import table

    about = _dig(fetch_json(f"{_base()}/api/v1/json/data/{number}"), "data_set_description")
    if not isinstance(about, dict):
        raise NotFoundError(
            f"OpenML has no data set number {number}", "Look it up at https://www.openml.org."
        )
    rows = _rows(number, about, progress)
    name = f"{about.get('name', number)}"
    source = f"https://www.openml.org/d/{number}"
    target = label or about.get("default_target_attribute")
    if not target:
        raise DataError(f"{source} ('{name}') names no class to learn", "Name its label column with label=.")
    unused = {about.get("row_id_attribute"), *_names(about.get("ignore_attribute"))} - {None, target}
    kept = rows.select([column for column in rows.column_names if column not in unused])
    licence = about.get("licence") or "unknown"
    return table.from_table(
        kept, name=name, source=source, label=str(target), shape=shape, licence=str(licence)
    )


def _names(attribute: Any) -> list[str]:
    return attribute if isinstance(attribute, list) else [attribute] if attribute else []


def _rows(number: int, about: dict[str, Any], progress: Progress | None) -> Any:
    """Fetch the table as Parquet (ten times quicker to read), or as ARFF where that fails."""
    from sightline.sources import arff, table

    folder: Path = cache.home() / "downloads" / f"openml-{number}"
    reason = ""
    if about.get("parquet_url"):
        try:
            file = RemoteFile("data.parquet")
            return table.read_parquet(fetch(file, (str(about["parquet_url"]),), folder, progress))
        except (DownloadError, DataError) as error:
            reason = f"; its Parquet file: {error.what}"
    checksum = about.get("md5_checksum")
    file = RemoteFile("data.arff", f"md5:{str(checksum).lower()}" if checksum else None)
    plain = f"{_base()}/data/v1/download/{about.get('file_id', number)}"
    addresses = tuple(dict.fromkeys(str(a) for a in (about.get("url"), plain) if a))
    try:
        return arff.read_arff(fetch(file, addresses, folder, progress))
    except DownloadError as error:
        raise DownloadError(f"{error.what}{reason}", error.remedy) from error
