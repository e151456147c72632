"""Files from anywhere: a right answer or one clear error; nothing runs, hangs, swells or is written.

The long version is `benchmarks/fuzz.py`; what it found is here by name.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import pickle
import resource
import struct
import sys
import threading
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # scripts, not a package: they find each other by their folder

from hostile import seeds  # noqa: E402
from hostile.formats import unzipped, zipped  # noqa: E402
from hostile.pool import Campaign  # noqa: E402
from hostile.readers import READERS, make_input  # noqa: E402
from sightline.errors import DataError, ModelError, SightlineError  # noqa: E402
from sightline.intake import bring  # noqa: E402
from sightline.model import Model  # noqa: E402
from sightline.sources import cache, load, unpacking  # noqa: E402
from sightline.sources.decode import AT_A_TIME, _Room, read_header, read_pixels  # noqa: E402
from sightline.sources.shards import open_shards  # noqa: E402
from sightline.store import load_model, save_model  # noqa: E402

GIGABYTE = 1 << 30
posix = pytest.mark.skipif(os.name == "nt", reason="links, pipes and such names are of POSIX")


@contextlib.contextmanager
def bounded(seconds=2.0, memory=GIGABYTE):
    """What is done within takes no longer (of the processor's time) and no more."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    yield
    took = time.process_time() - began
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert took < seconds, f"{took:.1f} s"
    assert more < memory, f"{more:,} bytes"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put(folder, files):
    for name, content in files.items():
        write(folder / name, content)
    return folder


def npy(descr, shape, body=b"", version=b"\1\0"):
    """An NPY file whose header says this, word for word."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode("latin-1")
    return (
        b"\x93NUMPY" + version + struct.pack("<H" if version[0] == 1 else "<I", len(header)) + header + body
    )


# -- mutated inputs of every reader ---------------------------------------------------------------------------


def test_changed_files_of_every_kind_are_read_rightly_or_refused():
    """Each in a process with a limit of memory and an alarm, in a fresh folder, what is written and run watched."""
    tallies = Campaign(dict.fromkeys(READERS, 16), seed=2, processes=1, seconds=600, keep=None).run()
    failures = [failure for tally in tallies.values() for failure in tally.failures]
    assert not failures, failures
    assert all(tally.inputs == 16 for tally in tallies.values()), "all were read"
    assert all(tally.right for tally in tallies.values()), "those that are unchanged are read"
    assert sum(tally.refused for tally in tallies.values()) > 60, "the others are not all harmless"


@pytest.mark.parametrize("name", ["idx", "npz", "png", "web"])
def test_an_input_depends_on_seed_and_number_alone(name):
    assert make_input(name, 3, 57) == make_input(name, 3, 57)
    assert make_input(name, 3, 57) != make_input(name, 3, 58)


HEADS = [b"", b"\0\0\x08\x03", b"\x93NUMPY\1\0", b"PK\x03\x04", b"\x1f\x8b\x08\0", b"PAR1",
         b"@relation a\n@attribute ",         b"label,pixel1,pixel2\n", b"1,2,3,4,5\n",
         b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a"]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=80), two=st.booleans())
def test_any_bytes_are_a_data_set_or_one_clear_error(tmp_path, head, rest, two):
    path = write(tmp_path / "any", head + rest)
    with contextlib.suppress(SightlineError):
        data = load((path, path) if two else path, split="none")
        assert data.images.dtype == np.uint8


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sides=st.tuples(st.integers(2, 9), st.integers(1, 6), st.integers(1, 6)),
    fortran=st.booleans(),
    version=st.sampled_from([(1, 0), (2, 0), (3, 0)]),
    packed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_whole_files_in_every_layout_give_the_very_pixels(tmp_path, sides, fortran, version, packed, seed):
    images = np.random.default_rng(seed).integers(0, 256, sides, dtype=np.uint8)
    labels = np.arange(sides[0], dtype=np.uint8) % 2
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asfortranarray(images) if fortran else images, version)
    pair = write(tmp_path / "images.npy", out.getvalue()), write(tmp_path / "labels.npy", seeds.npy(labels))
    idx = [
        write(tmp_path / f"{i}", seeds.gz(seeds.idx(one)) if packed else seeds.idx(one))
        for i, one in enumerate((images, labels))
    ]
    npz = write(tmp_path / "a.npz", seeds.npz(packed, images=images, labels=labels))
    for what in (pair, tuple(idx), npz):
        np.testing.assert_array_equal(load(what, split="none").images, images)


# -- decompression bombs ---------------------------------------------------------------------------------------


def many_zeros(head, megabytes, fill=b"\0"):
    """A gzip file of several members: a head, then megabytes of one byte; a thousandth of it on disk."""
    return gzip.compress(head) + gzip.compress(fill * (1 << 20)) * megabytes


def test_a_bomb_of_gzip_is_refused(tmp_path):
    n = 1200 << 20
    images = write(
        tmp_path / "images", many_zeros(b"\0\0\x08\x03" + struct.pack(">III", n >> 10, 32, 32), 1200)
    )
    labels = write(
        tmp_path / "labels", gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", n >> 10) + bytes(n >> 10))
    )
    arff = write(
        tmp_path / "a.arff.gz",
        many_zeros(b"@relation r\n@attribute a real\n@attribute class {0,1}\n@data\n", 600),
    )
    for what in ((images, labels), arff):
        with bounded(seconds=3, memory=GIGABYTE // 2), pytest.raises(DataError, match="decompression bomb"):
            load(what)


def test_a_bomb_of_a_table_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE", 16 << 20)  # it is the parsing that takes long
    rows = b"1,2,3,4,5\n" * 100_000
    table = write(tmp_path / "set.csv.gz", gzip.compress(b"label,a,b,c,d\n") + gzip.compress(rows, 9) * 60)
    with bounded(seconds=4), pytest.raises(DataError, match="decompression bomb"):
        load(table)


def test_an_honest_gzip_file_is_read_however_well_it_packs(tmp_path):
    images, labels = np.zeros((30_000, 28, 28), np.uint8), np.arange(30_000).astype(np.uint8) % 2
    pair = tuple(
        write(tmp_path / name, gzip.compress(seeds.idx(array), 1))
        for name, array in (("i", images), ("l", labels))
    )
    assert pair[0].stat().st_size * 200 < images.nbytes
    assert load(pair, split="none").images.shape == (30_000, 28, 28)


def test_a_bomb_of_zip_is_refused(tmp_path, stored_model):
    zeros = bytes(150 << 20)
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("images.npy", npy("'|u1'", "(153600, 32, 32)") + zeros)
        file.writestr("labels.npy", npy("'|u1'", "(153600,)") + bytes(153600))
    with bounded(), pytest.raises(DataError, match="decompression bomb"):
        load(bomb)
    with zipfile.ZipFile(bomb, "a") as file:
        for name, content in unzipped(stored_model):
            file.writestr(name, content)
    with bounded(), pytest.raises(ModelError, match="far more than a model of its size"):
        load_model(bomb)


def test_a_bomb_of_parquet_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as parquet

    zeros = pa.array(np.zeros(4_000_000, np.int64))
    parquet.write_table(
        pa.table({**{f"pixel{i}": zeros for i in range(5)}, "label": zeros}), tmp_path / "bomb.parquet"
    )
    assert (tmp_path / "bomb.parquet").stat().st_size < 400_000
    with bounded(), pytest.raises(DataError, match="decompression bomb"):
        load(tmp_path / "bomb.parquet")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_one_long_name_does_not_become_as_many_as_there_are_rows(tmp_path, kind):
    """An array of text gives each the room of the longest: this one would be 12 GB."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    n = 3000
    if kind == "parquet":
        names = pa.array(["a" * 1_000_000] * 2).dictionary_encode().take(pa.array(np.zeros(n, np.int64)))
        table = pa.table({"label": names, **{f"pixel{i}": np.full(n, i) for i in range(4)}})
        parquet.write_table(table, tmp_path / "a", store_schema=False)
    else:
        write(
            tmp_path / "a",
            b"label,p1,p2,p3,p4\n" + b"a" * 1_000_000 + b",1,2,3,4\n" + b"b,1,2,3,4\n" * (n - 1),
        )
    with (
        bounded(memory=GIGABYTE // 2),
        pytest.raises(DataError, match=r"1,000,000 characters long\. Names of classes"),
    ):
        load(tmp_path / "a")


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16"])
def test_an_image_that_is_all_of_what_is_allowed_stays_below_a_gigabyte(tmp_path, mode):
    """49 million pixels in a few kilobytes."""
    side = 7000
    kind, depth, size = {"L": (0, 8, 1), "RGBA": (6, 8, 4), "I;16": (0, 16, 2)}[mode]
    rows = zlib.compress(bytes(side * (1 + side * size)), 1)
    path = write(
        tmp_path / "a.png",
        png(
            (b"IHDR", struct.pack(">IIBBBBB", side, side, depth, kind, 0, 0, 0)),
            (b"IDAT", rows),
            (b"IEND", b""),
        ),
    )
    with bounded(seconds=6):
        found = read_pixels(path, (28, 28), grey=mode != "RGBA")
    assert found.shape[:2] == (28, 28)


def test_many_large_images_are_not_decoded_at_once():
    """However many threads there are, and an image that is larger than all the room has its turn too."""
    room, now, most = _Room(AT_A_TIME), [], []

    def decode(pixels):
        with room.taken(pixels):
            now.append(pixels)
            most.append(len(now))
            time.sleep(0.01)
            now.remove(pixels)

    threads = [
        threading.Thread(target=decode, args=(n,)) for n in (40_000_000, 50_000_000, 10 * AT_A_TIME) * 2
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert most == [1] * 6


def png(*chunks):
    """A PNG file of chunks, their checksums right."""
    packed = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


# -- headers that lie ------------------------------------------------------------------------------------------

HUGE = {
    "png": png((b"IHDR", struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 2, 0, 0, 0)), (b"IDAT", b"x"), (b"IEND", b"")),
    "gif": b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;",
    "bmp": b"BM" + struct.pack("<IIIIiiHHIIiiII",
    99, 0, 54, 40, 1 << 30, 1 << 30, 1, 24, 0, 0, 1, 1, 0, 0) + bytes(40),
    "bmp in runs": b"BM" + struct.pack("<IIIIiiHHIIiiII", 99, 0, 54, 40, (1 << 22) + 9, 11, 1, 8, 1, 0, 1, 1, 0, 0)
    + bytes(1200),
    "tiff": b"II*\0\x08\0\0\0\x03\0" + b"".join(struct.pack("<HHII", one, 4, 1, 1 << 30) for one in (256, 257, 273)),
    "jpeg": b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x11\0\x02\x11\0\x03\x11\0\xff\xda\0\x0c",
    "webp": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + b"VP8 \0\0\0\0",
}  # fmt: skip


@pytest.mark.parametrize("kind", HUGE)
def test_an_image_that_claims_to_be_huge_is_not_decoded(tmp_path, kind):
    path = write(tmp_path / "a.png", HUGE[kind])
    with (
        bounded(seconds=0.5, memory=GIGABYTE // 8),
        pytest.raises(DataError, match="cannot be read as an image"),
    ):
        bring(viewer(), path)


def test_a_chunk_that_claims_four_gigabytes_gets_no_room_for_them(tmp_path):
    path = write(
        tmp_path / "a.png",
        png((b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))) + b"\xff\xff\xff\0IDATxx",
    )
    tracemalloc.start()
    try:
        assert isinstance(read_pixels(path, (4, 4), True), str)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


LIES = {
    "more than there is": npy("'|u1'", "(1000000000000,)"),
    "more than a number holds": npy("'|u1'", "(1000000000000000000000000000000,)"),
    "a product that comes round": npy("'|u1'", "(4294967296, 4294967296)"),
    "less than nothing": npy("'|u1'", "(-4, -5)", bytes(20)),
    "many of no size": npy("'|S0'", "(1000000000,)"),
    "many of nothing": npy("'|u1'", "(1000000000, 0)"),
    "no kind": npy("()", "(4,)", bytes(4)),
    "a kind of its own": npy("[('a', '|u1')]", "(4,)", bytes(4)),
    "deep brackets": npy("(" * 3000 + ")" * 3000, "(4,)"),
    "another version": npy("'|u1'", "(4,)", bytes(4), version=b"\1\2"),
    "a header of gigabytes": b"\x93NUMPY\2\0\xff\xff\xff\xff{",
    "text beyond Unicode": npy("'<U1'", "(4,)", b"\xff\xff\xff\x7f" * 4),
    "half a letter": npy("'<U1'", "(4,)", b"\0\xd8\0\0" * 4),
    "code": npy("__import__('os').system('touch escape')", "(4,)"),
    "nothing, at length": npy("'|u1'", "(4,) 'x'" + " " * 9000, bytes(4)),
    "nothing": b"\x93NUMPY",
}


@pytest.mark.parametrize("what", LIES)
def test_a_header_of_an_array_that_lies_is_not_believed(tmp_path, monkeypatch, what):
    """As labels, in an archive, as the labels of a part, in the cache."""
    monkeypatch.chdir(tmp_path)
    images = np.zeros((4, 6, 6), np.uint8)
    pair = write(tmp_path / "i.npy", seeds.npy(images)), write(tmp_path / "l.npy", LIES[what])
    archive = write(
        tmp_path / "a.npz", zipped([("images.npy", seeds.npy(images)), ("labels.npy", LIES[what])])
    )
    named = write(
        tmp_path / "c.npz",
        zipped(
            [
                ("images.npy", seeds.npy(images)),
                ("labels.npy", seeds.npy(np.array([0, 1, 0, 1]))),
                ("classes.npy", LIES[what]),
            ]
        ),
    )
    parts = put(tmp_path / "parts", seeds.shards())
    write(parts / "part-00001.labels.npy", LIES[what])
    for read, path in ((load, pair), (load, archive), (load, named), (open_shards, parts)):
        with bounded(seconds=1, memory=GIGABYTE // 8), pytest.raises(DataError) as refused:
            read(path)
        assert len(str(refused.value)) < 1200
    kept = seeds.stored()
    monkeypatch.setenv(
        "SIGHTLINE_HOME", str(put(tmp_path / "home", {**kept, "ready/tiny/labels.npy": LIES[what]}))
    )
    assert cache.read("tiny") is None
    assert not list(tmp_path.rglob("escape*"))


def test_digits_without_end_are_no_riddle(tmp_path):
    """One regular expression took the square of their number; Python refuses to convert so many of them."""
    path = write(tmp_path / "a.csv", b"1" * 300_000 + b"x,2\n1,2\n")
    with bounded(seconds=1), pytest.raises(DataError):
        load(path)
    rows = "".join(f"{'7' * 500 + 'a' if i % 2 else 'b'},1,2,3,{i}\n" for i in range(8))
    assert load(write(tmp_path / "b.csv", b"label,p1,p2,p3,p4\n" + rows.encode())).n_classes == 2
    long = "".join(f"{'7' * 5000 + 'a' if i % 2 else 'b'},1,2,3,{i}\n" for i in range(8))
    with pytest.raises(DataError, match="5,001 characters long"):
        load(write(tmp_path / "c.csv", b"label,p1,p2,p3,p4\n" + long.encode()))


def test_two_columns_of_text_are_told(tmp_path):
    rows = "".join(f"1,{'ab'[i % 2]},{'cd'[i % 2]}\n" for i in range(8))
    with pytest.raises(DataError, match="is string, not numbers"):
        load(write(tmp_path / "a.csv", b"p1,p2,p3\n" + rows.encode()))


def test_what_is_wrong_in_a_file_may_be_the_file_and_is_told_in_short():
    said = str(DataError("x" * 1_000_000, "y" * 1_000_000))
    assert len(said) < 1500
    assert " … " in said


# -- nothing is unpickled, nothing is unpacked elsewhere ---------------------------------------------------------


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_objects_are_refused_and_nothing_is_unpickled(tmp_path, monkeypatch, stored_model):
    mark = tmp_path / "it ran"
    out = io.BytesIO()
    np.lib.format.write_array(out, np.array([Payload(mark)] * 4, dtype=object), allow_pickle=True)
    array, bare = out.getvalue(), pickle.dumps(Payload(mark))
    images = seeds.npy(np.zeros((4, 6, 6), np.uint8))
    for bad in (array, bare):
        pair = write(tmp_path / "i.npy", images), write(tmp_path / "l.npy", bad)
        both = write(tmp_path / "b.npz", zipped([("images.npy", bad), ("labels.npy", bad)]))
        names = write(
            tmp_path / "c.npz",
            zipped(
                [("images.npy", images), ("labels.npy", seeds.npy(np.arange(4) % 2)), ("classes.npy", bad)]
            ),
        )
        whole = write(tmp_path / "whole.npz", bad)
        for what in (pair, (pair[1], pair[1]), both, names, whole):
            with pytest.raises(DataError):
                load(what)
        files = seeds.shards()
        manifest = json.loads(files["manifest.json"])
        manifest["parts"][0]["labels"] = hashlib.sha256(bad).hexdigest()
        changed = {**files, "part-00000.labels.npy": bad, "manifest.json": json.dumps(manifest).encode()}
        with pytest.raises(DataError):
            open_shards(put(tmp_path / "parts", changed))
        with pytest.raises(DataError):
            open_shards(put(tmp_path / "parts2", {**files, "part-00000.images.npy": bad}))
        monkeypatch.setenv(
            "SIGHTLINE_HOME", str(put(tmp_path / "home", {**seeds.stored(), "ready/tiny/images.npy": bad}))
        )
        assert cache.read("tiny") is None
        for model in model_with(stored_model, bad):
            with pytest.raises(ModelError):
                load_model(write(tmp_path / "m", model))
    assert not mark.exists()
    pickle.loads(bare).close()
    assert mark.exists(), "the payload works: it was never run"


def model_with(stored, bad):
    """A stored model with each of its arrays in turn replaced, the digest stated anew; and a pickle in its place."""
    members = dict(unzipped(stored))
    for name in [name for name in members if name.startswith("arrays/")]:
        old, new = (hashlib.sha256(one).hexdigest().encode() for one in (members[name], bad))
        yield zipped(
            list({**members, name: bad, "manifest.json": members["manifest.json"].replace(old, new)}.items())
        )
    yield bad


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_nobody_writes_are_refused(tmp_path, stored_model, method):
    """A header of LZMA alone may ask for four gigabytes."""
    arrays = [
        ("images.npy", seeds.npy(np.zeros((4, 6, 6), np.uint8))),
        ("labels.npy", seeds.npy(np.arange(4) % 2)),
    ]
    with pytest.raises(DataError, match="packed as NumPy never does"):
        load(write(tmp_path / "a.npz", zipped(arrays, method)))
    with pytest.raises(ModelError, match="not ours"):
        load_model(write(tmp_path / "m", zipped(list(unzipped(stored_model)), method)))


def test_a_packet_without_its_value_is_none():
    from sightline.studio.packet import unpacked

    header = b'{"arrays": []}  '
    with pytest.raises(DataError, match="no packet"):
        unpacked(b"SLP1" + struct.pack("<I", len(header)) + header)


def test_names_of_steps_and_notes_of_a_model_can_be_written(tmp_path, stored_model):
    members = dict(unzipped(stored_model))
    manifest = json.loads(members["manifest.json"])
    manifest["steps"][0]["name"], manifest["about"] = "\ud800", {"\ud800": "\ud800"}
    members["manifest.json"] = json.dumps(manifest).encode()
    model = load_model(write(tmp_path / "m", zipped(list(members.items()))))
    f"{[name for name, _ in model.pipeline.steps]}{dict(model.about)}{model._repr_html_()}".encode()


def test_names_in_an_archive_lead_nowhere(tmp_path, stored_model):
    """Zip slip: nothing is ever unpacked to where a member says."""
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = tmp_path / "a" / "b"
    names = [
        "../../outside/x.npy",
        f"{outside}/x.npy",
        "..\\..\\outside\\x.npy",
        "/",
        "",
        "a\nb.npy",
        "صور.npy",
        "C:\\x.npy",
    ]
    more = [(name, seeds.npy(np.arange(4))) for name in names]
    images, labels = np.arange(144, dtype=np.uint8).reshape(4, 6, 6), np.arange(4) % 2
    archive = write(
        inside / "a.npz",
        zipped([*more, ("images.npy", seeds.npy(images)), ("labels.npy", seeds.npy(labels))]),
    )
    np.testing.assert_array_equal(load(archive, split="none").images, images)
    model = load_model(write(inside / "m", zipped([*unzipped(stored_model), *more])))
    assert model.classes == seeds.CLASSES
    manifest = dict(unzipped(stored_model))
    at = next(name for name in manifest if name.startswith("arrays/"))
    for name in names:
        lead = manifest["manifest.json"].replace(at[7:-4].encode(), json.dumps(name)[1:-1].encode())
        with pytest.raises(ModelError):
            load_model(write(inside / "n", zipped([*{**manifest, "manifest.json": lead}.items(), *more])))
    assert not list(outside.iterdir())
    assert sorted(one.name for one in inside.iterdir()) == ["a.npz", "m", "n"]


def test_a_drawing_that_calls_itself_a_photo_is_no_image(tmp_path):
    """XML with entities that would be read from this machine, or grow without end."""
    secret = write(tmp_path / "secret", b"secret")
    entity = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a SYSTEM "{secret.as_uri()}">]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>'
    laughs = (
        "<!DOCTYPE l [<!ENTITY a 'ha'>"
        + "".join(f"<!ENTITY {x} '{f'&{y};' * 10}'>" for x, y in zip("bcdefgh", "abcdefg", strict=True))
        + "]><l>&h;</l>"
    )
    for k, content in enumerate((entity, laughs)):
        path = write(tmp_path / "set" / f"{k}" / "a.png", content.encode())
        with (
            bounded(seconds=0.5, memory=GIGABYTE // 8),
            pytest.raises(DataError, match="not an image") as refused,
        ):
            bring(viewer(), path)
        assert "secret" not in str(refused.value).replace(str(tmp_path), "")
    with pytest.raises(DataError, match=r"none of the 2 images"):
        load(tmp_path / "set")
    for name in ("a.csv", "a.arff"):
        with pytest.raises(DataError):
            load(write(tmp_path / name, laughs.encode()))


# -- links and pipes -------------------------------------------------------------------------------------------


@posix
def test_links_end_and_what_they_name_is_read_once(tmp_path):
    root, out = tmp_path / "set", tmp_path / "out"
    for k in range(4):
        write(root / "ab"[k % 2] / f"{k}.png", seeds.images("png")[0])
    write(out / "5.png", seeds.images("png")[0])
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self.png").symlink_to(root / "a" / "self.png")
    (root / "b" / "none.png").symlink_to(tmp_path / "none")
    (root / "b" / "zero.png").symlink_to("/dev/zero")
    (root / "c").symlink_to(out)
    (out / "back").symlink_to(root / "c")
    data = load(root, split="none")
    assert data.classes == ("a", "b", "c")
    assert sorted(data.files).count("c/5.png") == 1
    assert [name in data.notes[-1] for name in ("self.png", "none.png", "zero.png")] == [True] * 3
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for what in (loop, (loop, loop)):
        with pytest.raises(SightlineError):
            load(what)
    for read in (load_model, open_shards):
        with pytest.raises(SightlineError):
            read(loop)


@posix
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    waited = []

    def release():  # who waits is let go, and told of
        with contextlib.suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            waited.append(1)

    stop = threading.Event()

    def watch():
        while not stop.wait(0.3):
            release()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for k in range(4):
            write(tmp_path / "set" / "ab"[k % 2] / f"{k}.png", seeds.images("png")[0])
        (tmp_path / "set" / "a" / "pipe.png").symlink_to(pipe)
        assert "pipe.png (not a regular file)" in load(tmp_path / "set", split="none").notes[-1]
        for name in ("manifest.json", "part-00001.labels.npy", "part-00000.images.npy"):
            folder = put(tmp_path / name, seeds.shards())
            (folder / name).unlink()
            (folder / name).symlink_to(pipe)
            with pytest.raises(DataError):
                open_shards(folder)
        for what in (pipe, (pipe, pipe)):
            with pytest.raises(DataError):
                load(what)
        with pytest.raises(SightlineError):
            load_model(pipe)
    finally:
        stop.set()
        thread.join()
    assert not waited


# -- names in other scripts ------------------------------------------------------------------------------------

NAMES = [
    "قطة",
    "猫",
    "🐈‍⬛",
    "e\u0301te",
    "\u00e9te",
    "\u202etac",
    "a\nb",
    "a\tb",
    "\x1b[31mred",
    "'; DROP TABLE",
    "<b>&amp;",
    "%s{0}$x",
    "名" * 80,
]


@posix
def test_folders_and_files_may_have_any_names(tmp_path):
    root = tmp_path / "مجموعة 📁"
    raw = [os.fsencode(name) for name in NAMES] + [b"caf\xe9", b"\xff\xfe"]
    for k, name in enumerate(raw):
        for i in range(2):
            pixels = Image.fromarray(np.full((6, 6), 16 * k + i, np.uint8))
            folder = os.fsencode(root) + b"/" + name
            Path(os.fsdecode(folder)).mkdir(parents=True, exist_ok=True)
            pixels.save(Path(os.fsdecode(folder + b"/" + name + b"%d.png" % i)))
    data = load(root, split="none")
    assert data.n_classes == len(raw)
    assert sorted(set(zip(data.images[:, 0, 0] // 16, data.labels, strict=True))) == sorted(
        (data.images[2 * k, 0, 0] // 16, k) for k in range(len(raw))
    )
    json.dumps([data.classes, data.files, data.notes, data.name, repr(data)], ensure_ascii=False).encode()
    assert not any(ord(letter) < 32 and letter not in "\n\t" for name in data.classes for letter in name)


def test_the_same_names_come_back_from_tables_archives_and_models(tmp_path):
    from sightline.features import make_recipe

    names = [name for name in NAMES if name.isprintable()]
    images = np.random.default_rng(0).integers(0, 256, (2 * len(names), 6, 6), dtype=np.uint8)
    labels = np.tile(np.arange(len(names)), 2)
    archive = load(
        write(tmp_path / "a.npz", seeds.npz(images=images, labels=labels, classes=np.array(names))),
        split="none",
    )
    assert list(archive.classes) == names
    import pandas as pd

    table = (
        pd.DataFrame(images.reshape(len(images), -1))
        .rename(columns=lambda i: f"pixel{i}")
        .assign(label=np.array(names)[labels])
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    for file in ("a.csv", "a.parquet"):
        found = load(tmp_path / file, split="none")
        assert [found.classes[k] for k in found.labels] == [names[k] for k in labels]
        np.testing.assert_array_equal(found.images, images)
    pipeline = make_recipe("pixels", shape=(6, 6)).fit(archive.X, archive.y)
    save_model(Model(pipeline, archive.classes, archive.shape, "pixels", {"note": names}), tmp_path / "نموذج")
    assert load_model(tmp_path / "نموذج").classes == archive.classes


# -- stored models ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored_models():
    return seeds.models()


@pytest.fixture(scope="module")
def stored_model(stored_models):
    return stored_models[0]


def rewritten(stored, step, **changes):
    """A stored model whose step of that type has other parameters, fitted numbers or arrays."""
    members = dict(unzipped(stored))
    manifest = json.loads(members["manifest.json"])
    one = next(one for one in manifest["steps"] if one["type"] == step)
    for key, value in changes.items():
        holder = one["fitted"] if key in one["fitted"] else one["parameters"]
        if isinstance(value, np.ndarray):
            name = f"new-{key}"
            members[f"arrays/{name}.npy"] = seeds.npy(value)
            value = {"array": name, "sha256": hashlib.sha256(members[f"arrays/{name}.npy"]).hexdigest()}
        holder[key] = value
    members["manifest.json"] = json.dumps(manifest).encode()
    return zipped(list(members.items()))


def test_parts_of_a_model_that_do_not_fit_each_other_never_reach_compiled_code(tmp_path, stored_models):
    patches = stored_models[-1]
    attacks = [
        rewritten(patches, "Patches", filters_=np.zeros((2, 4), np.float32)),
        rewritten(patches, "Patches", offset_=np.zeros(1, np.float32)),
        rewritten(patches, "Patches", shape_=[80, 80, 1]),
        rewritten(patches, "Patches", shape_=[8.0, 8.0, 1.0]),
        rewritten(patches, "Patches", size=-3),
        rewritten(patches, "Patches", size=7000),
        rewritten(patches, "Patches", grid=-1),
        rewritten(patches, "Patches", filters_=np.full((36, 4), np.inf, np.float32)),
        rewritten(stored_models[-2], "Orientation", sizes=[3, 50]),
        rewritten(stored_models[-2], "Orientation", n_directions=10**9),
        rewritten(stored_models[5], "PolynomialFeatures", degree=30),
        rewritten(stored_models[5], "PolynomialFeatures", n_features_in_=10**9),
        rewritten(stored_models[0], "LogisticRegression", coef_=np.zeros((3, 9), np.float32)),
        rewritten(stored_models[0], "LogisticRegression", coef_=np.full((3, 64), np.nan, np.float32)),
    ]
    for content in attacks:
        with bounded(seconds=1, memory=GIGABYTE // 4), pytest.raises(ModelError):
            load_model(write(tmp_path / "m", content))


@pytest.mark.parametrize("key", ["classes", "shape", "steps", "recipe", "about", "version", "format"])
def test_a_manifest_of_other_kinds_is_refused(tmp_path, stored_model, key):
    members = dict(unzipped(stored_model))
    for odd in (
        None,
        -1,
        1e308,
        [],
        {},
        [[]],
        ["a", "a", "b"],
        [1, 2, 3],
        [10**30, 1],
        "\ud800",
        [8.0, 8.0],
        [8, 8, 4],
    ):
        manifest = {**json.loads(members["manifest.json"]), key: odd}
        path = write(
            tmp_path / "m", zipped(list({**members, "manifest.json": json.dumps(manifest).encode()}.items()))
        )
        with bounded(seconds=1, memory=GIGABYTE // 4), contextlib.suppress(ModelError):
            model = load_model(path)
            assert key in ("recipe", "about", "version"), odd
            json.dumps([model.classes, model.recipe, dict(model.about)], ensure_ascii=False).encode()


# -- what is kept, and the studio ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "odd"),
    [
        ("digest", "0"), ("digest", None), ("classes", "012"), ("classes", [1, 2, 3]),
        ("classes", ["a", "\ud800", "c"]),        ("name", 3), ("notes", [[]]), ("notes", {}), ("n_train",
        1.5), ("n_train", True), ("n_train", 10**30),
        ("images", None), ("labels_crc", -1),
    ],
)  # fmt: skip
def test_a_damaged_manifest_of_the_cache_is_as_good_as_none(tmp_path, monkeypatch, key, odd):
    kept = seeds.stored()
    monkeypatch.setenv("SIGHTLINE_HOME", str(put(tmp_path, kept)))
    assert cache.read("tiny") is not None, "whole, it is read"
    manifest = {**json.loads(kept["ready/tiny/manifest.json"]), key: odd}
    write(tmp_path / "ready/tiny/manifest.json", json.dumps(manifest).encode())
    found = cache.read("tiny")
    assert found is None or (key in ("images", "labels_crc") and found.digest == manifest["digest"])
    for deep in (b"[" * 100_000, b"\xff", b"", b'{"format": 1}'):
        write(tmp_path / "ready/tiny/manifest.json", deep)
        assert cache.read("tiny") is None


def test_the_studio_opens_on_images_too_small_for_some_recipes():
    from sightline.dataset import Dataset
    from sightline.studio.service import Service

    images = np.random.default_rng(0).integers(0, 256, (20, 4, 3), dtype=np.uint8)
    studio = Service(Dataset(images, np.arange(20) % 2, ("a", "b")).split())
    try:
        known = {one.name for one in studio.hello().recipes}
    finally:
        studio.close()
    assert {"pixels", "pca"} <= known
    assert "patches" not in known


@settings(max_examples=80)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    pieces=st.lists(
        st.sampled_from(
            ["api", "sessions", "SESSION", "hello", "weights", "last", "explain", "thumbs", "..", "", "train"]
        )
        | st.text(max_size=9),
        max_size=6,
    ),
    query=st.binary(max_size=12),
    kind=st.sampled_from(["application/json", "application/octet-stream", "text/plain", ""]),
    body=st.binary(max_size=60)
    | st.sampled_from([b"{}", b"null", b"[" * 9000, b'{"setup": {}}', b"1e999", b"NaN"]),
)
def test_any_request_has_an_answer_that_is_known(method, pieces, query, kind, body):
    from urllib.parse import quote

    from hostile.web import answered, studio

    one = studio()
    path = "/" + "/".join(piece if piece == "SESSION" else quote(piece, safe=".") for piece in pieces)
    name = one.runner.run(one.session()) if "SESSION" in pieces else ""
    head = f"{method} {path.replace('SESSION', name)}?".encode() + query.replace(b"\r", b"").replace(
        b"\n", b""
    )
    rest = f" HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    status, headers, content = one.runner.run(one.ask(head + rest + body))
    answered(
        (status, headers, b"" if method == "HEAD" else content)
        if method != "HEAD" or status < 400
        else (404, headers, b'{"error": "x", "remedy": ""}'),
        {},
    )


def viewer():
    from hostile.readers import viewer as bare

    return bare(True)


def test_headers_are_read_without_pixels(tmp_path):
    path = write(tmp_path / "a.png", seeds.images("png")[0])
    assert (read_header(path).height, read_header(path).width) == (11, 9)
