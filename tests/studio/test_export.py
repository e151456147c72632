"""A copy without Python holds what a live server answers, byte for byte."""

import json

import numpy as np
import pytest

from sightline.errors import StorageError, UsageError
from sightline.studio.export import export, sampled
from sightline.studio.packet import unpacked
from sightline.studio.setups import defaults

from .conftest import opened


@pytest.fixture(scope="module")
def copy(digits, page, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy") / "site"
    size = export(digits, folder, page=page)
    assert size == sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
    return folder


def test_the_page_comes_along_and_finds_that_it_is_static(copy, page):
    assert (copy / "index.html").read_bytes() == (page / "index.html").read_bytes()
    assert (copy / "assets" / "app-1a2b.js").is_file()
    assert not (copy / "assets" / "link.txt").exists()
    manifest = json.loads((copy / "data" / "manifest.json").read_text())
    assert manifest["static"] is True
    assert len(manifest["stages"]) == 100


def test_data_are_what_a_live_server_answers(copy, digits):
    with opened(digits) as live:
        files = [one for one in (copy / "data").rglob("*.bin") if "sessions" not in one.parts]
        assert len(files) > 100
        for file in files:
            path = file.relative_to(copy / "data").with_suffix("").as_posix()
            assert live.client.get(f"/api/{path}").content == file.read_bytes(), path
        blocks = [one for one in files if one.parent.name == "images"]
        assert sum(one.stat().st_size for one in blocks) == digits.images.size
        hello = json.loads((copy / "data" / "hello.json").read_text())
        said = live.client.get("/api/hello").json()
        assert {**hello, "static": False} == said


def test_the_model_is_what_a_live_server_answers(copy, digits):
    with opened(digits) as live:
        address, folder = live.session(), copy / "data" / "sessions" / "static"
        for name in ("model", "predictions", "evaluation", "suspects", "weights/3"):
            value, arrays = unpacked((folder / f"{name}.bin").read_bytes())
            live_value, live_arrays = live.packet(f"{address}/{name}")
            assert value == live_value, name
            for key, array in arrays.items():
                np.testing.assert_array_equal(array, live_arrays[key], err_msg=f"{name} {key}")
        state = json.loads((copy / "data" / "sessions" / "static.json").read_text())
        known = live.state(address)
        assert state["session"] == "static"
        assert {**state["model"], "seconds": 0} == {**known["model"], "seconds": 0}
        passes = json.loads((folder / "passes.json").read_text())["passes"]
        assert len(passes) == len(list((folder / "weights").iterdir()))
        assert [one["objective"] for one in passes] == [
            one["objective"] for one in live.client.get(f"{address}/passes").json()["passes"]
        ]


def test_the_page_can_predict_by_itself(copy, digits):
    value, arrays = unpacked((copy / "data" / "sessions" / "static" / "model.bin").read_bytes())
    assert value["exact"]
    z = digits.test.X @ arrays["weights"].T + arrays["bias"]
    assert (z.argmax(axis=1) == digits.test.labels).mean() > 0.94


def test_of_many_images_a_sample_goes_along_and_the_model_learned_from_all(many, page, tmp_path):
    export(many, tmp_path / "site", page=page, most=300)
    hello = json.loads((tmp_path / "site" / "data" / "hello.json").read_text())
    assert hello["dataset"]["n"] == 300
    assert hello["dataset"]["n_train"] == 150
    assert any("300 of 6,000" in note for note in hello["dataset"]["notes"])
    counts = [one["train"] for one in hello["dataset"]["classes"]]
    assert max(counts) - min(counts) <= 5
    from sightline.features import make_recipe

    own = make_recipe("pixels", shape=many.shape).fit(many.train.X, many.train.y)
    _, arrays = unpacked((tmp_path / "site" / "data" / "sessions" / "static" / "model.bin").read_bytes())
    np.testing.assert_allclose(arrays["weights"] * 255, own[-1].coef_, atol=1e-3)


def test_a_sample_keeps_training_and_test_apart(many):
    small = sampled(many, 100)
    assert len(small) == 100
    of_test = many.rows[many.n_train :]
    assert np.isin(small.rows[small.n_train :], of_test).all()
    assert not np.isin(small.rows[: small.n_train], of_test).any()
    assert sampled(many, 10_000) is many


def test_an_earlier_copy_is_replaced_and_nothing_else_is_touched(digits, many, page, tmp_path):
    site = tmp_path / "site"
    export(many, site, page=page, most=600)
    before = set((site / "data").rglob("*"))
    export(digits, site, page=page, most=100)
    after = set((site / "data").rglob("*"))
    assert json.loads((site / "data" / "hello.json").read_text())["dataset"]["name"] == "digits"
    assert before - after, "files of the earlier copy are gone"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("do not lose me")
    with pytest.raises(UsageError, match="holds something else"):
        export(digits, other, page=page)
    assert (other / "thesis.txt").read_text() == "do not lose me"


def test_what_cannot_be_exported_is_said_before_anything_is_written(digits, page, tmp_path):
    from sightline.features.recipes import find_recipe
    from sightline.studio.library import Library

    setup = defaults(find_recipe("pca-poly"), Library(digits))
    with pytest.raises(UsageError, match="without Python"):
        export(digits, tmp_path / "site", setup=setup, page=page)
    with pytest.raises(StorageError, match="not built"):
        export(digits, tmp_path / "site", page=tmp_path)
    assert not (tmp_path / "site").exists()
