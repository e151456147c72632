"""The lessons as pages: each notebook in src/sightline/lessons is run, and what it says and shows is written down.

A notebook speaks to its reader through marimo (`mo.md`, `mo.ui.slider` …). Here `Teller` listens instead: what is
said becomes Markdown, a control becomes a line with the value it begins with. Figures are drawn in both themes.
"""

from __future__ import annotations

import ast
import html
import inspect
import os
import re
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_ROWS = 20
THEMES = ("light", "dark")
OPENED = "The same lesson, alive, its controls to be moved: `sightline lessons open {number}`."


@dataclass(frozen=True)
class Said:
    """Words in Markdown."""

    text: str

    def __format__(self, _: str) -> str:
        return self.text

    def __getattr__(
        self, name: str
    ) -> Any:  # what marimo can do with what it shows: .callout(), .center(), .style()
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_args, **_options: self


@dataclass(frozen=True)
class Stacked:
    """Things one after the other."""

    items: tuple[Any, ...]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_args, **_options: self


@dataclass(frozen=True)
class Folded:
    """Things that open when they are asked for, by their titles."""

    items: Mapping[str, Any]


class Stop(Exception):
    """Not an error: the notebook says that a cell ends here, and what it shows."""

    def __init__(self, output: Any) -> None:
        self.output = output


class Control:
    """A slider, a list, a button: `value` is what it begins with."""

    def __init__(self, kind: str, value: Any, label: str, inner: Any = None) -> None:
        self.kind, self.value, self.label, self.inner = kind, value, label, inner

    def __getattr__(self, name: str) -> Any:
        if self.inner is not None:
            return getattr(self.inner, name)
        raise AttributeError(f"a {self.kind} has no {name}")


class Controls:
    """``mo.ui``: every kind of control, made into a `Control`."""

    def __getattr__(self, kind: str) -> Any:
        def make(*args: Any, value: Any = None, label: str = "", **options: Any) -> Control:
            given = args[0] if args else options.get("options", options.get("start"))
            if kind == "anywidget":
                return Control(kind, getattr(given, "value", {}), label, given)
            if kind == "array":
                return Control(kind, [one.value for one in given], label)
            if isinstance(given, Mapping) and kind in ("dropdown", "radio"):
                return Control(kind, given[value] if value is not None else None, label)
            if kind == "multiselect":
                return Control(kind, list(value or []), label)
            if value is None and kind in ("slider", "number"):
                value = given if given is not None else 0
            if value is None and kind == "range_slider":
                value = [args[0], args[1]]
            if value is None and kind in ("checkbox", "switch", "run_button", "button"):
                value = False
            return Control(kind, value, label)

        return make


class Teller(types.ModuleType):
    """What stands in marimo's place while a lesson is written down."""

    def __init__(self, theme: str) -> None:
        super().__init__("marimo")
        self.ui = Controls()
        self._theme = theme

    def md(self, text: str) -> Said:
        """Say something."""
        return Said(inspect.cleandoc(text))

    def vstack(self, items: Any, **_: Any) -> Stacked:
        """Show things one after the other."""
        return Stacked(tuple(items))

    hstack = vstack

    def accordion(self, items: Mapping[str, Any], **_: Any) -> Folded:
        """Show titles that open."""
        return Folded(dict(items))

    def tabs(self, items: Mapping[str, Any], **_: Any) -> Folded:
        """Show titles that open."""
        return Folded(dict(items))

    def callout(self, value: Any, **_: Any) -> Any:
        """Show a thing as it is."""
        return value

    center = left = right = callout

    def image(self, src: Any, alt: str = "", **_: Any) -> Any:
        """Show an image."""
        return src

    def stop(self, when: Any, output: Any = None) -> None:
        """End a cell here."""
        if when:
            raise Stop(output)

    def app_meta(self) -> Any:
        """Tell the theme."""
        return types.SimpleNamespace(theme=self._theme, mode="script")

    def running_in_notebook(self) -> bool:
        """Tell that nobody can move a slider."""
        return False


@dataclass(frozen=True)
class Cell:
    """One cell: its `source`, and whether the page shows it."""

    source: str
    shown: bool


