"""The reference: pages in Markdown, written from the docstrings of the public names and the help of the commands."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

ROOT = Path(__file__).parents[1]
PAGES = {
    "data": (
        "Data",
        "Where labelled images come from, and what is in them.",
        ("sources", "dataset", "exploration", "disputes"),
    ),
    "features": ("Features", "What the model gets to see.", ("features",)),
    "learning": ("Learning", "Logistic regression, and the smallest of its kind.", ("logistic", "engine")),
    "judging": ("Judging", "How good a model is, and how sure that is.", ("evaluation",)),
    "explaining": ("Explaining", "Why a model decides so.", ("explanation", "anatomy")),
    "telling": (
        "Telling",
        "A whole run, its page, and models on disk.",
        ("story", "results", "report", "publish", "store", "model", "retelling"),
    ),
    "figures": ("Figures", "One function a picture: results in, a Matplotlib figure out.", ("figures",)),
    "films": ("Films", "A film is data and scenes, painted frame by frame.", ("films",)),
    "notebooks": (
        "Notebooks",
        "Parts of the studio's page in a notebook, and the lessons.",
        ("widgets", "lessons"),
    ),
    "export": ("Export", "Models for other runtimes.", ("export",)),
    "errors": ("Errors", "The few kinds of error a user can meet.", ("errors",)),
    "more": ("More", "What belongs to none of these.", ()),
}
"""Page → title, what it is about, and the rooms of the house that it shows."""

WHOLE = {
    "features": ("sightline.features", {"Recipe", "find_recipe", "MinMaxScaler", "PolynomialFeatures"}),
    "judging": ("sightline.evaluation", set[str]()),
    "figures": ("sightline.figures", set[str]()),
    "films": ("sightline.films", {"Caption", "Scene", "Timeline"}),
    "export": ("sightline.export", set[str]()),
}
"""Rooms of which everything public is shown, not only what `sightline` itself offers; and what of it is not."""

KINDS = {"parameters": "Parameters", "returns": "Returns", "raises": "Raises", "attributes": "Attributes"}


def public_names() -> dict[str, list[tuple[str, str, str]]]:
    """Page → (name as it is imported, module it is defined in, qualified name there)."""
    import sightline

    named = {
        name: f"sightline.{name}"
        for name in sightline.__all__
        if hasattr(getattr(sightline, name), "__module__")
    }
    pages: dict[str, list[tuple[str, str, str]]] = {page: [] for page in PAGES}
    seen: set[tuple[str, str]] = set()

    def add(page: str, shown: str, value: Any) -> None:
        if not hasattr(value, "__qualname__"):
            return  # a table or a number, not something to call
        where = value.__module__, value.__qualname__
        if where not in seen and where[0].startswith("sightline"):
            seen.add(where)
            pages[page].append((shown, *where))

    for name, shown in named.items():
        value = getattr(sightline, name)
        home = value.__module__.split(".")[1]
        add(next((page for page, (_, _, rooms) in PAGES.items() if home in rooms), "more"), shown, value)
    for page, (package, hidden) in WHOLE.items():
        module = importlib.import_module(package)
        for name in module.__all__:
            if name not in hidden:
                add(page, f"{package}.{name}", getattr(module, name))
    return {page: sorted(found, key=lambda one: one[0].lower()) for page, found in pages.items() if found}


def write_reference(folder: Path) -> list[tuple[str, str]]:
    """Write all pages to a folder; return their titles and names, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = public_names()
    places = {
        shown.rsplit(".", 1)[1]: f"{page}.md#{anchor(shown)}"
        for page, found in pages.items()
        for shown, _, _ in found
    }
    source = griffe.load("sightline", search_paths=[str(ROOT / "src")], docstring_parser="numpy")
    written = []
    for page, found in pages.items():
        title, what, _ = PAGES[page]
        parts = [f"# {title}", what, _contents(found, source)]
        for shown, module, name in found:
            parts += entry(shown, _of(source, module, name), places)
        text = "\n\n".join(parts) + "\n"
        (folder / f"{page}.md").write_text(text.replace(f"({page}.md#", "(#"), encoding="utf-8")
        written.append((title, f"{page}.md"))
    (folder / "commands.md").write_text(commands(), encoding="utf-8")
    written.insert(0, ("Commands", "commands.md"))
    (folder / "index.md").write_text(_index(pages, source), encoding="utf-8")
    return written


def anchor(shown: str) -> str:
    """Where a name stands on its page."""
    return shown.replace(".", "-").lower()


def _of(source: Any, module: str, name: str) -> Any:
    inner = module.removeprefix("sightline").lstrip(".")
    return source[f"{inner}.{name}" if inner else name]


def _first(one: Any) -> str:
    text = one.docstring.value if one.docstring else ""
    return " ".join(text.split("\n\n")[0].split())


def _contents(found: list[tuple[str, str, str]], source: Any) -> str:
    lines = ["| name | what it is |\n|---|---|"]
    for shown, module, name in found:
        said = _first(_of(source, module, name)).replace("|", "\\|")
        lines.append(f"| [`{shown.removeprefix('sightline.')}`](#{anchor(shown)}) | {prose(said, {})} |")
    return "\n".join(lines)


