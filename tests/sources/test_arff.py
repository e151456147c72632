"""ARFF: what another reader reads, ours reads alike; what is damaged is one clear message."""

import gzip
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import arff as other

from sightline.errors import DataError
from sightline.sources.arff import read_arff

SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
WORDS = st.text("abcXYZ019 ,%{}é-_'\"\\", min_size=1, max_size=8).filter(lambda w: w == w.strip() != "?")


def quoted(word, mark):
    return mark + word.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


@SAME_FOLDER
@given(
    rows=st.lists(st.tuples(st.integers(0, 255), st.floats(0, 1, width=32), WORDS), min_size=1, max_size=9),
    names=st.lists(WORDS, min_size=3, max_size=3, unique=True),
    mark=st.sampled_from("'\""),
    packed=st.booleans(),
)
def test_what_is_written_is_read(tmp_path, rows, names, mark, packed):
    kinds = ("INTEGER", "real", "string")
    lines = ["% made for a test", "@RELATION words", ""]
    lines += [f"@attribute {quoted(name, mark)} {kind}" for name, kind in zip(names, kinds, strict=True)]
    lines += ["@DATA", *(f"{a},{b!r},{quoted(word, mark)}" for a, b, word in rows)]
    body = ("\n".join(lines) + "\n").encode()
    (tmp_path / "words.arff").write_bytes(gzip.compress(body) if packed else body)
    table = read_arff(tmp_path / "words.arff")
    assert table.column_names == names
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


def test_what_scipy_reads_is_read_alike(tmp_path):
    text = (
        "@relation flowers\n\n@ATTRIBUTE length NUMERIC\n@attribute 'petal width'\tReal\n"
        "@attribute kind {setosa, virginica}\n\n@data\n"
        "5.1,\t0.2,setosa\n% in between\n 4.9, 0.25 ,virginica\r\n1e2,-3,setosa\n"
    )
    (tmp_path / "flowers.arff").write_text(text)
    expected, meta = other.loadarff(io.StringIO(text))
    table = read_arff(tmp_path / "flowers.arff")
    assert table.column_names == meta.names()
    for name in ("length", "petal width"):
        np.testing.assert_array_equal(np.asarray(table.column(name)), expected[name])
    assert table.column("kind").to_pylist() == [kind.decode() for kind in expected["kind"]]


def test_blanks_around_a_word_do_not_belong_to_it(tmp_path):
    (tmp_path / "a.arff").write_text(
        "@relation a\n@attribute p real\n@attribute q {x, y}\n@data\n1, x \n2,\t'y, z'\n"
    )
    assert read_arff(tmp_path / "a.arff").column("q").to_pylist() == ["x", "y, z"]


def test_a_question_mark_is_a_gap_unless_it_is_quoted(tmp_path):
    (tmp_path / "a.arff").write_text(
        "@relation a\n@attribute p real\n@attribute q string\n@data\n?,'?'\n1,?\n"
    )
    assert read_arff(tmp_path / "a.arff").to_pylist() == [{"p": None, "q": "?"}, {"p": 1.0, "q": None}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no @data"),
        ("hello\n", "no @data"),
        ("@relation a\n@attribute p real\n", "no @data"),
        ("@relation a\n@data\n1\n", "declares 0 attributes"),
        (
            "@relation a\n@attribute p real\n@attribute p real\n@data\n1,2\n",
            "2 attributes, 1 of them distinct",
        ),
        ("@relation a\n@attribute p\n@data\n1\n", "cannot be read: @attribute p"),
        ("@relation a\n@attribute p real\n@data\n", "no rows"),
        ("@relation a\n@attribute p real\n@data\n% nothing\n\n", "no rows"),
        ("@relation a\n@attribute p real\n@data\n{0 1}\n", "sparse"),
        ("@relation a\n@attribute p real\n@data\n1,2\n", "do not fit"),
        ("@relation a\n@attribute p real\n@data\nred\n", "do not fit"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, says):
    (tmp_path / "a.arff").write_text(text)
    with pytest.raises(DataError, match=says) as caught:
        read_arff(tmp_path / "a.arff")
    assert str(tmp_path / "a.arff") in caught.value.what


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_arff(tmp_path / "nowhere.arff")
    with pytest.raises(DataError, match="cannot be read"):
        read_arff(tmp_path)
    whole = gzip.compress(b"@relation a\n@attribute p real\n@data\n" + b"1\n" * 5000)
    for keep in (3, 30, len(whole) - 4):
        (tmp_path / "a.arff").write_bytes(whole[:keep])
        with pytest.raises(DataError, match="cannot be read"):
            read_arff(tmp_path / "a.arff")
    (tmp_path / "a.arff").write_bytes(whole[:-8] + b"\0" * 8)
    with pytest.raises(DataError, match="cannot be read"):
        read_arff(tmp_path / "a.arff")


@SAME_FOLDER
@given(position=st.integers(0, 200), value=st.integers(0, 255))
def test_a_changed_byte_never_crashes(tmp_path, position, value):
    raw = bytearray(
        b"@relation a\n@attribute 'p q' real\n@attribute c {x,'y z'}\n@data\n1,x\n2.5,'y z'\n?,x\n"
    )
    raw[position % len(raw)] = value
    (tmp_path / "a.arff").write_bytes(bytes(raw))
    try:
        table = read_arff(tmp_path / "a.arff")
    except DataError:
        return
    assert table.num_rows >= 1
