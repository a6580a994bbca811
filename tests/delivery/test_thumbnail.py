"""Thumbnails: small, upright, and nothing but pixels, from whatever people send."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.delivery import thumbnail as thumbnails
from bot.delivery.thumbnail import SIDE, NoThumbnail, Thumbnail, kept_thumbnail, thumbnail
from tests.support.examples import examples
from tests.support.photos import BLUE, RED, SECRETS, drawing, exif, png_header, saved, telling

HEIC = (Path(__file__).parents[1] / "data" / "photo.heic").read_bytes()
DIGEST = "ab" * 32
# Pillow warns of broken notes in a photo. In service that is a line on standard error, not an exception.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def opened(made: Thumbnail | NoThumbnail) -> Image.Image:
    assert isinstance(made, Thumbnail), made
    image = Image.open(io.BytesIO(made.data))
    image.load()
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (made.width, made.height))
    assert max(image.size) <= SIDE
    return image


def near(image: Image.Image, at: tuple[float, float], colour: Sequence[int]) -> bool:
    """Whether the pixel there (parts of width and height) has about this colour."""
    pixel = image.getpixel((int(at[0] * image.width), int(at[1] * image.height)))
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True))


def marks(data: bytes) -> set[int]:
    """The kinds of segments in a JPEG, up to its pixels."""
    kinds, at = set(), 2
    while data[at + 1] != 0xDA:
        kinds.add(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return kinds


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_a_phone_wrote_beside_the_pixels_is_in_a_thumbnail(form: str) -> None:
    data = telling(form)
    assert any(secret in data for secret in SECRETS)
    made = thumbnail(data)
    image = opened(made)
    assert isinstance(made, Thumbnail)
    assert not [secret for secret in SECRETS if secret in made.data]
    assert marks(made.data) <= {0xE0, 0xDB, 0xC0, 0xC4}  # JFIF, quantisation, frame, Huffman: no notes
    assert not image.getexif()
    assert not {"exif", "icc_profile", "comment", "xmp"} & image.info.keys()
    assert near(image, (0.2, 0.5), RED)
    assert near(image, (0.8, 0.5), BLUE)


@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [
        (1, (0.1, 0.5)),
        (2, (0.9, 0.5)),
        (3, (0.9, 0.5)),
        (4, (0.1, 0.5)),
        (5, (0.5, 0.1)),
        (6, (0.5, 0.1)),
        (7, (0.5, 0.9)),
        (8, (0.5, 0.9)),
    ],
)
def test_a_photo_is_turned_as_the_phone_was_held(orientation: int, red_at: tuple[float, float]) -> None:
    image = opened(thumbnail(saved(drawing(), "JPEG", exif=exif(orientation))))
    assert image.size == ((160, 120) if orientation < 5 else (120, 160))
    assert near(image, red_at, RED)
    assert near(image, (1 - red_at[0], 1 - red_at[1]), BLUE)


@pytest.mark.parametrize(
    ("mode", "form"),
    [("CMYK", "JPEG"), ("P", "PNG"), ("P", "GIF"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGB", "WEBP")],
)
def test_every_way_to_write_colours_shows_the_same_colours(mode: str, form: str) -> None:
    image = opened(thumbnail(saved(drawing(mode=mode), form)))
    assert near(image, (0.2, 0.5), RED)
    assert near(image, (0.8, 0.5), BLUE)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_black_and_white_stays_so(mode: str) -> None:
    page = Image.new("L", (300, 200), 255)
    page.paste(0, (0, 0, 150, 200))
    image = opened(thumbnail(saved(page.convert(mode), "PNG")))
    assert near(image, (0.2, 0.5), (0, 0, 0))
    assert near(image, (0.8, 0.5), (255, 255, 255))


def test_sixteen_bits_a_pixel_keep_their_brightness() -> None:
    image = opened(thumbnail(saved(Image.new("I;16", (300, 200), 128 * 256), "PNG")))
    assert near(image, (0.5, 0.5), (128, 128, 128))


def test_transparent_parts_are_white() -> None:
    clear = drawing(mode="RGBA")
    clear.putalpha(Image.new("L", clear.size, 0))
    palette = Image.new("P", (300, 200), 0)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    for data in (saved(clear, "PNG"), saved(clear, "WEBP"), saved(palette, "PNG", transparency=0)):
        assert near(opened(thumbnail(data)), (0.5, 0.5), (255, 255, 255))


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_an_animation_shows_its_first_picture(form: str) -> None:
    first, later = Image.new("RGB", (200, 200), RED), Image.new("RGB", (200, 200), BLUE)
    image = opened(thumbnail(saved(first, form, save_all=True, append_images=[later, later])))
    assert near(image, (0.5, 0.5), RED)


def test_a_small_picture_is_not_blown_up_and_a_narrow_one_not_lost() -> None:
    assert opened(thumbnail(saved(drawing((40, 30)), "PNG"))).size == (40, 30)
    assert opened(thumbnail(saved(drawing((5000, 2)), "PNG"))).size == (160, 1)


def test_a_picture_within_a_picture_gives_the_outer_one() -> None:
    pair = saved(drawing(), "MPO", save_all=True, append_images=[Image.new("RGB", (100, 100), "white")])
    assert near(opened(thumbnail(pair)), (0.2, 0.5), RED)


@pytest.mark.parametrize("size", [(60_000, 60_000), (9_000, 9_000), (6_500, 6_500)])
def test_a_small_file_that_would_fill_the_memory_is_not_read(size: tuple[int, int]) -> None:
    assert thumbnail(png_header(*size)) is NoThumbnail.TOO_LARGE


def test_a_coarsely_read_photo_may_be_larger_than_others() -> None:
    wide = Image.new("L", (8_000, 5_500), 200)
    assert opened(thumbnail(saved(wide, "JPEG"))).size == (160, 110)
    assert thumbnail(saved(wide, "JPEG", progressive=True)) is NoThumbnail.TOO_LARGE


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_cut_off_on_the_way_is_broken(form: str) -> None:
    data = saved(Image.effect_noise((200, 200), 90), form)
    assert isinstance(thumbnail(data), Thumbnail)
    assert thumbnail(data[: len(data) // 2]) is NoThumbnail.BROKEN


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"%!PS-Adobe-3.0 EPSF-3.0"],
)
def test_what_is_no_photo_is_named_so(data: bytes) -> None:
    assert thumbnail(data) is NoThumbnail.UNKNOWN


def test_broken_notes_do_not_cost_the_photo() -> None:
    data = saved(drawing(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff nonsense")
    assert near(opened(thumbnail(data)), (0.2, 0.5), RED)


def test_a_heic_photo_is_shown_where_its_reader_is_installed() -> None:
    made = thumbnail(HEIC)
    if find_spec("pillow_heif") is None:
        assert made is NoThumbnail.NO_READER
        return
    image = opened(made)
    assert isinstance(made, Thumbnail)
    assert b"Secret" in HEIC
    assert not [secret for secret in SECRETS if secret in made.data]
    assert near(image, (0.2, 0.5), RED)
    assert near(image, (0.8, 0.5), BLUE)


def test_without_its_reader_a_heic_photo_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = f"import sys, runpy; sys.modules['pillow_heif'] = None; runpy.run_path({thumbnails.__file__!r}, run_name='__main__')"
    monkeypatch.setattr(thumbnails, "HEIF_READER", (sys.executable, "-I", "-c", bare))
    assert thumbnail(HEIC) is NoThumbnail.NO_READER


@pytest.mark.parametrize(
    "end", ["os.abort()", "time.sleep(600)", "print('no word it knows')", "print('x' * 99)"]
)
def test_a_reader_that_crashes_hangs_or_talks_nonsense_costs_only_the_picture(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "HEIF_SECONDS", 1.0)
    monkeypatch.setattr(thumbnails, "HEIF_READER", (sys.executable, "-I", "-c", f"import os, time; {end}"))
    assert thumbnail(HEIC) is NoThumbnail.BROKEN


def test_a_reader_that_cannot_be_started_costs_only_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "HEIF_READER", (str(tmp_path / "missing"),))
    assert thumbnail(HEIC) is NoThumbnail.BROKEN


@pytest.mark.parametrize("end", [12, 40, 200, 500, 700])
def test_a_heic_photo_cut_off_on_the_way_gives_a_reason(end: int) -> None:
    assert thumbnail(HEIC[:end]) in (NoThumbnail.BROKEN, NoThumbnail.UNKNOWN, NoThumbnail.NO_READER)


SEEDS = [*(telling(form) for form in ("JPEG", "PNG", "WEBP")), saved(drawing(), "GIF")]
DAMAGE = st.lists(st.tuples(st.integers(0, 30_000), st.binary(min_size=1, max_size=8)), max_size=8)


@examples(300)
@given(st.sampled_from(SEEDS), DAMAGE, st.integers(0, 30_000))
def test_damaged_photos_give_a_thumbnail_or_a_reason(
    seed: bytes, damage: list[tuple[int, bytes]], end: int
) -> None:
    data = bytearray(seed[: end or None])
    for at, new in damage:
        at %= len(data)
        data[at : at + len(new)] = new
    made = thumbnail(bytes(data))
    if isinstance(made, Thumbnail):
        opened(made)
        assert not [secret for secret in SECRETS if secret in made.data]


@examples(200)
@given(st.sampled_from([b"", *(seed[:16] for seed in SEEDS)]), st.binary(max_size=200))
def test_any_bytes_give_a_thumbnail_or_a_reason(start: bytes, rest: bytes) -> None:
    assert isinstance(thumbnail(start + rest), Thumbnail | NoThumbnail)


def original(media: Path, data: bytes) -> Path:
    path = media / DIGEST[:2] / DIGEST
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_a_thumbnail_is_made_once(tmp_path: Path) -> None:
    path = original(tmp_path, saved(drawing(), "JPEG"))
    made = kept_thumbnail(tmp_path, DIGEST)
    opened(made)
    path.unlink()
    assert kept_thumbnail(tmp_path, DIGEST) == made
    kept = [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()]
    assert kept == [f"thumbs/ab/{DIGEST}"]


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8 not a picture", saved(drawing(), "JPEG")])
def test_a_damaged_thumbnail_is_made_again(tmp_path: Path, damage: bytes) -> None:
    original(tmp_path, saved(drawing(), "PNG"))
    made = kept_thumbnail(tmp_path, DIGEST)
    (tmp_path / "thumbs" / "ab" / DIGEST).write_bytes(damage)
    assert kept_thumbnail(tmp_path, DIGEST) == made
    assert (tmp_path / "thumbs" / "ab" / DIGEST).read_bytes() != damage


def test_a_thumbnail_that_cannot_be_kept_is_shown_all_the_same(tmp_path: Path) -> None:
    original(tmp_path, saved(drawing(), "PNG"))
    (tmp_path / "thumbs").write_text("in the way")
    opened(kept_thumbnail(tmp_path, DIGEST))


def test_a_file_that_is_not_there_is_named_so(tmp_path: Path) -> None:
    assert kept_thumbnail(tmp_path, DIGEST) is NoThumbnail.NO_FILE
