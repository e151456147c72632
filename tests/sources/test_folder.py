"""Folders of image files: classes, splits, sizes, colours, and everything that is wrong with real folders."""

import os
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sightline.errors import DataError, UsageError
from sightline.sources import load
from sightline.sources.decode import read_pixels
from sightline.sources.fit import default_size, parse_size


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path, rng):
    """Two classes of three 6×8 colour images, and their pixels by name."""
    root = tmp_path / "photos"
    pixels = {f"{c}/{i}.png": rng.integers(0, 256, (6, 8, 3)) for c in ("cat", "dog") for i in range(3)}
    for name, image in pixels.items():
        save(root / name, image)
    return root, pixels


def test_classes_are_subfolders(photos):
    root, pixels = photos
    found = load(root, split="none")
    assert (found.classes, found.name, found.notes, found.n_train) == (("cat", "dog"), "photos", (), None)
    for image, label, name in zip(found.images, found.labels, found.files, strict=True):
        np.testing.assert_array_equal(image, pixels[name])
        assert name.startswith(found.classes[label])


@pytest.mark.parametrize(
    ("train", "test"), [("train", "test"), ("Training", "testing"), ("train", "val"), ("train", "validation")]
)
def test_a_given_split_is_honoured(tmp_path, photos, train, test):
    root = tmp_path / "set"
    root.mkdir()
    photos[0].rename(root / train)
    for k, kind in enumerate(("cat", "dog")):
        save(root / test / kind / "9.png", np.full((6, 8, 3), [k, 0, 9]))
    found = load(root)
    assert (len(found), found.n_train, found.classes) == (8, 6, ("cat", "dog"))
    assert [file.split("/")[0] for file in found.test.files] == [test, test]
    assert bool(found.notes) == test.startswith("val")


def test_validation_beside_test_is_left_aside(tmp_path, photos):
    for part in ("train", "test", "val"):
        for name, image in photos[1].items():
            save(tmp_path / "set" / part / name, image)
    found = load(tmp_path / "set")
    assert (len(found), found.n_train) == (12, 6)
    assert "val/ was left aside" in found.notes[0]


def test_a_folder_around_the_folder_is_looked_through(tmp_path, photos):
    (tmp_path / "outer").mkdir()
    photos[0].rename(tmp_path / "outer" / "inner")
    assert load(tmp_path / "outer", split="none").classes == ("cat", "dog")


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "gif", "jpg"])
def test_formats(tmp_path, suffix):
    for value, kind in ((40, "dark"), (200, "light")):
        options = {"lossless": True} if suffix == "webp" else {}
        for i in range(2):
            save(tmp_path / "set" / kind / f"{i}.{suffix}", np.full((9, 9), value), **options)
    found = load(tmp_path / "set", split="none")
    assert found.shape == (9, 9)
    np.testing.assert_allclose(found.images.mean(axis=(1, 2)), [40, 40, 200, 200], atol=1)


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), v, np.uint8)) for v in (10, 250)]
    for kind in "ab":
        (tmp_path / "set" / kind).mkdir(parents=True)
        frames[0].save(tmp_path / "set" / kind / "0.gif", save_all=True, append_images=frames[1:])
    assert set(np.unique(load(tmp_path / "set", split="none").images)) == {10}


def test_grey_only_if_every_pixel_is(tmp_path):
    grey = np.arange(16).reshape(4, 4)
    for kind in "ab":
        save(tmp_path / "set" / kind / "0.png", grey)
        save(tmp_path / "set" / kind / "1.png", np.repeat(grey[:, :, None], 3, axis=2))
    assert load(tmp_path / "set", split="none").shape == (4, 4)
    save(tmp_path / "set" / "a" / "2.png", np.full((4, 4, 3), [1, 2, 3]))
    assert load(tmp_path / "set", split="none").shape == (4, 4, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_respected(tmp_path, orientation):
    upright = np.zeros((4, 6), np.uint8)
    upright[0, :] = 100
    upright[:, 0] = 200
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"} | {
        6: "ROTATE_90",
        7: "TRANSVERSE",
        8: "ROTATE_270",
    }
    image = Image.fromarray(upright)
    if orientation > 1:
        image = image.transpose(Image.Transpose[undo[orientation]])
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in "ab":
        (tmp_path / "set" / kind).mkdir(parents=True)
        for suffix in ("png", "tiff"):
            image.save(tmp_path / "set" / kind / f"0.{suffix}", exif=exif)
    for found in load(tmp_path / "set", split="none").images:
        np.testing.assert_array_equal(found, upright)


