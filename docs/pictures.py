"""Draw the pictures of README and docs from a real run.

    python docs/pictures.py [DATA] [--out DIR]

Three figures in light and dark, and the top of the report as a browser shows it, where Chromium is installed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from sightline import figures
from sightline.publish import write_run
from sightline.story import Config, run

BROWSER = [
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,1500",
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    story = run(Config(data=chosen.data, command=f"sightline learn {Path(chosen.data).name}"))
    wrong = next((one for one in story.explanations if one.label != one.predicted), story.explanations[0])
    for theme in ("light", "dark"):
        for name, figure in (
            ("stages", figures.stages(story.stages, theme=theme)),
            ("ladder", figures.ladder(story, theme=theme)),
            ("explanation", figures.explanation(wrong, theme=theme)),
        ):
            figures.save(figure, chosen.out / f"{name}-{theme}.png")
    with tempfile.TemporaryDirectory() as folder:
        page = write_run(story, Path(folder) / "run")
        browser = next(
            (found for found in map(shutil.which, ("chromium", "chromium-browser")) if found), None
        )
        if browser is not None:
            shot = [
                f"--screenshot={chosen.out / 'report.png'}",
                f"--user-data-dir={folder}/browser",
                page.as_uri(),
            ]
            subprocess.run([browser, *BROWSER, *shot], check=True, capture_output=True, timeout=120)
    print(*sorted(str(one) for one in chosen.out.glob("*.png")), sep="\n")


if __name__ == "__main__":
    main()
