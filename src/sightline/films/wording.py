"""The texts of the films, apart from the drawing: a table that can be translated."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.errors import NotFoundError, UsageError
from sightline.films.script import Scene

ENGLISH = Path(__file__).parent / "words" / "en.toml"


@dataclass(frozen=True, slots=True)
class Words:
    """`table` film → text or scene → text, each with {names} that the film fills."""

    table: Mapping[str, Any]

    def said(self, scene: Scene, key: str, **more: str) -> str:
        """Return the text `key` of a scene, or of its film where the scene has none of its own."""
        film = self.table[scene.film]
        own = film.get(scene.key, {})
        text = str(own[key] if key in own else film[key])
        return text.format_map({**scene.values, **more})

    def title(self, scene: Scene) -> str:
        """Return the title of the film that a scene belongs to."""
        return str(self.table[scene.film]["title"]).format_map(scene.values)


def english() -> Words:
    """Return the texts that come with Sightline."""
    return Words(tomllib.loads(ENGLISH.read_text(encoding="utf-8")))


def read_words(path: str | Path) -> Words:
    """Return the texts of a TOML file laid out as ``words/en.toml``; what it lacks stays English.

    Raises
    ------
    NotFoundError
        There is no such file.
    UsageError
        It is not TOML, has a text that the English has not, or one with other {names}.
    """
    source = Path(path)
    try:
        found = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFoundError(f"there are no texts at '{source}'", "Name a TOML file with --texts.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"'{source}' is not a TOML file in UTF-8 ({error})", f"Start from {ENGLISH}."
        ) from error
    return Words(_merged(english().table, found, f"'{source}'"))


def _merged(base: Mapping[str, Any], other: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return `base` with the texts of `other` in their places."""
    merged = dict(base)
    for key, value in other.items():
        here = f"{where}, {key}"
        if isinstance(base.get(key), dict) and isinstance(value, dict):
            merged[key] = _merged(base[key], value, here)
        elif isinstance(base.get(key), str) and isinstance(value, str):
            if _names(value, here) != _names(base[key], here):
                raise UsageError(f"{here}: the {{names}} differ", f"The English text is “{base[key]}”.")
            merged[key] = value
        else:
            raise UsageError(f"{here}: there is no such text", f"Start from {ENGLISH}.")
    return merged


def _names(text: str, where: str) -> set[str]:
    """Return the {names} in a text."""
    from string import Formatter

    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise UsageError(f"{where}: a brace has no partner", "Write {{ for a brace itself.") from error