@dataclass
class Writer:
    """Where a lesson's page and its pictures go, and how many pictures there are by now."""

    name: str
    folder: Path
    pictures: int = 0
    parts: list[str] = field(default_factory=list)


def write_lessons(pages: Path) -> list[tuple[str, str]]:
    """Write a page a lesson, in `pages`/lessons; return titles and names, in order. None where there are none yet."""
    try:
        from sightline.lessons import lessons
    except ImportError:
        return []
    folder = pages / "lessons"
    written = []
    for lesson in lessons():
        folder.mkdir(exist_ok=True)
        writer = Writer(lesson.path.stem, folder)
        told = inspect.cleandoc(OPENED.format(number=lesson.number))
        text = _insert(tell(lesson.path, writer), f'!!! tip "Alive"\n\n    {told}')
        (folder / f"{writer.name}.md").write_text(text, encoding="utf-8")
        written.append((f"{lesson.number}. {lesson.title}", f"lessons/{writer.name}.md"))
    return written


def _insert(text: str, note: str) -> str:
    """Put a note below the first heading's first paragraph; a page without a heading gets none."""
    pieces = text.split("\n\n")
    at = next((i for i, piece in enumerate(pieces) if piece.startswith("# ")), -1)
    pieces.insert(at + 1, note)
    return "\n\n".join(pieces)


def cells(path: Path) -> list[Cell]:
    """The cells of a notebook, in the order in which they stand: it runs from top to bottom."""
    text = path.read_text(encoding="utf-8")
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.With) or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        if not any(mark.startswith("app.") for mark in marks):
            continue
        if any(mark.startswith("app.function") for mark in marks):
            found.append(Cell(ast.get_source_segment(text, node) or "", True))
            continue
        body = [one for one in node.body if not isinstance(one, ast.Return)]
        if not body:
            continue
        lines = text.splitlines()[node.body[0].lineno - 1 : body[-1].end_lineno]
        found.append(
            Cell(textwrap.dedent("\n".join(lines)), not any("hide_code=True" in mark for mark in marks))
        )
    return found


def tell(path: Path, writer: Writer) -> str:
    """Run a notebook and return its page.

    Raises
    ------
    ValueError
        A cell fails.
    """
    namespace: dict[str, Any] = {"__name__": path.stem}
    for number, cell in enumerate(cells(path), start=1):
        where = f"{path.name}, cell {number}"
        output = dark = _run(cell.source, namespace, where, "light")
        if _draws(output) and re.search(r"\btheme\b", cell.source):
            dark = _run(cell.source, {**namespace, "theme": "dark"}, where, "dark")
        if cell.shown:
            writer.parts.append(f"```python\n{cell.source}\n```")
        writer.parts += shown(output, dark, writer)
    return "\n\n".join(writer.parts) + "\n"


def _run(source: str, namespace: dict[str, Any], where: str, theme: str) -> Any:
    """What a cell shows, and would show if it ended early."""
    with _in_place_of_marimo(theme):
        try:
            return _value(source, namespace, where)
        except Stop as stop:
            return stop.output
        except Exception as error:
            raise ValueError(f"{where}: {type(error).__name__}: {error}") from error


def _draws(output: Any) -> bool:
    """Whether there is a figure in an output."""
    if isinstance(output, Folded):
        return any(_draws(one) for one in output.items.values())
    if isinstance(output, Stacked):
        return any(_draws(one) for one in output.items)
    if isinstance(output, (list, tuple)):
        return any(_draws(one) for one in output[:50])
    return type(output).__name__ == "Figure"


