"""Writes `web/src/wire.ts`, the page's twin of `wire`: ``python -m sightline.studio.typescript web/src/wire.ts``."""

from __future__ import annotations

import dataclasses
import sys
import types
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sightline.studio import wire

HEAD = "// Written by `python -m sightline.studio.typescript web/src/wire.ts` from wire.py. Do not edit.\n"
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def declarations() -> str:
    """Every record of `wire` as a TypeScript interface, in the order of its table of contents."""
    records = [one for one in vars(wire).values() if dataclasses.is_dataclass(one) and isinstance(one, type)]
    event = f"\nexport type Event = {_written(wire.Event)};\n"
    return HEAD + "".join(_interface(one) for one in records) + event


def _interface(record: type) -> str:
    hints = get_type_hints(record)
    told = " ".join((record.__doc__ or "").split())
    fields = "".join(
        f"  readonly {field.name}{'' if _required(field) else '?'}: {_written(hints[field.name])};\n"
        for field in dataclasses.fields(record)
    )
    return f"\n/** {told} */\nexport interface {record.__name__} {{\n{fields}}}\n"


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING


def _written(hint: Any) -> str:
    """One Python type as TypeScript writes it."""
    if hint in PLAIN:
        return PLAIN[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint.__name__
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{one}"' for one in inner)
    if origin in (types.UnionType,) or str(origin) == "typing.Union":
        return " | ".join(_written(one) for one in inner)
    if origin is tuple and inner[-1] is Ellipsis:
        one = _written(inner[0])
        return f"readonly ({one})[]" if " " in one else f"readonly {one}[]"
    if origin is tuple:
        return f"readonly [{', '.join(_written(one) for one in inner)}]"
    raise TypeError(f"no way to write {hint!r} in TypeScript")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(declarations(), encoding="utf-8")
