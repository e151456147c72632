"""OpenML: a small one of our own on this machine, asked by name, version and number."""

import gzip
import hashlib
import io
import json
import socket

import numpy as np
import pandas as pd
import pytest

from sightline.errors import DataError, DownloadError, NotFoundError, StorageError, UsageError
from sightline.sources import load

LIST = "/api/v1/json/data/list/data_name"


def arff(frame):
    lines = ["@relation some", *(f"@attribute {c} REAL" for c in frame.columns[:-1])]
    lines += ["@attribute class {0,1,2}", "@data", *frame.astype(str).agg(",".join, axis=1)]
    return ("\n".join(lines) + "\n").encode()


def parquet(frame):
    packed = io.BytesIO()
    frame.to_parquet(packed, index=False)
    return packed.getvalue()


@pytest.fixture
def frame(rng):
    made = pd.DataFrame(rng.integers(0, 256, (24, 16)), columns=[f"pixel{i}" for i in range(1, 17)])
    return made.assign(**{"class": pd.Categorical([str(k % 3) for k in range(24)])})


@pytest.fixture
def openml(web, monkeypatch):
    """Put a table on the server as number 7, version 1 of 'some'; returns what it says of it."""
    monkeypatch.setenv("SIGHTLINE_OPENML", web.address)

    def serve(frame, *, kinds=("parquet", "arff"), status="active", number=7, version=1, **more):
        about = {"name": "some", "licence": "Public", "default_target_attribute": "class", "file_id": "99"}
        if "parquet" in kinds:
            about["parquet_url"] = f"{web.address}/{number}.pq"
            web.files[f"/{number}.pq"] = parquet(frame)
        if "arff" in kinds:
            about["url"] = f"{web.address}/{number}.arff"
            web.files[f"/{number}.arff"] = arff(frame)
            about["md5_checksum"] = hashlib.md5(web.files[f"/{number}.arff"]).hexdigest().upper()
        about |= more
        web.files[f"/api/v1/json/data/{number}"] = json.dumps({"data_set_description": about}).encode()
        entry = {"data": {"dataset": [{"did": number, "name": "some", "version": version}]}}
        web.files[f"{LIST}/some/data_version/{version}/status/{status}"] = json.dumps(entry).encode()
        listing = web.files.setdefault(f"{LIST}/some/status/{status}", b'{"data": {"dataset": []}}')
        known = json.loads(listing)["data"]["dataset"] + entry["data"]["dataset"]
        web.files[f"{LIST}/some/status/{status}"] = json.dumps({"data": {"dataset": known}}).encode()
        return about

    return serve


def check(found, frame):
    np.testing.assert_array_equal(found.X, frame.iloc[:, :-1].to_numpy())
    assert [found.classes[k] for k in found.labels] == frame["class"].tolist()


@pytest.mark.parametrize("kinds", [("parquet",), ("arff",), ("parquet", "arff")])
@pytest.mark.parametrize("what", ["some", "some@1", "7", "SOME@1", " 7 "])
def test_a_table_is_found_fetched_and_kept(web, openml, frame, kinds, what):
    openml(frame, kinds=kinds)
    if what == "SOME@1":
        web.files |= {path.replace("some", "SOME"): body for path, body in web.files.items()}
    found = load(f"openml:{what}", split="none")
    check(found, frame)
    assert (found.name, found.licence, found.source) == ("some", "Public", "https://www.openml.org/d/7")
    assert web.count("/7.arff") == (0 if "parquet" in kinds else 1)
    web.files.clear()
    asked = len(web.asked)
    assert load(f"OpenML:{what}", split="none").digest == found.digest
    assert len(web.asked) == asked


def test_without_a_version_the_oldest_active_one_is_meant(openml, frame):
    openml(frame, number=9, version=3)
    openml(frame.iloc[:12], number=8, version=2)
    openml(frame.iloc[:6], number=7, version=1, status="deactivated")
    assert len(load("openml:some", split="none")) == 12
    assert len(load("openml:some@3", split="none")) == 24
    assert len(load("openml:some@1", split="none")) == 6  # asked for by its version, it need not be active


def test_columns_that_are_no_pixels_are_left_out(openml, frame):
    wide = frame.assign(row=range(24), note="x")[["row", "note", *frame.columns]]
    openml(wide, kinds=("parquet",), row_id_attribute="row", ignore_attribute=["note"])
    check(load("openml:7", split="none"), frame)