def test_transparency_is_laid_on_white(tmp_path):
    pixels = np.zeros((4, 4, 4))
    pixels[:2, :, 3] = 255
    for kind in "ab":
        save(tmp_path / "set" / kind / "0.png", pixels)
    found = load(tmp_path / "set", split="none")
    np.testing.assert_array_equal(found.images[0], [[0] * 4] * 2 + [[255] * 4] * 2)


def test_sixteen_bits_are_scaled_not_cut(tmp_path):
    for kind in "ab":
        (tmp_path / "set" / kind).mkdir(parents=True)
        Image.fromarray(np.full((3, 3), 25700, np.uint16)).save(tmp_path / "set" / kind / "0.png")
        Image.fromarray(np.full((3, 3), 100 / 255, np.float32)).save(tmp_path / "set" / kind / "1.tiff")
    assert set(np.unique(load(tmp_path / "set", split="none").images)) == {100}


def test_mixed_sizes_are_fitted_and_padded(tmp_path):
    for kind in "ab":
        save(tmp_path / "set" / kind / "tall.png", np.full((20, 10), 80))
        save(tmp_path / "set" / kind / "wide.png", np.full((10, 40), 90))
        save(tmp_path / "set" / kind / "square.png", np.full((30, 30), 70))
    found = load(tmp_path / "set", split="none")
    assert found.shape == (30, 30)
    assert "different sizes" in found.notes[0]
    assert set(np.unique(found.images)) == {70, 80, 90}  # the border's own colour, not black bars
    assert load(tmp_path / "set", size="12x16", split="none").shape == (12, 16)


def test_proportions_are_kept(tmp_path):
    stripe = np.zeros((20, 40))
    stripe[:, 18:22] = 255
    for kind in "ab":
        save(tmp_path / "set" / kind / "0.png", stripe)
    image = load(tmp_path / "set", size=20, split="none").images[0]
    assert (image[:5].max(), image[15:].max()) == (0, 0)
    assert (image[10] > 100).sum() == 2


def test_size_applies_to_every_source():
    assert load("digits", size=4).shape == (4, 4)
    assert load("digits", size=(8, 8)).digest == load("digits").digest


@given(st.integers(1, 4096), st.integers(1, 4096))
def test_sizes_are_understood(height, width):
    assert parse_size(f"{height}x{width}") == parse_size(f" {height} × {width}") == (height, width)
    assert parse_size(height) == parse_size(str(height)) == (height, height)


@pytest.mark.parametrize("size", [0, -3, "big", "3x", "1x2x3", 99999, (0, 4), "0", ()])
def test_impossible_sizes(size):
    with pytest.raises(UsageError, match="size"):
        load("digits", size=size)


