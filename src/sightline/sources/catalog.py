"""The catalogue: names people know, and for each where its files lie and what they must contain.

Every digest here is the SHA-256 of the file as its authors publish it. A file whose digest is None (none
here; OpenML's Parquet files) is trusted when first fetched: its digest is recorded then and checked from
then on.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sightline.errors import NotFoundError

Reader = Literal["bundled", "idx", "cifar", "libsvm", "emnist", "svhn"]
DIGITS = tuple("0123456789")
EMNIST_BALANCED = tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to fetch: its name, its digest (``sha256:…`` or ``md5:…``; None if unknown), its bytes."""

    name: str
    digest: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One data set of the catalogue.

    Parameters
    ----------
    name, title, licence, citation, homepage : str
        What it is called, what it shows, under which terms, by whom.
    reader : str
        How its files are written (see `sightline.sources.published`).
    classes : tuple of str
        Names of classes 0…K−1.
    shape : (height, width) or (height, width, 3)
    n_train, n_test : int
        Images in the split as published; no test images where nobody has split.
    mirrors : tuple of str
        Addresses that hold the files, tried in turn.
    files : tuple of RemoteFile
    folder : str
        Where downloads are kept, shared by entries that lie in one archive; by default the name.
    """

    name: str
    title: str
    reader: Reader
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    n_train: int
    n_test: int
    licence: str
    citation: str
    homepage: str
    mirrors: tuple[str, ...] = ()
    files: tuple[RemoteFile, ...] = ()
    folder: str = ""

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(file.size or 0 for file in self.files)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


# folder, file, bytes (- where not known), SHA-256
_FILES = """
emnist gzip.zip 561753746 fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e
mnist train-images-idx3-ubyte.gz 9912422 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
mnist train-labels-idx1-ubyte.gz 28881 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
mnist t10k-images-idx3-ubyte.gz 1648877 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
mnist t10k-labels-idx1-ubyte.gz 4542 f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6
fashion train-images-idx3-ubyte.gz 26421880 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
fashion train-labels-idx1-ubyte.gz 29515 a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
fashion t10k-images-idx3-ubyte.gz 4422102 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
fashion t10k-labels-idx1-ubyte.gz 5148 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5
kmnist train-images-idx3-ubyte.gz 18165135 51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4
kmnist train-labels-idx1-ubyte.gz 29497 e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17
kmnist t10k-images-idx3-ubyte.gz 3041136 edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5
kmnist t10k-labels-idx1-ubyte.gz 5120 20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c
usps usps.bz2 - 3771e9dd6ba685185f89867b6e249233dd74652389f263963b3b741e994b034f
usps usps.t.bz2 - a9c0164e797d60142a50604917f0baa604f326e9a689698763793fa5d12ffc4e
cifar10 cifar-10-binary.tar.gz 170052171 c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd
svhn train_32x32.mat 182040794 435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8
svhn test_32x32.mat 64275384 cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b
"""


def _files(folder: str) -> tuple[RemoteFile, ...]:
    rows = [line.split() for line in _FILES.strip().splitlines()]
    return tuple(
        RemoteFile(name, f"sha256:{sha}", None if size == "-" else int(size))
        for of, name, size, sha in rows
        if of == folder
    )


_EMNIST = {
    "reader": "emnist",
    "shape": (28, 28),
    "licence": "public domain (NIST)",
    "citation": "Cohen, Afshar, Tapson & van Schaik (2017): EMNIST, arXiv:1702.05373",
    "homepage": "https://www.nist.gov/itl/products-and-services/emnist-dataset",
    "mirrors": (
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ),
    "files": _files("emnist"),
    "folder": "emnist",
}

_ENTRIES = (
    Entry(
        name="digits",
        title="Handwritten digits, 8×8, bundled with scikit-learn: no download",
        reader="bundled",
        classes=DIGITS,
        shape=(8, 8),
        n_train=1_797,
        n_test=0,
        licence="CC BY 4.0 (UCI)",
        citation="Alpaydin & Kaynak (1998): Optical Recognition of Handwritten Digits, UCI",
        homepage="https://archive.ics.uci.edu/dataset/80",
    ),
    Entry(
        name="mnist",
        title="Handwritten digits, 28×28",
        reader="idx",
        classes=DIGITS,
        shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        licence="CC BY-SA 3.0",
        citation="LeCun, Cortes & Burges (1998): The MNIST database of handwritten digits",
        homepage="http://yann.lecun.com/exdb/mnist/",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
        files=_files("mnist"),
    ),
    Entry(
        name="fashion-mnist",
        title="Articles of clothing, 28×28",
        reader="idx",
        classes=_words(
            "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
        ),
        shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        licence="MIT",
        citation="Xiao, Rasul & Vollgraf (2017): Fashion-MNIST, arXiv:1708.07747",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        files=_files("fashion"),
    ),
    Entry(
        name="kmnist",
        title="Cursive Japanese characters, 28×28",
        reader="idx",
        classes=_words("o, ki, su, tsu, na, ha, ma, ya, re, wo"),
        shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        licence="CC BY-SA 4.0",
        citation="Clanuwat et al. (2018): Deep Learning for Classical Japanese Literature, arXiv:1812.01718",
        homepage="https://github.com/rois-codh/kmnist",
        mirrors=(
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        files=_files("kmnist"),
    ),
    Entry(
        name="usps",
        title="Handwritten digits of US postal codes, 16×16",
        reader="libsvm",
        classes=DIGITS,
        shape=(16, 16),
        n_train=7_291,
        n_test=2_007,
        licence="unknown",
        citation="Hull (1994): A database for handwritten text recognition research, IEEE PAMI 16(5)",
        homepage="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
        mirrors=(
            "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
            "http://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
        ),
        files=_files("usps"),
    ),
    Entry(
        name="cifar10",
        title="Small colour photographs of ten kinds of things, 32×32",
        reader="cifar",
        classes=_words("airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck"),
        shape=(32, 32, 3),
        n_train=50_000,
        n_test=10_000,
        licence="unknown",
        citation="Krizhevsky (2009): Learning multiple layers of features from tiny images",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        mirrors=("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"),
        files=_files("cifar10"),
    ),
    Entry(
        name="svhn",
        title="House numbers in street photographs, 32×32 in colour",
        reader="svhn",
        classes=DIGITS,
        shape=(32, 32, 3),
        n_train=73_257,
        n_test=26_032,
        licence="non-commercial use",
        citation="Netzer et al. (2011): Reading digits in natural images with unsupervised feature learning",
        homepage="http://ufldl.stanford.edu/housenumbers/",
        mirrors=("http://ufldl.stanford.edu/housenumbers/",),
        files=_files("svhn"),
    ),
    Entry(
        name="emnist-letters",
        title="Handwritten letters, upper and lower case merged, 28×28",
        classes=tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        n_train=124_800,
        n_test=20_800,
        **_EMNIST,  # type: ignore[arg-type]
    ),
    Entry(
        name="emnist-balanced",
        title="Handwritten digits and letters, 47 balanced classes, 28×28",
        classes=EMNIST_BALANCED,
        n_train=112_800,
        n_test=18_800,
        **_EMNIST,  # type: ignore[arg-type]
    ),
)

CATALOG = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Name → Entry, read-only."""

ALIASES = MappingProxyType(
    {
        "fashion": "fashion-mnist",
        "fashionmnist": "fashion-mnist",
        "cifar-10": "cifar10",
        "letters": "emnist-letters",
    }
)


def lookup(name: str) -> Entry | None:
    """Return the entry of that name (case and ``_`` for ``-`` do not matter), or None."""
    key = name.strip().lower().replace("_", "-")
    return CATALOG.get(ALIASES.get(key, key))


def find(name: str) -> Entry:
    """Return the entry of that name.

    Raises
    ------
    NotFoundError
        There is none; the message names those that are spelt much alike.
    """
    entry = lookup(name)
    if entry is None:
        raise NotFoundError(f"the catalogue has no '{name}'", suggestion(name))
    return entry


def suggestion(name: str, others: tuple[str, ...] = ()) -> str:
    """Say which catalogue names (or `others`) resemble `name`, or list the catalogue."""
    close = difflib.get_close_matches(name.lower().replace("_", "-"), [*CATALOG, *ALIASES, *others], n=3)
    if close:
        return f"Did you mean {' or '.join(dict.fromkeys(ALIASES.get(c, c) for c in close))}?"
    return f"Give a path, openml:NAME, or one of {', '.join(CATALOG)}."
