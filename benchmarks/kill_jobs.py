"""The jobs that `kills.py` interrupts: what an earlier run left, what is run, and what a right result is.

Each works in the current folder, with its cache in ``home`` below it. Small on purpose: bundled digits, a film of one
frame a second, tables of some hundred kilobytes from a server on this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import importlib
import io
import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIST = "/api/v1/json/data/list/data_name"
PIECE, PAUSE = 1 << 16, 0.02
"""The server sends so many bytes at a time, and so many seconds apart: about 3 MB a second."""


@dataclass(frozen=True)
class Job:
    """`before` leaves what an earlier run left; `run` is interrupted; `result` is compared with the undisturbed one.

    `share` says how many of 200 kills it gets; `keeps` are files that outlive an interruption because the next run
    goes on from them. A `script` makes errors no messages: it is killed, and run twice at once, no more.
    """

    name: str
    before: Callable[[], object]
    run: Callable[[], object]
    result: Callable[[], object]
    share: int
    keeps: str = "$^"
    script: bool = False


def models() -> Path:
    """Where two fitted models are; `kills.py` makes them once."""
    return Path(os.environ["SIGHTLINE_KILLS_MODELS"])


def command(*words: str) -> object:
    """``sightline WORDS``, in this process."""
    from sightline.cli.app import app

    sys.argv = ["sightline", *words]
    status = app(standalone_mode=False, prog_name="sightline")
    if status == 130:  # what typer makes of Ctrl-C; a job may have more to do
        raise KeyboardInterrupt
    return status


def sha(path: Path | str) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def make_models(folder: Path) -> None:
    """Fit a small model and a larger one, and store both."""
    from sightline.features import make_recipe
    from sightline.model import Model
    from sightline.sources import load
    from sightline.store import save_model

    data = load("digits")
    for name, recipe in (("a", "pixels"), ("b", "pca-poly")):
        fitted = make_recipe(recipe, shape=data.shape).fit(data.train.X, data.train.y)
        save_model(
            Model(fitted, data.classes, data.shape, recipe, {"name": name}), folder / f"{name}.sightline"
        )


# -- downloads and the cache -----------------------------------------------------------------------------


def make_tables(folder: Path, address: str) -> None:
    """Write what a small OpenML at `address` answers: 'bars' with a digest, 'dots' without, 'old' too."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    for number, (name, n) in enumerate((("old", 60), ("bars", 1000), ("dots", 1000)), start=1):
        labels = np.arange(n) % 3
        frame = pd.DataFrame(rng.integers(0, 256, (n, 256)), columns=[f"pixel{i}" for i in range(1, 257)])
        frame = frame.astype("uint8").assign(**{"class": pd.Categorical([str(k) for k in labels])})
        about: dict[str, str] = {"name": name, "default_target_attribute": "class", "file_id": f"{number}"}
        if name == "dots":
            packed = io.BytesIO()
            frame.to_parquet(packed, index=False)
            (folder / f"{number}.pq").write_bytes(packed.getvalue())
            about["parquet_url"] = f"{address}/{number}.pq"
        else:
            lines = ["@relation some", *(f"@attribute {c} REAL" for c in frame.columns[:-1])]
            lines += ["@attribute class {0,1,2}", "@data", *frame.astype(str).agg(",".join, axis=1)]
            body = ("\n".join(lines) + "\n").encode()
            (folder / f"{number}.arff").write_bytes(body)
            about |= {"url": f"{address}/{number}.arff", "md5_checksum": hashlib.md5(body).hexdigest()}
        listed = {"data": {"dataset": [{"did": number, "name": name, "version": 1}]}}
        for path, answer in (
            (f"/api/v1/json/data/{number}", {"data_set_description": about}),
            (f"{LIST}/{name}/status/active", listed),
        ):
            (folder / path.replace("/", "_")).write_text(json.dumps(answer))