def test_a_label_column_of_ones_own_and_a_shape(openml, frame):
    openml(frame.assign(other=["a", "b"] * 12), kinds=("parquet",), ignore_attribute="class")
    found = load("openml:7", label="other", shape=(2, 8), split="none")
    assert (found.classes, found.shape) == (("a", "b"), (2, 8))
    with pytest.raises(DataError, match="column 'other'"):
        load("openml:7", split="none")  # the two are kept apart


def test_where_the_parquet_file_fails_the_arff_file_is_read(web, openml, frame):
    openml(frame)
    web.files["/7.pq"] = b"PAR1 rubbish"
    check(load("openml:7", split="none"), frame)
    openml(frame, number=8)
    del web.files["/8.pq"]
    check(load("openml:8", split="none"), frame)
    openml(frame, number=9)
    del web.files["/9.arff"], web.files["/9.pq"]
    web.files["/data/v1/download/99"] = arff(frame)
    check(load("openml:9", split="none"), frame)


def test_a_packed_arff_file(web, openml, frame):
    packed = gzip.compress(arff(frame))
    openml(frame, kinds=("arff",), md5_checksum=hashlib.md5(packed).hexdigest())
    web.files["/7.arff"] = packed
    check(load("openml:7", split="none"), frame)


def test_a_file_with_another_digest_is_refused(web, openml, frame):
    openml(frame, kinds=("arff",), md5_checksum="0" * 32)
    with pytest.raises(DownloadError, match="digest md5:"):
        load("openml:7")
    openml(frame, number=8, md5_checksum="0" * 32)
    web.files["/8.pq"] = b"no"
    with pytest.raises(DownloadError, match=r"digest md5:.*; its Parquet file: .*readable"):
        load("openml:8")


@pytest.mark.parametrize("what", ["nothing", "nothing@2", "some@9"])
def test_a_name_that_is_not_there(openml, frame, what):
    openml(frame)
    with pytest.raises(NotFoundError, match=f"no data set '{what.split('@')[0]}'.* exact name"):
        load(f"openml:{what}")


def test_a_number_that_is_not_there(openml, frame):
    openml(frame)
    with pytest.raises(NotFoundError, match="no data set number 123456"):
        load("openml:123456")


@pytest.mark.parametrize("what", ["", " ", "@1", "a@b", "a@", "a@1@2"])
def test_a_request_that_is_not_understood(what):
    with pytest.raises(UsageError, match="not understood"):
        load(f"openml:{what}")


def test_a_set_without_a_class(openml, frame):
    openml(frame, default_target_attribute=None)
    with pytest.raises(DataError, match=r"names no class to learn\. Name its label column with label="):
        load("openml:7")
    with pytest.raises(UsageError, match="no column 'kind'"):
        load("openml:7", label="kind")


@pytest.mark.parametrize(
    "answer",
    [b'{"data": {"dataset": [{}]}}', b'{"data": {"dataset": [3]}}', b'{"data": {"dataset": [{"did": "x"}]}}'],
)
def test_a_listing_that_makes_no_sense(web, openml, frame, answer):
    openml(frame)
    web.files[f"{LIST}/some/status/active"] = answer
    with pytest.raises(DownloadError, match="without a number"):
        load("openml:some")


@pytest.mark.parametrize("answer", [b"[]", b'{"data_set_description": 3}', b"null"])
def test_a_description_that_makes_no_sense(web, openml, frame, answer):
    openml(frame)
    web.files["/api/v1/json/data/7"] = answer
    with pytest.raises(NotFoundError, match="number 7"):
        load("openml:7")


def test_an_answer_that_is_no_json(web, openml, frame):
    openml(frame)
    web.files["/api/v1/json/data/7"] = b"<html>"
    with pytest.raises(DownloadError, match="does not answer with JSON"):
        load("openml:7")


def test_without_a_network_what_was_loaded_is_there_and_the_rest_is_one_clear_message(
    openml, frame, monkeypatch
):
    openml(frame)
    load("openml:some")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SIGHTLINE_OPENML", f"http://127.0.0.1:{closed.getsockname()[1]}/")
        check(load("openml:some", split="none"), frame)
        for what in ("other", "8"):
            with pytest.raises(DownloadError, match=r"cannot reach .*offline"):
                load(f"openml:{what}")


def test_a_home_that_cannot_be_written(openml, frame, tmp_path, monkeypatch):
    openml(frame)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "file" / "home"))
    for what in ("some", "7"):
        with pytest.raises(StorageError, match="SIGHTLINE_HOME"):
            load(f"openml:{what}")
