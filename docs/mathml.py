"""A Markdown extension: TeX between dollars becomes MathML while the site is built, so that no script is needed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree
from typing import Any

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

INLINE = r"(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\w$])"
BLOCK = re.compile(r"^\s{0,3}\$\$(.+?)\$\$\s*$", re.DOTALL)


def mathml(tex: str, *, block: bool) -> str:
    """One formula. The TeX stays with it, for those who copy it and for readers without MathML.

    Raises
    ------
    ValueError
        It is not TeX that can be read.
    """
    try:
        made = str(convert(tex.strip(), display="block" if block else "inline"))
    except Exception as error:
        raise ValueError(f"'{tex.strip()}' is not TeX that can be read: {type(error).__name__}") from error
    escaped = tex.strip().replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return made.replace("<math ", f'<math alttext="{escaped}" ', 1)


class _Inline(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        return self.md.htmlStash.store(mathml(m.group(1), block=False)), m.start(0), m.end(0)


class _Block(BlockProcessor):
    def test(self, parent: etree.Element, block: str) -> bool:
        return BLOCK.match(block) is not None

    def run(self, parent: etree.Element, blocks: list[str]) -> None:
        found = BLOCK.match(blocks.pop(0))
        assert found is not None
        around = etree.SubElement(parent, "div", {"class": "formula", "tabindex": "0", "role": "group",
                                                  "aria-label": "Formula"})  # fmt: skip
        around.text = self.parser.md.htmlStash.store(mathml(found[1], block=True))


class MathML(Extension):
    """`$…$` within a line, `$$…$$` as a paragraph of its own."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Add both forms."""
        md.inlinePatterns.register(_Inline(INLINE, md), "mathml", 185)
        md.parser.blockprocessors.register(_Block(md.parser), "mathml", 95)


def makeExtension(**options: Any) -> MathML:
    """What Markdown calls."""
    return MathML(**options)
