"""Inputs that are wrong in one way each, and a server of our own that answers as badly as it is told to."""

import hashlib
import http.server
import json
import os
import socket
import struct
import threading
import zipfile

import numpy as np
import pytest

from sightline import load
from sightline.sources import cache, catalog, published
from sightline.sources.manifest import MANIFEST
from sightline.sources.sharding import write_shards
from sightline.sources.shards import open_shards


def arff(rows="1,2,3,4,a\n5,6,7,8,b\n", extra=""):
    names = "\n".join(f"@attribute p{k} real" for k in range(4))
    return f"@relation r\n{names}\n@attribute class {{a,b}}\n{extra}@data\n{rows}"


def csv(pixels="1,2,3,4", n=6, head="label,p0,p1,p2,p3"):
    return f"{head}\n" + "".join(f"{k % 2},{pixels}\n" for k in range(n))


def idx_bytes(array, kind=8):
    array = np.asarray(array)
    return (
        struct.pack(">BBBB", 0, 0, kind, array.ndim)
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


IMAGES = np.arange(6 * 2 * 2, dtype=np.uint8).reshape(6, 2, 2)
LABELS = np.array([0, 1, 0, 1, 0, 1], np.uint8)


def idx_folder(h, **files):
    """Name → array, as `train_images`; named as MNIST names them."""
    folder = h.folder("idx")
    for name, array in files.items():
        stem = name.replace("_", "-")
        dims = 1 if "labels" in name else 3
        (folder / f"{stem}-idx{dims}-ubyte").write_bytes(
            array if isinstance(array, bytes) else idx_bytes(array)
        )
    return folder


def pair(h, images=IMAGES, labels=LABELS):
    folder = idx_folder(h, train_images=images, train_labels=labels)
    return (folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte")


def pictures(h, *names):
    from PIL import Image

    for name in names:
        h.file(name)
        Image.fromarray(np.full((4, 4), 90, np.uint8)).save(h.path / name)
    return h.path


def bad_npy(h, header, body=b""):
    text = repr(header).encode() + b"\n"
    return h.file("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body)


def with_labels(h, images):
    return load((images, h.npy("labels.npy", LABELS)))


def closed(h, folder):
    """A file where a folder must be: nobody can write there, root included."""
    os.environ["SIGHTLINE_HOME"] = str(h.file("taken") / folder)


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def entry(reader, files, **how):
    """An entry of a catalogue of our own, with files that nobody has."""
    words = dict.fromkeys(("licence", "citation", "homepage"), "")
    some = {"name": "own", "title": "own", "reader": reader, "classes": ("0", "1"), "shape": (2, 2), **words}
    return catalog.Entry(**{**some, "n_train": 6, "n_test": 6, "files": files, **how})


def stored_entry(reader, **contents):
    """The files of an entry are downloaded already."""
    files = tuple(catalog.RemoteFile(name, digest(body)) for name, body in contents.items())
    folder = cache.home() / "downloads" / "own"
    folder.mkdir(parents=True)
    for name, body in contents.items():
        (folder / name).write_bytes(body)
    return published.load_entry(entry(reader, files))


class Answers(http.server.BaseHTTPRequestHandler):
    """A server that has one answer for everything, or one for each address."""

    def do_GET(self):
        body, status = self.server.answers.get(
            self.path.partition("?")[0], self.server.answers.get("*", (b"", 404))
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + self.server.more))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said):
        """Say nothing."""


def served(ask, answers, more=0):
    """Ask a server of this machine; `ask` is given its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answers, server.more = answers, more
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            address = f"http://127.0.0.1:{server.server_port}"
            patch.setenv("no_proxy", "127.0.0.1")
            patch.setenv("SIGHTLINE_OPENML", address)
            return ask(address)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def openml(answers, what="openml:7"):
    told = {
        path: (json.dumps(body).encode() if not isinstance(body, bytes) else body, 200)
        for path, body in answers.items()
    }
    return served(lambda _address: load(what), told)


ABOUT = "/api/v1/json/data/7"
LIST = "/api/v1/json/data/list/data_name/some/status/active"


def nobody():
    """An address of this machine where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}/x"


def shards(h, **how):
    return write_shards(h.bars.split(test_size=0.25, seed=1), h.path / "parts", part_bytes=2000, **how)


def changed(h, change, file=MANIFEST):
    """A folder of shards whose manifest, or another file, was changed."""
    shards(h)
    path = h.path / "parts" / file
    if file == MANIFEST:
        held = json.loads(path.read_text())
        path.write_text(json.dumps(change(held) or held))
    else:
        change(path)
    return open_shards(h.path / "parts")


def relabelled(h, array):
    """A folder of shards whose first labels are others, and stated as they are."""
    shards(h)
    path = h.path / "parts" / "part-00000.labels.npy"
    np.save(path, array(np.load(path)))
    manifest = h.path / "parts" / MANIFEST
    held = json.loads(manifest.read_text())
    held["parts"][0]["labels"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(held))
    return open_shards(h.path / "parts")


def foreign(h, **files):
    folder = h.folder("foreign")
    for name, (images, labels) in files.items():
        np.savez(folder / f"{name}.npz", images=images, labels=labels)
    return folder


def parquet(h, table):
    import pandas as pd

    pd.DataFrame(table).to_parquet(h.path / "t.parquet")
    return load(h.path / "t.parquet")


def large(path, name):
    """Write an archive that unpacks to a thousand times its size."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(260):
            member.write(ZEROS)


ZEROS = bytes(1 << 20)
