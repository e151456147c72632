"""Inputs led by coverage: atheris (libFuzzer) looks which lines an input reaches, and keeps what reaches more.

Only for readers of one file; two for those that take a pair, whose labels then stay as they are.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import subprocess
import sys
import tempfile
from pathlib import Path


def lead(name: str, inputs: int, seconds: float, keep: Path | None) -> int:
    """Read inputs of one reader until one fails or an end is reached, in a process of its own.

    Parameters
    ----------
    name : str
        The reader.
    inputs : int
        How many at most; 0 for no end.
    seconds : float
    keep : Path or None
        Folder for an input that failed, and for those that reached more (``corpus``).

    Returns
    -------
    int
        Exit status: 0 where nothing failed.
    """
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris (Linux, macOS)")
        return 2
    asked = [name, str(inputs), str(seconds), "" if keep is None else str(keep.absolute())]
    return subprocess.run([sys.executable, __file__, *asked], check=False).returncode


def here(name: str, inputs: int, seconds: float, keep: Path | None) -> None:
    """The same in this process, which libFuzzer ends. Sightline must not have been imported before."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["sightline"]):
        from hostile.pen import Pen
        from hostile.readers import CONTENTS, READERS, seeds_of

        for files in seeds_of(name):  # what is imported on the way is imported now
            with contextlib.suppress(Exception), tempfile.TemporaryDirectory() as folder:
                for one, content in files.items():
                    (Path(folder) / one).parent.mkdir(parents=True, exist_ok=True)
                    (Path(folder) / one).write_bytes(content)
                READERS[name].read(Path(folder))
    root = Path(tempfile.mkdtemp(prefix="sightline-guided-"))
    corpus = root / "corpus" if keep is None else keep / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    first = seeds_of(name)[0]
    changed = CONTENTS if CONTENTS in first else "labels" if "labels" in first else sorted(first)[0]
    for number, files in enumerate(seeds_of(name)):
        (corpus / f"seed-{number}").write_bytes(files.get(changed, b""))
    (root / "pen").mkdir()
    pen = Pen(root / "pen", limited=False)

    def read(data: bytes) -> None:
        outcome = pen.read(name, {**first, changed: data})
        if outcome.failed:
            raise RuntimeError(f"{name}: {outcome.kind}, {outcome.detail}")

    options = [
        "-max_len=8192",
        "-len_control=0",
        "-timeout=10",
        "-rss_limit_mb=3000",
        f"-runs={inputs or -1}",
    ]
    if math.isfinite(seconds):
        options.append(f"-max_total_time={math.ceil(seconds)}")
    if keep is not None:
        options.append(f"-artifact_prefix={keep}/")
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    here(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4] else None)
