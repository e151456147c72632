"""The built page: files from inside the package, each under its own name and nothing else."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

PAGE = Path(__file__).parent / "page"
UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sightline studio</title>
<h1>The page is not built</h1>
<p>The server is running, but its page is missing from this installation. In a checkout, build it with:</p>
<pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build</pre>
<p>Then reload this page. An installed wheel brings the page with it.</p></html>
"""
KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".woff2": "font/woff2",
         ".svg": "image/svg+xml", ".html": "text/html", ".json": "application/json",
         ".webmanifest": "application/manifest+json", ".wasm": "application/wasm"}  # fmt: skip
FOR_EVER = "public, max-age=31536000, immutable"


def page_files(folder: Path = PAGE) -> dict[str, Path]:
    """Every file of the page by its address: a table made beforehand, so that no address reaches another file."""
    if not (folder / "index.html").is_file():
        return {}
    found = {
        one.relative_to(folder).as_posix(): one
        for one in sorted(folder.rglob("*"))
        if one.is_file() and not one.is_symlink()
    }
    return {"": found["index.html"], **found}


def served(request: Request, folder: Path) -> Response | None:
    """The file of an address, or None; a page that says what to do where it is not built."""
    name = request.url.path.lstrip("/")
    files = page_files(folder)
    if not files and name in ("", "index.html"):
        return HTMLResponse(UNBUILT, 503, {"Cache-Control": "no-store"})
    file = files.get(name)
    if file is None or not file.is_file():
        return None
    kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    cached = FOR_EVER if name.startswith("assets/") else "no-cache"
    return FileResponse(file, media_type=kind, headers={"Cache-Control": cached})