def _index(pages: dict[str, list[tuple[str, str, str]]], source: Any) -> str:
    parts = [
        "# Reference",
        "Written from the docstrings while the site is built; their examples run in the tests. "
        "[Commands](commands.md) are written from what `--help` says.",
    ]
    for page, found in pages.items():
        title, what, _ = PAGES[page]
        names = ", ".join(
            f"[`{one.removeprefix('sightline.')}`]({page}.md#{anchor(one)})" for one, _, _ in found
        )
        parts += [f"## [{title}]({page}.md)", f"{what}", names]
    return "\n\n".join(parts) + "\n"


def entry(shown: str, one: Any, places: dict[str, str], level: int = 2) -> Iterator[str]:
    """The Markdown of one function or class, its public methods included."""
    heading = shown.removeprefix("sightline.") if level == 2 else shown.rsplit(".", 1)[1]
    yield f"{'#' * level} {heading} {{ #{anchor(shown)} }}"
    yield f"```python\n{signature(one, shown)}\n```"
    yield from sections(one, places)
    if one.is_class:
        for name, member in one.members.items():
            if name.startswith("_") or member.is_alias or not member.docstring:
                continue
            if member.is_function:
                yield from entry(f"{shown}.{name}", member, places, level + 1)
            elif member.is_attribute and "property" in member.labels:
                kind = f" : *{escaped(str(member.annotation))}*" if member.annotation else ""
                yield f"`{name}`{kind}\n:   {prose(_first(member), places)}"


def signature(one: Any, shown: str) -> str:
    """How it is called, as Python writes it; one argument a line where it is long."""
    call = shown.rsplit(".", 2 if not one.is_class and one.parent.is_class else 1)
    name = ".".join(call[1:])
    if one.is_class and "dataclass" in one.labels and "__init__" not in one.members:
        return f"class {name}"
    function = one.members.get("__init__", None) if one.is_class else one
    if function is None or function.is_alias or not function.is_function:
        return f"class {name}"
    parts, starred = [], False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = str(parameter.kind.value)
        if kind == "keyword-only" and not starred:
            parts.append("*")
            starred = True
        mark = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        starred = starred or mark == "*"
        typed = f": {parameter.annotation}" if parameter.annotation is not None else ""
        default = ""
        if parameter.default is not None and not mark:
            default = f" = {parameter.default}" if typed else f"={parameter.default}"
        parts.append(f"{mark}{parameter.name}{typed}{default}")
    back = f" -> {one.returns}" if not one.is_class and one.returns is not None else ""
    line = f"{name}({', '.join(parts)}){back}"
    return line if len(line) <= 80 else f"{name}(\n    " + ",\n    ".join(parts) + f",\n){back}"


def sections(one: Any, places: dict[str, str]) -> Iterator[str]:
    """The docstring, section by section."""
    if not one.docstring:
        return
    for part in one.docstring.parse("numpy", warnings=False):
        kind = str(part.kind.value)
        if kind == "text":
            yield prose(part.value, places)
        elif kind in KINDS:
            yield f"**{KINDS[kind]}**"
            yield "\n\n".join(_item(item, places) for item in part.value)
        elif kind == "examples":
            yield "**Examples**"
            for shape, text in part.value:
                yield f"```pycon\n{text}\n```" if str(shape.value) == "examples" else prose(text, places)
        elif kind == "admonition":
            yield f"**{part.title or 'Notes'}**"
            yield prose(part.value.description, places)


def _item(item: Any, places: dict[str, str]) -> str:
    name = getattr(item, "name", "") or ""
    kind = escaped(str(item.annotation)) if item.annotation is not None else ""
    head = f"`{name}` : *{kind}*" if name and kind else f"`{name}`" if name else f"*{kind}*"
    said = prose(item.description or "", places).replace("\n", "\n    ").strip()
    return f"{head}\n:   {said}" if said else f"{head}\n:   &#8203;"


CODE = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)


def prose(text: str, places: dict[str, str]) -> str:
    """A docstring's words as Markdown: signs of ours are no markup, known names lead to where they stand."""

    def code(piece: str) -> str:
        name = piece.strip("`").strip()
        return f"[`{name}`]({places[name]})" if name in places else piece

    pieces = CODE.split(text)
    return "".join(code(piece) if i % 2 else escaped(piece) for i, piece in enumerate(pieces))


def escaped(text: str) -> str:
    """Words in which nothing is markup."""
    return re.sub(r"([*_<\[\]$])", r"\\\1", text).replace("\\<", "&lt;")


def commands() -> str:
    """The page of all commands, from what they say of themselves."""
    import click
    import typer

    from sightline.cli.app import app

    parts = ["# Commands", "What `sightline COMMAND --help` says."]

    def tell(name: str, command: Any, context: Any) -> None:
        for child in getattr(command, "commands", {}):
            below = command.commands[child]
            tell(f"{name} {child}", below, click.Context(below, info_name=child, parent=context))
        if getattr(command, "commands", None):
            return
        usage = " ".join(command.collect_usage_pieces(context))
        parts.append(f"## {name} {{ #{name.replace(' ', '-')} }}")
        parts.append(f"```text\n{name} {usage}\n```")
        parts.append(prose((command.help or "").strip(), {}))
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if record is not None and parameter.name != "help":
                left, right = (re.sub(r"\x1b\[[0-9;]*m", "", str(one)) for one in record)
                parts.append(f"`{' '.join(left.split())}`\n:   {escaped(' '.join(right.split()))}")

    root: Any = typer.main.get_command(app)
    tell("sightline", root, click.Context(root, info_name="sightline"))
    return "\n\n".join(parts) + "\n"