def _value(source: str, namespace: dict[str, Any], where: str) -> Any:
    """Run a cell; return the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, where, "exec"), namespace)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), where, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), where, "eval"), namespace)


@contextmanager
def _in_place_of_marimo(theme: str) -> Iterator[None]:
    before = sys.modules.get("marimo")
    sys.modules["marimo"] = Teller(theme)
    data = os.environ.pop("SIGHTLINE_LESSONS_DATA", None)
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        yield
    finally:
        sys.argv = arguments
        if data is not None:
            os.environ["SIGHTLINE_LESSONS_DATA"] = data
        if before is None:
            del sys.modules["marimo"]
        else:
            sys.modules["marimo"] = before


def shown(output: Any, dark: Any, writer: Writer) -> Iterator[str]:
    """An output as pieces of Markdown; `dark` is the same in the other theme."""
    if output is None or callable(output):  # what a function gave back that was called for its deed
        return
    if isinstance(output, Said):
        yield output.text
    elif isinstance(output, (Stacked, list, tuple)) and _speaks(output):
        items = output.items if isinstance(output, Stacked) else output
        others = dark.items if isinstance(dark, Stacked) else dark
        controls = [one for one in items if isinstance(one, Control)]
        if controls:
            yield _controls(controls)
        for one, other in zip(items, others, strict=True):
            if not isinstance(one, Control):
                yield from shown(one, other, writer)
    elif isinstance(output, Folded):
        for title, one in output.items.items():
            inner = "\n\n".join(shown(one, dark.items[title], writer))
            words = title.replace('"', "'")
            yield f'??? question "{words}"\n\n{textwrap.indent(inner, "    ")}'
    elif isinstance(output, Control):
        yield _controls([output])
    elif type(output).__name__ == "Figure":
        yield _pictures(output, dark, writer)
    elif type(output).__name__ == "DataFrame":
        yield _table(output)
    elif hasattr(output, "_repr_html_"):
        yield f'<div class="result">{_one_block(output._repr_html_())}</div>'
    else:
        yield f"```text\n{output if isinstance(output, str) else repr(output)}\n```"


def _speaks(output: Any) -> bool:
    """Whether a list is one of things to show, not one of numbers."""
    if isinstance(output, Stacked):
        return True
    return any(isinstance(one, (Said, Stacked, Folded, Control)) or hasattr(one, "savefig") for one in output)


def _controls(controls: list[Control]) -> str:
    """What the controls begin with, as a line."""
    told = []
    for one in controls:
        if one.kind == "anywidget":
            told.append(f"a {type(one.inner).__name__}, to be used in the live lesson")
        else:
            label = html.escape(re.sub(r"[$\\]", "", one.label) or one.kind)
            told.append(f"{label}: <strong>{html.escape(str(one.value))}</strong>")
    return f'<p class="controls">{" · ".join(told)}</p>'


def _pictures(light: Any, dark: Any, writer: Writer) -> str:
    """Save a figure in both themes; the HTML that shows it."""
    from sightline import figures

    writer.pictures += 1
    width, height = (round(96 * side) for side in light.get_size_inches())
    images = []
    for theme, figure in zip(THEMES, (light, dark), strict=True):
        name = f"{writer.name}-{writer.pictures}-{theme}.png"
        figures.save(figure, writer.folder / name)
        alt = html.escape(_words(figure), quote=True)
        images.append(
            f'<a class="only-{theme}" href="{name}"><img src="{name}" alt="{alt}" width="{width}" '
            f'height="{height}" loading="lazy"></a>'
        )
    return f'<figure class="made">{"".join(images)}</figure>'


def _words(figure: Any) -> str:
    """What a figure says, for those who do not see it: the first words written on it."""
    import matplotlib.text as letters

    said = [one.get_text() for one in figure.findobj(letters.Text)]
    words = [re.sub(r"\s+", " ", one).strip() for one in said if len(one.strip()) > 2 and "$" not in one]
    return f"Figure: {'; '.join(dict.fromkeys(words))}"[:240] if words else "Figure"


def _table(table: Any) -> str:
    """A data frame as a Markdown table, its first rows."""

    def cell(value: Any) -> str:
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("$", "\\$")

    names = [cell(table.index.name or ""), *(cell(one) for one in table.columns)]
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    for index, row in zip(
        table.index[:MOST_ROWS], table.head(MOST_ROWS).itertuples(index=False), strict=True
    ):
        lines.append(f"| {' | '.join([cell(index), *(cell(one) for one in row)])} |")
    more = f"\n\n… {len(table) - MOST_ROWS:,} more rows" if len(table) > MOST_ROWS else ""
    return "\n".join(lines) + more


def _one_block(text: str) -> str:
    """HTML without blank lines, which would end it for Markdown."""
    return re.sub(r"\n\s*\n", "\n", text.strip())
