"""CSV, TSV, Parquet and ARFF: pixel columns and a label, wherever it stands."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from sightline.errors import DataError, UsageError
from sightline.sources import load


@pytest.fixture
def frame(rng):
    pixels = rng.integers(0, 256, (12, 9))
    pixels[:, [0, -1]] = 0
    made = pd.DataFrame(pixels, columns=[f"pixel{i}" for i in range(9)])
    made.insert(0, "label", [f"{k % 3}" for k in range(12)])
    return made


def check(found, frame, classes=("0", "1", "2")):
    pixels = frame[[f"pixel{i}" for i in range(9)]].to_numpy()
    np.testing.assert_array_equal(found.X, pixels)
    assert found.classes == classes
    assert [found.classes[k] for k in found.labels] == frame["label"].tolist()


@pytest.mark.parametrize(("suffix", "mark"), [("csv", ","), ("tsv", "\t"), ("csv", ";"), ("txt", ",")])
def test_separated_values(tmp_path, frame, suffix, mark):
    frame.to_csv(tmp_path / f"set.{suffix}", sep=mark, index=False)
    check(load(tmp_path / f"set.{suffix}", split="none"), frame)


def test_gzipped_whatever_its_name(tmp_path, frame):
    (tmp_path / "set.csv").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    check(load(tmp_path / "set.csv", split="none"), frame)


@pytest.mark.parametrize("name", ["Class", "target", "y", "what"])
def test_the_label_column_is_found_by_name_or_by_being_no_pixel(tmp_path, frame, name):
    moved = frame.rename(columns={"label": name})[[*frame.columns[1:5], name, *frame.columns[5:]]]
    moved.to_csv(tmp_path / "set.csv", index=True)  # the row numbers are no pixels either
    check(load(tmp_path / "set.csv", split="none"), frame)


def test_the_label_column_is_found_by_being_text(tmp_path, frame):
    named = frame.assign(label=["cat", "dog", "emu"] * 4)
    named.columns = [f"c{i}" for i in range(10)]
    named.to_csv(tmp_path / "set.csv", index=False)
    assert load(tmp_path / "set.csv", split="none").classes == ("cat", "dog", "emu")


def test_the_label_column_can_be_named(tmp_path, frame):
    frame.rename(columns={"label": "pixel99"}).to_csv(tmp_path / "set.csv", index=False)
    check(load(tmp_path / "set.csv", label="pixel99", split="none"), frame)
    with pytest.raises(UsageError, match="no column 'kind'"):
        load(tmp_path / "set.csv", label="kind")


@pytest.mark.parametrize("last", [True, False])
def test_without_a_header_the_labels_stand_last_or_first(tmp_path, frame, last):
    columns = [*frame.columns[1:], "label"] if last else list(frame.columns)
    frame[columns].to_csv(tmp_path / "set.csv", index=False, header=False)
    check(load(tmp_path / "set.csv", split="none"), frame)


def test_parquet_with_reals_of_zero_to_one(tmp_path, frame):
    pixels = frame.columns[1:]
    scaled = frame.assign(**{p: frame[p] / 255.0 for p in pixels})
    scaled.to_parquet(tmp_path / "set.parquet")
    check(load(tmp_path / "set.parquet", split="none"), frame)


def arff(frame, name="a 'set'"):
    lines = ["% a remark", f'@RELATION "{name}"', ""]
    lines += [f"@ATTRIBUTE '{c}' REAL" for c in frame.columns[1:]] + ["@attribute label {0, 1, 2}", "@DATA"]
    rows = frame[[*frame.columns[1:], "label"]].astype(str).agg(",".join, axis=1)
    return "\n".join([*lines, "% and another", *rows]) + "\n"


def test_arff(tmp_path, frame):
    (tmp_path / "set.arff").write_text(arff(frame))
    check(load(tmp_path / "set.arff", split="none"), frame)
    (tmp_path / "set.txt").write_bytes(gzip.compress(arff(frame).encode()))
    check(load(tmp_path / "set.txt", split="none"), frame)


def test_arff_with_quoted_classes(tmp_path, frame):
    text = arff(frame).replace(",0\n", ",'cat, wild'\n").replace("{0, 1, 2}", "{'cat, wild', 1, 2}")
    (tmp_path / "set.arff").write_text(text)
    assert load(tmp_path / "set.arff", split="none").classes == ("1", "2", "cat, wild")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("@DATA", "@DAT"), "no @data"),
        (lambda t: t.split("@DATA")[0] + "@DATA\n", "no rows"),
        (lambda t: t.split("@DATA")[0] + "@DATA\n{0 1, 3 7}\n", "sparse"),
        (lambda t: t.replace("'pixel1'", "'pixel2'"), "8 of them|9 of them|distinct"),
        (lambda t: t.replace("@ATTRIBUTE 'pixel1' REAL", "@ATTRIBUTE pixel1"), "cannot be read"),
        (lambda t: t + "1,2,3\n", "do not fit"),
        (lambda t: t + "a,0,0,0,0,0,0,0,0,1\n", "do not fit"),
        (lambda t: t + "?,0,0,0,0,0,0,0,0,1\n", "gaps"),
    ],
)
def test_damaged_arff(tmp_path, frame, change, says):
    (tmp_path / "set.arff").write_text(change(arff(frame)))
    with pytest.raises(DataError, match=says):
        load(tmp_path / "set.arff")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("label,p0,p1,p2,p3\n1,0,0,0\n", "cannot be read as a table"),
        ("label,p0,p1,p2,p3\n1,0,,0,0\n0,1,1,1,1\n", "no number in 1 of 2 rows, the first row 1"),
        ("label,p0,p1,p2,p3\n1,0,x,0,0\n0,1,1,1,1\n", "column 'p1' .* not numbers"),
        ("label,p0,p1,p2,p3\n1,0,256,0,0\n0,1,1,1,1\n", "column 'p1' .* to 256"),
        ("label,p0,p1,p2,p3\n1,0,-1.5,0,0\n0,1,1,1,1\n", "-1.5"),
        ("label,p0,p1,p2,p3\n1,0,nan,0,0\n0,1,1,1,1\n", "NaN|gaps"),
        ("label,p0,p1,p2,p3\n,0,0,0,0\n0,1,1,1,1\n", "no label in 1 of 2 rows"),
        ("label,p0,p1,p2,p3,p4\n1,0,0,0,0,0\n0,1,1,1,1,1\n", "5 pixel columns"),
        ("label,p0,p0,p2,p3\n1,0,0,0,0\n", "two columns named 'p0'"),
        ("label,p0,p1,p2,p3\n", "no rows"),
        ("label,id\n1,0\n", "no pixel columns"),
        ("a,id\n1,0\n", "1 columns besides row numbers"),
        ("hello\nworld\n", "not a table"),
        ("", "is empty"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, rows, says):
    (tmp_path / "set.csv").write_text(rows)
    with pytest.raises(DataError, match=says):
        load(tmp_path / "set.csv")


def test_truth_values_are_black_and_white(tmp_path):
    frame = pd.DataFrame({"label": [0, 1], "p0": [True, False], "p1": [False, True], "p2": True, "p3": False})
    frame.to_parquet(tmp_path / "set.parquet")
    found = load(tmp_path / "set.parquet", split="none")
    np.testing.assert_array_equal(found.X, [[255, 0, 255, 0], [0, 255, 255, 0]])


def test_labels_of_bytes(tmp_path, frame):
    frame.assign(label=[f"é{k % 3}".encode() for k in range(12)]).to_parquet(tmp_path / "set.parquet")
    assert load(tmp_path / "set.parquet", split="none").classes == ("é0", "é1", "é2")
    text = frame.assign(label=["é", "b", "c"] * 4).to_csv(index=False)
    (tmp_path / "set.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"labels in column 'label' of .* are not UTF-8"):
        load(tmp_path / "set.csv")


@pytest.mark.parametrize("dictionary", [True, False])
def test_text_that_is_none(tmp_path, frame, dictionary):
    ends = np.arange(13, dtype=np.int32)
    text = pa.Array.from_buffers(pa.string(), 12, [None, pa.py_buffer(ends), pa.py_buffer(b"\x80bc" * 4)])
    table = pa.Table.from_pandas(frame.drop(columns="label")).append_column("label", text)
    parquet.write_table(table, tmp_path / "set.parquet", use_dictionary=dictionary)
    with pytest.raises(DataError, match=r"labels in column 'label' of .* are (not UTF-8|damaged)"):
        load(tmp_path / "set.parquet")
    with pytest.raises(
        DataError, match=r"column 'label' of .* is string, not numbers \(first bytes that are no text"
    ):
        load(tmp_path / "set.parquet", label="pixel8")


def test_a_letter_that_a_block_cuts_in_two(tmp_path, frame):
    head, row = frame.to_csv(index=False).encode(), b",0,0,0,0,0,0,0,0,0\n"
    many = b"b" + row
    head += many * (((1 << 20) - len(head)) // len(many) - 1)
    head += b"c" * ((1 << 20) - 1 - len(head) - len(row)) + row
    assert len(head) == (1 << 20) - 1
    (tmp_path / "set.csv").write_bytes(head + "é".encode() + row)
    assert load(tmp_path / "set.csv", split="none").classes[-1] == "é"


def test_a_mark_of_byte_order_is_no_part_of_the_first_name(tmp_path, frame):
    (tmp_path / "set.csv").write_bytes(frame.to_csv(index=False).encode("utf-8-sig"))
    check(load(tmp_path / "set.csv", split="none"), frame)


def test_shape_of_a_table(tmp_path, frame):
    frame.drop(columns="pixel8").to_csv(tmp_path / "set.csv", index=False)
    assert load(tmp_path / "set.csv", shape=(2, 4)).shape == (2, 4)


def test_files_that_are_not_what_they_seem(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x01,\x80\n")
    with pytest.raises(DataError, match="not UTF-8"):
        load(tmp_path / "a.csv")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataError, match="not a readable Parquet"):
        load(tmp_path / "a.parquet")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"label,p0\n" * 99)[:-20])
    with pytest.raises(DataError, match="damaged or truncated gzip"):
        load(tmp_path / "b.csv.gz")
    (tmp_path / "c.csv.gz").write_bytes(
        gzip.compress(b"label,p0,p1,p2,p3\n" + bytes(range(33, 127)) * 9999)[:-20]
    )
    with pytest.raises(DataError, match=r"c\.csv\.gz"):
        load(tmp_path / "c.csv.gz")
    rows = b"@relation a\n@attribute p real\n@data\n" + bytes(range(48, 58)) * 9999
    (tmp_path / "d.arff").write_bytes(gzip.compress(rows)[:-6])
    with pytest.raises(DataError, match=r"d\.arff cannot be read"):
        load(tmp_path / "d.arff")
