"""Makes the small picture that an export shows instead of a photo, and keeps it so that it is made once.

Rule: a thumbnail is painted anew from pixels alone. Nothing a phone wrote beside them (place, time, device, owner,
comments, colour profile, an older thumbnail) can come along, and no bytes whatever make this module raise.

HEIC is read by this same file run as a program of its own: its decoders are young, damaged photos have made them
crash, and a bot that dies of a photo would die again at every start.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 160  # pixels of the longer side
QUALITY = 70
LONGEST_REASON = 20  # bytes; any JPEG is longer
FOLDER = "thumbs"  # beside the two-letter folders of the originals
# Pillow knows many more forms that no phone sends; each would be one more way in.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 40_000_000  # four bytes each while it is read
MOST_PIXELS_COARSE = 80_000_000  # of a JPEG that is read at an eighth of its size
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
HEIF_READER = (sys.executable, "-I", __file__)
HEIF_SECONDS = 20.0
HEIF_MEMORY = 1 << 30  # bytes of address space


class NoThumbnail(StrEnum):
    """Why there is none."""

    UNKNOWN = "unknown"  # no image, or of a kind we do not read
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    NO_READER = "no_reader"  # HEIC, and the package that reads it is not installed
    NO_FILE = "no_file"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG of at most 160 pixels a side."""

    data: bytes = field(repr=False)
    width: int
    height: int


def thumbnail(data: bytes) -> Thumbnail | NoThumbnail:
    """The image in `data` upright and small, of an animation the first picture; transparent parts are white."""
    if not (data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS):
        return _made(lambda: Image.open(io.BytesIO(data), formats=FORMATS))
    try:
        # An empty environment: there may be secrets in ours.
        ran = subprocess.run(
            HEIF_READER, input=data, capture_output=True, timeout=HEIF_SECONDS, env={}, check=False
        )
        if len(ran.stdout) < LONGEST_REASON:
            return NoThumbnail(ran.stdout.decode())
        return _read_back(ran.stdout) or NoThumbnail.BROKEN
    except (OSError, ValueError, subprocess.SubprocessError):
        return NoThumbnail.BROKEN


def kept_thumbnail(media: Path, sha256: str) -> Thumbnail | NoThumbnail:
    """The thumbnail of the file that lies at media/ab/abcd…; made once, then read from media/thumbs/ab/abcd…"""
    kept = media / FOLDER / sha256[:2] / sha256
    with contextlib.suppress(OSError):
        if known := _read_back(kept.read_bytes()):
            return known
    try:
        made = thumbnail((media / sha256[:2] / sha256).read_bytes())
    except OSError:
        return NoThumbnail.NO_FILE
    if isinstance(made, Thumbnail):
        with contextlib.suppress(OSError):  # not kept: it will be made again
            _keep(kept, made.data)
    return made


def _made(open_image: Callable[[], Image.Image]) -> Thumbnail | NoThumbnail:
    try:
        with open_image() as image:
            return _too_large(image) or _encode(_flat(_small(image)))
    except ImportError:
        return NoThumbnail.NO_READER
    except UnidentifiedImageError:
        return NoThumbnail.UNKNOWN
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return NoThumbnail.TOO_LARGE
    except (
        Exception
    ):  # decoders raise a dozen kinds, from SyntaxError to MemoryError; each means the same here
        return NoThumbnail.BROKEN


def _too_large(image: Image.Image) -> NoThumbnail | None:
    coarse = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
    most = MOST_PIXELS_COARSE if coarse else MOST_PIXELS
    return NoThumbnail.TOO_LARGE if image.width * image.height > most else None


def _small(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel; a plain conversion would cut off all above the lowest 8
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.mode in ("P", "PA") or "transparency" in image.info:  # colours by number cannot be averaged
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    with contextlib.suppress(Exception):  # a broken note about the photo is no reason to go without the photo
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _flat(image: Image.Image) -> Image.Image:
    """The pixels alone, on white, in an image that never had anything else."""
    flat = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        flat.paste(image.convert("RGB"), mask=image.getchannel("A"))
    else:
        flat.paste(image.convert("RGB"))
    return flat


def _encode(image: Image.Image) -> Thumbnail:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return Thumbnail(out.getvalue(), image.width, image.height)


def _read_back(data: bytes) -> Thumbnail | None:
    """A thumbnail that was kept or made elsewhere; None when it did not come through whole."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.load()
            return Thumbnail(data, image.width, image.height) if max(image.size) <= SIDE else None
    except Exception:  # as above
        return None


def _keep(path: Path, data: bytes) -> None:
    """All of it or nothing; two exports at once may do the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


def read_heif() -> None:
    """The HEIC photo on standard input becomes a thumbnail, or the reason for none, on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (HEIF_MEMORY, HEIF_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no photo lying about
    data = io.BytesIO(sys.stdin.buffer.read())
    made = _made(lambda: _heif_image(data))
    sys.stdout.buffer.write(made.data if isinstance(made, Thumbnail) else made.encode())


def _heif_image(data: io.BytesIO) -> Image.Image:
    image: Image.Image = importlib.import_module("pillow_heif").HeifImageFile(data)
    return image


if __name__ == "__main__":
    read_heif()
