"""The cache: warm loads are mapped, damage is noticed, one process makes what two ask for."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from sightline.dataset import Dataset
from sightline.errors import DataError, StorageError
from sightline.sources import cache
from sightline.sources.locking import locked


@pytest.fixture
def made(rng):
    images = rng.integers(0, 256, (40, 6, 5), dtype=np.uint8)
    return Dataset(
        images, np.arange(40) % 3, ("ä", "b", "c"), "some", "here", "CC0", n_train=30, notes=("a remark",)
    )


class Maker:
    """Makes the data set and counts how often it was asked to."""

    def __init__(self, dataset):
        self.dataset = dataset
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.dataset


def owner_of_memory(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def test_what_was_stored_comes_back_whole(made):
    make = Maker(made)
    for _ in range(3):
        found = cache.cached("some", make)
        np.testing.assert_array_equal(found.images, made.images)
        np.testing.assert_array_equal(found.labels, made.labels)
        for name in ("classes", "name", "source", "licence", "n_train", "notes", "digest"):
            assert getattr(found, name) == getattr(made, name)
    assert make.calls == 1


@pytest.mark.parametrize(
    "arrange", [np.asfortranarray, lambda a: a[::-1], lambda a: a[:, :, ::2], lambda a: a[:1], lambda a: a]
)
@pytest.mark.parametrize("shape", [(9, 6, 5), (9, 6, 5, 3)])
def test_pixels_in_any_order_of_memory(rng, arrange, shape):
    images = arrange(rng.integers(0, 256, shape, dtype=np.uint8))
    made = Dataset(images, np.zeros(len(images), np.uint8), ("a",))
    found = cache.cached("some", Maker(made))
    np.testing.assert_array_equal(found.images, images)
    assert found.digest == made.digest


def test_a_warm_load_maps_the_pixels_and_copies_none(made, home):
    cache.cached("some", Maker(made))
    found = cache.read("some")
    pixels = owner_of_memory(found.images)
    assert isinstance(pixels, np.memmap)
    assert str(pixels.filename) == str(home / "ready" / "some" / "images.npy")
    assert not found.images.flags.writeable
    assert np.shares_memory(found.train.images, found.images)
    assert np.shares_memory(found.X, found.images)


def test_an_unchanged_file_is_believed_and_a_touched_one_is_read_again(made, home):
    cache.cached("some", Maker(made))
    file = home / "ready" / "some" / "images.npy"
    stat = file.stat()
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 255
    file.write_bytes(bytes(raw))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert cache.read("some").digest == made.digest  # size and time agree: not a byte was read
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert cache.read("some") is None
    raw[-1] ^= 255
    file.write_bytes(bytes(raw))
    assert cache.read("some").digest == made.digest


def flip(path, position):
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(bytes(raw))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: flip(folder / "images.npy", -1),
        lambda folder: flip(folder / "images.npy", 200),
        lambda folder: flip(folder / "images.npy", 60),
        lambda folder: flip(folder / "labels.npy", -1),
        lambda folder: flip(folder / "labels.npy", -320),
        lambda folder: (folder / "images.npy").write_bytes((folder / "images.npy").read_bytes()[:500]),
        lambda folder: (folder / "images.npy").write_bytes(b""),
        lambda folder: (folder / "images.npy").unlink(),
        lambda folder: (folder / "labels.npy").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text(""),
        lambda folder: (folder / "manifest.json").write_text("[1, 2]"),
        lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe"),
        lambda folder: (folder / "manifest.json").write_text('{"format": 1}'),
        lambda folder: shutil.copy(folder / "labels.npy", folder / "images.npy"),
    ],
)
def test_whatever_is_damaged_is_made_anew(made, home, damage):
    make = Maker(made)
    cache.cached("some", make)
    damage(home / "ready" / "some")
    found = cache.cached("some", make)
    np.testing.assert_array_equal(found.images, made.images)
    np.testing.assert_array_equal(found.labels, made.labels)
    assert (found.digest, make.calls) == (made.digest, 2)
    assert cache.cached("some", make).digest == made.digest
    assert make.calls == 2


def test_another_format_is_made_anew(made, home):
    make = Maker(made)
    cache.cached("some", make)
    manifest = home / "ready" / "some" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": cache.FORMAT + 1}))
    cache.cached("some", make)
    assert make.calls == 2


MAKE = """
import os, pathlib, sys, time
import numpy as np
from sightline.dataset import Dataset
from sightline.errors import SightlineError
from sightline.sources import cache

def make():
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    time.sleep(0.3)
    images = np.arange(40 * 100 * 100, dtype=np.uint32).astype(np.uint8).reshape(40, 100, 100)
    return Dataset(images, np.arange(40) % 2, ("a", "b"))
