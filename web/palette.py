"""Writes web/src/palette.css from the palette of the figures, so that page and pictures look alike.

python web/palette.py
"""

from __future__ import annotations

from pathlib import Path

from sightline.figures.style import DARK, LIGHT, Theme

TARGET = Path(__file__).parent / "src" / "palette.css"
PLAIN = ("paper", "ink", "soft", "rule", "sunken", "favour", "against", "deep_favour", "deep_against")


def palette() -> str:
    """The style sheet: light, dark where the system is or the page is told so."""
    return "\n".join(
        [
            "/* Written by `python web/palette.py` from src/sightline/figures/style.py. Do not edit. */",
            "",
            _rule(":root", LIGHT),
            "@media (prefers-color-scheme: dark) {",
            _rule('  :root:not([data-theme="light"])', DARK, "  "),
            "}",
            "",
            _rule(':root[data-theme="dark"]', DARK),
        ]
    )


def _rule(selector: str, theme: Theme, indent: str = "") -> str:
    colours = {name.replace("_", "-"): getattr(theme, name) for name in PLAIN}
    colours |= {f"series-{i}": colour for i, colour in enumerate(theme.series)}
    lines = [f"{indent}  --{name}: {colour};" for name, colour in colours.items()]
    return "\n".join([f"{selector} {{", f"{indent}  color-scheme: {theme.name};", *lines, f"{indent}}}", ""])


if __name__ == "__main__":
    TARGET.write_text(palette(), encoding="utf-8")
