from pathlib import Path

import pytest

from sightline.studio.typescript import declarations

WIRE = Path(__file__).parents[2] / "web" / "src" / "wire.ts"


def test_the_page_has_the_records_as_they_are():
    if not WIRE.is_file():
        pytest.skip("web/ is not part of this copy of the sources")
    assert WIRE.read_text(encoding="utf-8") == declarations(), (
        "web/src/wire.ts is stale: python -m sightline.studio.typescript web/src/wire.ts"
    )


def test_optional_numbers_and_unions_are_written_as_typescript_means_them():
    text = declarations()
    assert "readonly n_components: number | null;" in text
    assert 'readonly method: "solver" | "descent";' in text
    assert "readonly weights: readonly (readonly [number, number])[];" in text
    assert "export type Event = PassEvent | SessionState;" in text