"""


def start(code, *arguments, **options):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", MAKE + code, *map(str, arguments)], **pipes, **options)


def test_two_processes_at_once_make_it_once(tmp_path):
    code = (
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(cache.cached('one', make).digest)\n"
    )  # fmt: skip
    with start(code, tmp_path / "log") as one, start(code, tmp_path / "log") as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("\n")
            process.stdin.flush()
        digests = [process.communicate(timeout=60)[0].strip() for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    assert digests[0] == digests[1] == cache.read("one").digest
    assert (tmp_path / "log").read_text() == "made\n"


def test_a_killed_maker_leaves_nothing_and_stops_nobody(tmp_path, home):
    code = "cache.cached('one', lambda: (print('begun', flush=True), time.sleep(60)))"
    with start(code, tmp_path / "log") as process:
        assert process.stdout.readline() == "begun\n"
        process.kill()
    begin = time.perf_counter()
    with start("print(len(cache.cached('one', make)))", tmp_path / "log") as process:
        assert process.communicate(timeout=60)[0] == "40\n"
    assert time.perf_counter() - begin < 20
    assert [path.name for path in (home / "ready").iterdir()] == ["one"]


def test_an_interruption_while_writing_leaves_what_was_there(made, home, monkeypatch):
    make = Maker(made)
    cache.cached("some", make)
    (home / "ready" / "some" / "manifest.json").unlink()
    before = (home / "ready" / "some" / "images.npy").read_bytes()

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache, "_save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            cache.cached("some", make)
    assert [path.name for path in (home / "ready").iterdir()] == ["some"]
    assert (home / "ready" / "some" / "images.npy").read_bytes() == before
    assert cache.cached("some", make).digest == made.digest


FULL = """
import resource, signal
if sys.argv[2] == "limit":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    cache.cached("one", make)
except SightlineError as error:
    print(type(error).__name__, error)
left = [p.name for p in (cache.home() / "ready").iterdir()]
print(left)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_no_space_left_is_one_clear_message(tmp_path):
    with start(FULL, tmp_path / "log", "limit") as process:
        said, left = process.communicate(timeout=60)[0].splitlines()
    assert said.startswith("StorageError cannot store 'data' in ")
    assert "SIGHTLINE_HOME" in said
    assert left == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="needs mount namespaces")
def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    own = ["unshare", "-m", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=200k none '{disk}'"
    if (
        not shutil.which("unshare")
        or subprocess.run([*own, mount], capture_output=True, check=False).returncode
    ):
        pytest.skip("may not mount a small disk here")
    arguments = [sys.executable, "-c", MAKE + FULL, str(tmp_path / "log"), "disk"]
    run = subprocess.run(
        [*own, f'{mount} && exec "$@"', "sh", *arguments],
        env=os.environ | {"SIGHTLINE_HOME": str(disk)},
        capture_output=True,
        text=True,
        check=True,
    )
    said, left = run.stdout.splitlines()
    assert said.startswith("StorageError cannot store 'data' in ")
    assert "No space left on device" in said
    assert left == "[]"


def test_a_home_that_cannot_be_written(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StorageError, match=r"cannot write to .* Point SIGHTLINE_HOME"):
        cache.cached("some", Maker(made))
    assert cache.contents() == {}


def test_a_file_in_the_way_of_a_stored_set(made, home):
    (home / "ready").mkdir(parents=True)
    (home / "ready" / "some").write_text("in the way")
    with pytest.raises(StorageError, match="cannot store 'some'"):
        cache.cached("some", Maker(made))


def test_what_cannot_be_read_back_is_an_error(made, monkeypatch):
    monkeypatch.setattr(cache, "read", lambda _key: None)
    with pytest.raises(StorageError, match="cannot be read back"):
        cache.cached("some", Maker(made))


def test_home_is_where_the_platform_or_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGHTLINE_HOME", "~/somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache.home() == tmp_path / "somewhere"
    monkeypatch.delenv("SIGHTLINE_HOME")
    assert cache.home().name == "sightline" or "sightline" in cache.home().parts
    assert not cache.home().exists() or cache.home().is_dir()


def test_contents_and_clearing(made, home):
    assert cache.contents() == {}
    assert cache.clear() == {}
    for key in ("one", "two"):
        cache.cached(key, Maker(made))
    (home / "downloads" / "two").mkdir(parents=True)
    (home / "downloads" / "two" / "raw.gz").write_bytes(b"12345")
    (home / "ready" / ".three-left-over").mkdir()
    (home / "openml").mkdir()
    stored = cache.contents()
    assert list(stored) == ["ready/one", "ready/two", "downloads/two"]
    assert stored["downloads/two"] == 5
    assert stored["ready/one"] > 40 * 6 * 5
    with pytest.raises(DataError, match=r"nothing named 'three' is stored .* Stored: one, two"):
        cache.clear("three")
    assert list(cache.clear("two")) == ["ready/two", "downloads/two"]
    assert list(cache.contents()) == ["ready/one"]
    assert list(cache.clear()) == ["ready/one"]
    assert cache.contents() == {}
    assert not home.exists()


def test_a_lock_that_is_held_is_not_cleared_and_one_that_was_waited_for_is_whole(made, home):
    lock = home / "locks" / "some.lock"
    seen, inside = [], threading.Event()

    def wait():
        with locked(lock):
            seen.append(lock.exists() and inside.is_set())

    with locked(lock):
        cache.clear()
        assert lock.exists()
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        lock.unlink()  # as by a process that clears and thought it free
        inside.set()
    waiting.join(20)
    assert seen == [True], "who waited for a lock that was deleted must hold the new one"
    cache.clear()
    assert not home.exists()


def test_without_a_home_there_is_one_message_and_nothing_is_ready(monkeypatch):
    monkeypatch.setenv("SIGHTLINE_HOME", "~no-user-has-this-name/x")
    with pytest.raises(StorageError, match=r"no home folder .* Point SIGHTLINE_HOME"):
        cache.home()
    assert not cache.is_ready("mnist")


def test_what_cannot_be_removed_is_named(made, monkeypatch):
    cache.cached("one", Maker(made))

    def refuse(path, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(StorageError, match=r"cannot remove .*one"):
        cache.clear("one")
