"""Fail unless every link of the built site leads somewhere, and nothing in it is loaded from elsewhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    "script": ("src",), "img": ("src", "srcset"), "source": ("src", "srcset"), "video": ("src", "poster"),
    "audio": ("src",), "track": ("src",), "iframe": ("src",), "embed": ("src",), "object": ("data",),
}  # fmt: skip
LOADING = {
    "stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest", "preconnect", "dns-prefetch",
}  # fmt: skip
CSS = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


@dataclass
class Page(HTMLParser):
    """What one file of HTML refers to."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, loads, and is called."""
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and LOADING & set(found.get("rel", "").split()):
            self.loads.append(found.get("href", ""))
        for name in LOADED.get(tag, ()):
            if found.get(name):
                parts = (
                    found[name].split(",")
                    if name == "srcset" and "data:" not in found[name]
                    else [found[name]]
                )
                self.loads += [part.split()[0] for part in parts if part.strip()]


def faults(site: Path) -> list[str]:
    """Everything that is wrong with the links of a site, a line each."""
    pages: dict[Path, Page] = {}
    for file in sorted(site.rglob("*.html")):
        pages[file] = page = Page()
        page.feed(file.read_text(encoding="utf-8"))
    wrong = []
    for file, page in pages.items():
        here = file.relative_to(site)
        for link in page.loads:
            if foreign(link):
                wrong.append(f"{here}: {link} is loaded from elsewhere")
            elif reason := missing(link, file, site, pages):
                wrong.append(f"{here}: {link} {reason}")
        for link in page.links:
            if not foreign(link) and (reason := missing(link, file, site, pages)):
                wrong.append(f"{here}: {link} {reason}")
    for file in sorted(site.rglob("*.css")):
        for pair in CSS.findall(file.read_text(encoding="utf-8")):
            link = pair[0] or pair[1]
            if foreign(link):
                wrong.append(f"{file.relative_to(site)}: {link} is loaded from elsewhere")
    return wrong


def foreign(link: str) -> bool:
    """Whether an address is on another machine."""
    return bool(re.match(r"(https?:)?//", link.strip(), re.IGNORECASE))


def missing(link: str, file: Path, site: Path, pages: dict[Path, Page]) -> str:
    """Why an address within the site leads nowhere, or nothing."""
    parts = urlsplit(link.strip())
    if parts.scheme in ("mailto", "data", "javascript"):
        return ""
    path = unquote(parts.path)
    target = file if not path else site / path.lstrip("/") if path.startswith("/") else file.parent / path
    target = Path(os.path.normpath(target))
    if target.is_dir():
        target = target / "index.html"
    if site not in target.parents or not target.is_file():
        return "leads nowhere"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
        return f"leads to no place on {target.relative_to(site)}"
    return ""
