"""What the server answers is what the package computes."""

import io

import numpy as np
import pytest

from sightline.evaluation import evaluate
from sightline.explanation import explain
from sightline.exploration import explore
from sightline.store import load_model
from sightline.studio.packet import unpacked

from .conftest import opened


def test_hello_says_what_is_there(studio, digits):
    hello = studio.client.get("/api/hello").json()
    assert hello["dataset"]["n"] == 1797
    assert [one["name"] for one in hello["dataset"]["classes"]] == list("0123456789")
    assert sum(one["test"] for one in hello["dataset"]["classes"]) == 360
    assert hello["framing"]["ink"]
    assert hello["static"] is False
    assert studio.client.get("/data/manifest.json").json()["static"] is False


def test_blocks_are_the_images(studio, digits):
    size = studio.client.get("/api/hello").json()["dataset"]["image_block"]
    blocks = [studio.client.get(f"/api/images/{b}") for b in range(-(-1797 // size))]
    assert b"".join(one.content for one in blocks) == digits.images.tobytes()
    assert blocks[0].content == studio.client.get("/api/thumbs/0").content
    assert studio.client.get(f"/api/images/{len(blocks)}").status_code == 404


def test_what_has_not_changed_is_not_sent_again(studio):
    first = studio.client.get("/api/columns")
    again = studio.client.get("/api/columns", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert not again.content
    assert studio.client.get("/api/pca").headers["etag"] != first.headers["etag"]


def test_large_images_have_small_thumbnails():
    rng = np.random.default_rng(0)
    from sightline.dataset import Dataset

    images = rng.integers(0, 256, (30, 80, 48, 3), dtype=np.uint8)
    data = Dataset(images, np.arange(30) % 2, ("a", "b"), name="large").split(seed=0)
    with opened(data) as studio:
        summary = studio.client.get("/api/hello").json()["dataset"]
        assert (summary["thumb_height"], summary["thumb_width"]) == (32, 19)
        thumbs = studio.client.get("/api/thumbs/0").content
        found = np.frombuffer(thumbs, np.uint8).reshape(30, 32, 19, 3)
        np.testing.assert_allclose(found.mean(axis=(1, 2)), data.images.mean(axis=(1, 2)), atol=1.5)


def test_columns_and_exploration_are_those_of_the_package(studio, digits):
    _, columns = studio.packet("/api/columns")
    np.testing.assert_array_equal(columns["label"], digits.labels)
    np.testing.assert_allclose(columns["ink"], digits.X.mean(axis=1) / 255, rtol=1e-5)
    value, arrays = studio.packet("/api/exploration")
    found = explore(digits)
    assert value["rank"] == [found.rank[0.9], found.rank[0.95], found.rank[0.99]]
    np.testing.assert_allclose(arrays["class_mean"], found.class_mean, rtol=1e-5)
    np.testing.assert_array_equal(arrays["constant"], found.constant)


def test_components_restore_an_image(studio, digits):
    value, pca = studio.packet("/api/pca")
    stage, arrays = studio.packet("/api/stages/5")
    assert stage["label"] == digits.labels[5]
    restored = pca["mean"] + arrays["coordinates"] @ pca["components"]
    assert value["n_components"] == 64
    np.testing.assert_allclose(restored.reshape(8, 8), arrays["scaled"], atol=1e-4)
    _, scatter = studio.packet("/api/scatter")
    np.testing.assert_allclose(scatter["scatter"][2:, 5], arrays["coordinates"][:10], atol=1e-4)
    _, same = studio.packet("/api/stages", digits.images[5].tobytes())
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, same[name])


def test_predictions_evaluation_and_confusion_agree(studio, digits):
    address = studio.session()
    model = load_model_of(studio, address)
    value, arrays = studio.packet(f"{address}/evaluation")
    found = evaluate(model, digits)
    np.testing.assert_array_equal(arrays["confusion"], found.confusion)
    assert value["accuracy"]["value"] == pytest.approx(found.accuracy.value)
    assert value["log_loss"]["value"] == pytest.approx(found.log_loss.value, rel=1e-4)
    np.testing.assert_array_equal(arrays["errors"] - digits.n_train, found.errors)
    for k, one in enumerate(value["by_class"]):
        part = slice(one["start"], one["start"] + one["count"])
        assert np.isposinf(arrays["threshold"][part][0])
        assert one["precision"]["low"] <= found.precision[k] <= one["precision"]["high"]
        assert one["f1"]["value"] == pytest.approx(found.f1[k])
    _, all_rows = studio.packet(f"{address}/predictions")
    np.testing.assert_array_equal(all_rows["predicted"][digits.n_train :], found.predicted)
    p = model.predict_proba(digits.images)
    np.testing.assert_allclose(all_rows["truth"], p[np.arange(1797), digits.labels], atol=1e-5)
    _, doubted = studio.packet(f"{address}/suspects")
    assert (doubted["rows"] < digits.n_train).all()
    assert (doubted["label"] != doubted["predicted"]).all()


def load_model_of(studio, address):
    import tempfile
    from pathlib import Path

    answer = studio.client.get(f"{address}/file")
    assert "model.sightline" in answer.headers["content-disposition"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.sightline")
        path.write_bytes(answer.content)
        return load_model(path)


@pytest.mark.parametrize("recipe", ["pixels", "pca-poly"])
def test_a_page_and_the_server_decide_alike(studio, digits, recipe):
    address = studio.session()
    studio.trained(address, recipe)
    images = digits.test.images[:7]
    _, answer = studio.packet(f"{address}/predict", images.tobytes())
    model = load_model_of(studio, address)
    np.testing.assert_allclose(answer["probability"], model.predict_proba(images), atol=1e-5)
    value, weights = studio.packet(f"{address}/model")
    assert value["exact"] is (recipe == "pixels")
    if value["exact"]:
        z = images.reshape(7, -1) @ weights["weights"].T + weights["bias"]
        np.testing.assert_allclose(z, answer["z"], atol=1e-4)
    _, after = studio.packet(f"{address}/weights/last")
    np.testing.assert_allclose(after["weights"], weights["weights"], atol=1e-5)
    _, first = studio.packet(f"{address}/weights/0")
    assert not first["weights"].any()


@pytest.mark.parametrize("recipe", ["pixels", "deskew-pca-poly"])
def test_an_explanation_is_that_of_the_package(studio, digits, recipe):
    address = studio.session()
    studio.trained(address, recipe)
    row = digits.n_train + 3
    value, arrays = studio.packet(f"{address}/explain/{row}")
    found = explain(load_model_of(studio, address), digits.images[row], train=digits)
    assert value["predicted"] == found.predicted
    assert value["label"] == digits.labels[row]
    np.testing.assert_allclose(arrays["contributions"], found.contributions, atol=1e-3)
    total = arrays["contributions"].sum(axis=(1, 2)) + value["bias"]
    np.testing.assert_allclose(total, value["z"], atol=1e-3)
    assert [one["row"] for one in value["neighbours"]] == found.neighbours.rows.tolist()
    assert value["change"]["target"] == found.smallest_change.target
    same, _ = studio.packet(f"{address}/explain", digits.images[row].tobytes())
    assert same["z"] == value["z"]
    assert same["label"] is None
    bare, less = studio.packet(f"{address}/explain/{row}?change=0&neighbours=0")
    assert bare["change"] is None
    assert "changed" not in less
    assert bare["neighbours"] == []


def test_a_training_image_is_no_neighbour_of_its_own(studio):
    address = studio.session()
    value, _ = studio.packet(f"{address}/explain/4?neighbours=3")
    assert len(value["neighbours"]) == 3
    assert 4 not in [one["row"] for one in value["neighbours"]]


def test_class_numbers_are_those_of_the_data_whatever_classes_are_kept(studio, digits):
    address = studio.session()
    studio.trained(address, classes=["3", "8"])
    value, arrays = studio.packet(f"{address}/predictions")
    assert value["classes"] == [3, 8]
    assert set(np.unique(arrays["predicted"])) == {3, 8}
    of_others = ~np.isin(digits.labels, [3, 8])
    assert not arrays["truth"][of_others].any()
    _, judged = studio.packet(f"{address}/evaluation")
    assert set(digits.labels[judged["rows"]]) == {3, 8}
    eight = int(np.flatnonzero(digits.labels == 8)[0])
    said, _ = studio.packet(f"{address}/explain/{eight}")
    assert said["classes"] == [3, 8]
    assert {said["predicted"], said["runner_up"]} == {3, 8}
    five = int(np.flatnonzero(digits.labels == 5)[0])
    said, _ = studio.packet(f"{address}/explain/{five}")
    assert said["label"] == 5


def test_two_recipes_are_compared_image_by_image(studio, digits):
    address = studio.session()
    studio.trained(address, "pca-poly")
    models = studio.state(address)["models"]
    assert [one["setup"]["recipe"] for one in models] == ["pca-poly", "pixels"]
    a, b = (one["id"] for one in models)
    value, arrays = studio.packet(f"{address}/compare/{a}/{b}")
    right_a, right_b = arrays["a"] == arrays["label"], arrays["b"] == arrays["label"]
    assert value["only_a"] == (right_a & ~right_b).sum()
    assert value["difference"]["value"] == pytest.approx(right_a.mean() - right_b.mean())
    chosen = studio.client.post(f"{address}/model/{b}").json()
    assert chosen["model"]["setup"]["recipe"] == "pixels"
    assert studio.client.post(f"{address}/model/999").status_code == 422
    studio.trained(address, classes=["3", "8"])
    newest = studio.state(address)["models"][0]["id"]
    refused = studio.client.get(f"{address}/compare/{newest}/{b}")
    assert refused.status_code == 422
    assert "different classes" in refused.json()["error"]


def test_a_photo_of_ink_on_paper_is_read_as_the_digit_that_it_is(studio, digits):
    from PIL import Image

    address = studio.session()
    right = 0
    rows = [int(np.flatnonzero(digits.test.labels == k)[1]) for k in range(10)]
    for row in rows:
        ink = np.kron(digits.test.images[row], np.ones((20, 20)))
        paper = np.linspace(180, 245, 260)[None, :] * np.ones((300, 1))
        paper[60:220, 50:210] -= ink * 0.5
        file = io.BytesIO()
        Image.fromarray(paper.astype(np.uint8)).save(file, "PNG")
        value, arrays = studio.packet("/api/uploads", file.getvalue())
        assert any("negative" in note for note in value["notes"])
        assert arrays["pad"].shape == (280, 243)
        _, answer = studio.packet(f"{address}/predict", arrays["image"].tobytes())
        right += int(answer["probability"][0].argmax() == digits.test.labels[row])
    assert right >= 8


def test_a_photo_for_a_model_of_photos_is_fitted(two_colours):
    from PIL import Image

    with opened(two_colours) as studio:
        file = io.BytesIO()
        Image.fromarray(np.full((40, 90, 3), (200, 30, 60), np.uint8)).save(file, "JPEG")
        _, arrays = studio.packet("/api/uploads", file.getvalue())
        assert arrays["image"].shape == two_colours.shape


def test_every_error_is_a_problem(studio):
    address = studio.session()
    for method, path, status, code in (
        ("GET", "/api/nothing", 404, "missing"),
        ("GET", "/nothing.js", 404, "missing"),
        ("GET", "/api/images/x", 422, "usage"),
        ("GET", "/api/stages/99999", 404, "missing"),
        ("GET", "/api/stages/-1", 404, "missing"),
        ("GET", "/api/sessions/stranger", 404, "gone"),
        ("GET", f"{address}/weights/x", 422, "usage"),
        ("GET", f"{address}/explain/99999", 404, "missing"),
        ("GET", f"{address}/explain/0?neighbours=9999", 422, "usage"),
        ("DELETE", "/api/hello", 405, "usage"),
    ):
        answer = studio.client.request(method, path)
        assert answer.status_code == status, path
        assert answer.json()["code"] == code, path
        assert answer.json()["error"]


def test_packets_are_packets(studio):
    for path in ("columns", "exploration", "scatter", "pca", "stages/0"):
        answer = studio.client.get(f"/api/{path}")
        assert answer.headers["content-type"] == "application/octet-stream"
        unpacked(answer.content)