class Server(http.server.ThreadingHTTPServer):
    """Serves in a process of its own, until its parent has ended."""

    parent = 0

    def serve(self, folder: Path, asked: Path) -> None:
        """Answer with the files of `folder`; parts of files that are asked for are noted in `asked`."""
        handler: Any = self.RequestHandlerClass
        handler.folder, handler.asked, self.parent = folder, asked, os.getppid()
        self.serve_forever()

    def service_actions(self) -> None:  # noqa: D102
        if os.getppid() != self.parent:
            os._exit(0)


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends files slowly, and parts of them where they are asked for."""

    folder = asked = Path()

    def do_GET(self) -> None:  # noqa: D102
        path = self.folder / self.path.lstrip("/")
        path = path if path.is_file() else self.folder / self.path.replace("/", "_")
        if not path.is_file():
            return self.send_error(404)
        body, wanted = path.read_bytes(), self.headers.get("Range")
        start = int(re.findall(r"\d+", wanted)[0]) if wanted else 0
        if start:
            with self.asked.open("a") as log:
                log.write(f"{self.path} {start}\n")
            if start >= len(body):
                return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # whoever asked was killed
            for at in range(start, len(body), PIECE):
                self.wfile.write(body[at : at + PIECE])
                time.sleep(PAUSE)
        return None

    def log_message(self, *_: object) -> None:  # noqa: D102
        pass


def _download() -> None:
    command("data", "get", "openml:bars")
    command("data", "get", "openml:dots")


def _stored(*keys: str) -> dict[str, str | None]:
    import numpy as np

    from sightline.sources import cache

    found = {key: cache.read(key) for key in keys}
    return {key: None if one is None else one.take(np.arange(len(one))).digest for key, one in found.items()}


def _convert() -> None:
    import numpy as np

    from sightline.dataset import Dataset
    from sightline.sources import cache

    def make() -> Dataset:
        images = np.random.default_rng(1).integers(0, 256, (15_000, 28, 28), dtype=np.uint8)
        return Dataset(images, np.arange(15_000) % 10, tuple("0123456789"), "noise")

    cache.cached("noise", make)


def _damaged() -> None:
    command("data", "get", "openml:old")
    folder = Path("home/ready/noise")
    folder.mkdir(parents=True)
    (folder / "images.npy").write_bytes(b"half")


# -- results ---------------------------------------------------------------------------------------------


def _learn(seed: int) -> object:
    return command("learn", "digits", "--recipe", "pixels", "--seed", str(seed), "--out", "run")


def decisions(path: Path | str) -> str:
    """Digest of the probabilities that a stored model gives to the digits."""
    from sightline.sources import load
    from sightline.store import load_model

    return hashlib.sha256(load_model(path).predict_proba(load("digits").X).tobytes()).hexdigest()


def _learned() -> object:
    held = json.loads(Path("run/metrics.json").read_text())
    model = decisions("run/model.sightline")
    names = sorted(str(one) for one in Path("run").rglob("*") if one.is_file())
    page = Path("run/report.html").read_text()
    return [
        next(iter(held["recipes"].values()))["accuracy"],
        model,
        len(page) > 100_000 and page.rstrip().endswith("</html>"),
        names,
    ]


def _story(seed: int) -> object:
    return command("story", "digits", "--recipe", "pixels", "--seed", str(seed), "--out", "told")


def _told() -> object:
    text = re.sub(r"\d+\.\d+ s|\d+ ms|[\d,]+ seconds", "", Path("told/story.md").read_text())
    return [len(text.splitlines()), *sorted(str(one) for one in Path("told").rglob("*") if one.is_file())]


def _film(theme: str) -> object:
    return command(
        *("film", "sigmoid", "--fps", "1", "--size", "480p", "--captions", "both", "--processes", "1"),
        *("--theme", theme, "--out", "film.mp4"),
    )


def _export(name: str) -> object:
    return command("export", str(models() / f"{name}.sightline"), "--out", "model.onnx")


def _picture(row: int) -> object:
    model = str(models() / "a.sightline")
    return command("explain", model, "digits", "--row", str(row), "--out", "picture.png", "--json")


def _save(name: str) -> None:
    from sightline.store import load_model, save_model

    save_model(load_model(models() / f"{name}.sightline"), "model.sightline")


def _infinite() -> None:
    from sightline.sources import load
    from sightline.sources.infinite import Infinite
    from sightline.sources.sharding import write_shards

    data = load("digits", seed=0)
    write_shards(Infinite(data, 12_000, rows=500), "made", test=data.test, part_bytes=50_000, threads=1)


def _shards() -> object:
    from sightline.sources.shards import open_shards

    return [
        open_shards("made").digest,
        *sorted(f"{one.name} {sha(one)}" for one in Path("made").glob("*.npy")),
    ]


def _frontier(*names: str) -> None:
    frontier = importlib.import_module("frontier")
    sys.argv = ["frontier.py", "digits", "--no-peers", "--json", "kept.json", "--only", *names]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        frontier.main()


def _kept() -> object:
    (held,) = json.loads(Path("kept.json").read_text()).values()
    return {name: one["error"] for name, one in held.items()}


JOBS = [
    Job("download", lambda: command("data", "get", "openml:old"), _download,
        lambda: _stored("openml-1", "openml-2", "openml-3"), 40, r"home/downloads/.*\.part"),
    Job("convert", _damaged, _convert, lambda: _stored("openml-1", "noise"), 34),
    Job("model", lambda: _save("a"), lambda: _save("b"), lambda: decisions("model.sightline"), 34),
    Job("export", lambda: _export("a"), lambda: _export("b"), lambda: sha("model.onnx"), 20),
    Job("picture", lambda: _picture(4), lambda: _picture(3),
        lambda: [sha("picture.png"), sha("picture.json")], 20),
    Job("infinite", lambda: None, _infinite, _shards, 26, "made/(part-|manifest.json)"),
    Job("frontier", lambda: _frontier("symmetry"), lambda: _frontier("symmetry", "pixels", "minmax"), _kept, 8,
        script=True),
    Job("film", lambda: _film("dark"), lambda: _film("light"), lambda: [sha("film.mp4"), sha("film.vtt")], 11),
    Job("learn", lambda: _learn(1), lambda: _learn(0), _learned, 4),
    Job("story", lambda: _story(1), lambda: _story(0), _told, 3),
]  # fmt: skip


def complete(path: Path) -> bool:
    """Tell whether a file can be read to its end by whoever reads such files."""
    try:
        _read(path)
    except Exception:  # noqa: BLE001 — whatever a reader says of a half-written file
        return False
    return True


def _read(path: Path) -> object:
    """Read a file as its name says."""
    end = path.suffix
    if end == ".png":
        from PIL import Image

        with Image.open(path) as picture:
            return picture.load()
    if end == ".svg":
        from xml.etree import ElementTree

        return ElementTree.parse(path)
    if end == ".json":
        return json.loads(path.read_text())
    if end == ".npy":
        import numpy as np

        return np.load(path, allow_pickle=False)
    if end == ".sightline":
        return decisions(path)
    if end == ".onnx":
        import onnx

        onnx.checker.check_model(str(path))
        return True
    if end == ".mp4":
        import av

        with av.open(str(path)) as film:
            return film.streams.video[0].frames == sum(1 for _ in film.decode(video=0)) or 1 / 0
    text = path.read_text()
    return text.rstrip().endswith({".html": "</html>"}.get(end, "")) or 1 / 0