def test_the_default_size_is_their_own_or_a_square_of_at_most_64():
    assert default_size(np.array([[30, 40]] * 3)) == (30, 40)
    assert default_size(np.array([[900, 1200]] * 3)) == (64, 64)
    assert default_size(np.array([[30, 40], [20, 10], [28, 28]])) == (28, 28)


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_what_cannot_be_read_is_left_out_and_named(photos):
    root, pixels = photos
    (root / "cat" / "text.png").write_text("this is not a picture")
    (root / "cat" / "empty.jpg").write_bytes(b"")
    (root / "dog" / "bomb.png").write_bytes(png_header(60_000, 60_000))
    (root / "dog" / "large.png").write_bytes(png_header(9_000, 9_000))
    whole = (root / "dog" / "1.png").read_bytes()
    (root / "dog" / "torn.png").write_bytes(whole[: len(whole) // 2])
    (root / "dog" / "lost.png").symlink_to(root / "nowhere")
    (root / "dog" / "notes.txt").write_text("a file of another kind")
    (root / "dog" / ".hidden.png").write_text("hidden")
    start = time.perf_counter()
    found = load(root, split="none")
    assert time.perf_counter() - start < 5
    assert sorted(found.files) == sorted(pixels)
    kinds, unread = found.notes
    assert kinds.startswith("1 files")
    assert "6 of 12 files could not be read" in unread
    for name in (
        "cat/text.png (not an image)",
        "cat/empty.jpg (empty file)",
        "dog/bomb.png (more than 50 million",
    ):
        assert name in unread
    assert unread.endswith("; ….")


def test_images_outside_the_class_folders_are_named(photos):
    root, pixels = photos
    save(root / "stray.png", np.zeros((4, 4)))
    found = load(root, split="none")
    assert (len(found), found.notes) == (
        len(pixels),
        ("1 images in photos/ lie in no class's folder and were left out.",),
    )


def test_a_class_folder_that_may_not_be_read_is_an_error(photos, monkeypatch):
    """Left out in silence it would change what is learned. Root may read everything, so refusal is played."""
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"dog cannot be read \(Permission denied\)\. Allow it"):
        load(photos[0])


def test_a_file_that_grows_absurd_after_its_header_was_judged(photos):
    root, _ = photos
    (root / "bomb.png").write_bytes(png_header(9_000, 9_000))
    assert read_pixels(root / "bomb.png", (8, 8), True) == "more than 50 million pixels"
    assert "million" not in read_pixels(root / "nowhere.png", (8, 8), True)


def test_broken_metadata_do_not_make_an_image_unreadable(tmp_path):
    for kind in "ab":
        save(tmp_path / "set" / kind / "0.jpg", np.full((8, 8), 90), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert (load(tmp_path / "set", split="none").images == 90).all()


def test_intensities_beyond_sixteen_bits_are_refused(tmp_path):
    for value in (-1.0, 70_000.0, np.nan):
        Image.fromarray(np.full((3, 3), value, np.float32)).save(tmp_path / "0.tiff")
        assert read_pixels(tmp_path / "0.tiff", (3, 3), True).startswith("intensities run from")


def test_a_large_photograph_is_decoded_at_a_fraction_of_its_size(tmp_path):
    for kind, value in (("a", 30), ("b", 220)):
        save(tmp_path / "set" / kind / "0.jpg", np.full((600, 800), value))
    found = load(tmp_path / "set", size=16, split="none")
    np.testing.assert_allclose(found.images.mean(axis=(1, 2)), [30, 220], atol=1)


def test_links_that_lead_in_circles_are_followed_once(photos):
    root, pixels = photos
    (root / "cat" / "again").symlink_to(root / "cat")
    (root / "dog" / "up").symlink_to(root / "dog")
    assert len(load(root, split="none")) == len(pixels)


def test_nested_folders_belong_to_their_class(photos):
    root, _ = photos
    save(root / "cat" / "more" / "9.png", np.zeros((6, 8, 3)))
    found = load(root, split="none")
    assert np.bincount(found.labels).tolist() == [4, 3]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    position=st.integers(0, 10_000),
    value=st.integers(0, 255),
    kind=st.sampled_from(["png", "jpg", "tiff", "webp", "gif", "bmp"]),
)
def test_a_changed_byte_never_crashes(tmp_path, position, value, kind):
    root = tmp_path / kind
    if not root.exists():
        for name in "ab":
            for i in range(2):
                save(root / name / f"{i}.{kind}", np.arange(64).reshape(8, 8))
    raw = bytearray((root / "b" / f"0.{kind}").read_bytes())
    raw[position % len(raw)] = value
    (root / "a" / f"0.{kind}").write_bytes(bytes(raw))
    found = load(root, size=8, split="none")
    assert 3 <= len(found) <= 4


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda root: None, "holds no images"),
        (lambda root: (root / "a").mkdir(), "holds no images"),
        (lambda root: save(root / "0.png", np.zeros((4, 4))), "no subfolders"),
        (
            lambda root: [save(root / "a" / f"{i}.png", np.zeros((4, 4))) for i in range(2)],
            "one class only: 'a'",
        ),
        (
            lambda root: [save(root / name, np.zeros((4, 4))) for name in ("a/0.png", "a/1.png", "b/0.png")],
            r"fewer than two usable images: 'b' \(1\)",
        ),
        (
            lambda root: [(root / "a").mkdir(), (root / "a" / "0.png").write_text("no")],
            "none of the 1 images",
        ),
    ],
)
def test_folders_that_cannot_be_learned_from(tmp_path, make, says):
    (tmp_path / "set").mkdir()
    make(tmp_path / "set")
    with pytest.raises(DataError, match=says):
        load(tmp_path / "set")


def test_a_class_only_in_the_test_set(tmp_path):
    for name in ("train/a/0.png", "train/b/0.png", "test/a/1.png", "test/c/1.png"):
        save(tmp_path / "set" / name, np.zeros((4, 4)))
    with pytest.raises(DataError, match="no training images of 'c'"):
        load(tmp_path / "set")


def test_a_single_image_is_no_data_set(tmp_path):
    with pytest.raises(DataError, match="a single image"):
        load(save(tmp_path / "0.png", np.zeros((4, 4))))
