"""Photos for the tests, drawn here: red on the left, blue on the right, with everything a phone writes beside them."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

RED, BLUE = (200, 0, 0), (0, 0, 200)
MAKER, COMMENT, XMP = "SecretMaker", "SecretComment", "SecretXmp"
LATITUDE = ((33, 1), (51, 1), (7_654_321, 1_000_000))
SECRETS = (
    b"Secret",
    b"33.8521",
    b"113.4691",
    struct.pack(">II", *LATITUDE[2]),
    struct.pack("<II", *LATITUDE[2]),
    b"Exif",
    b"GPS",
    b"xmpmeta",
    b"ICC_PROFILE",
    b"acsp",
)


def drawing(size: tuple[int, int] = (240, 180), mode: str = "RGB") -> Image.Image:
    """Red on the left half, blue on the right, in any mode."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """The image as a file of this form."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    """What a phone notes: where it was, who made it, how it was held."""
    notes = Image.Exif()
    notes[0x0112], notes[0x010F] = orientation, MAKER
    notes[0x8825] = {1: "N", 2: tuple(a / b for a, b in LATITUDE), 3: "E", 4: (113.0, 28.0, 8.7)}
    return notes.tobytes()


def telling(form: str) -> bytes:
    """A photo that says in every way its form knows where it was taken and by whom."""
    about = f"<x:xmpmeta>{XMP} 33.8521 113.4691</x:xmpmeta>".encode()
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if form == "PNG":
        notes = PngInfo()
        notes.add_text("Comment", COMMENT)
        notes.add_itxt("XML:com.adobe.xmp", about.decode())
        return saved(drawing(), form, exif=exif(), pnginfo=notes, icc_profile=colours)
    return saved(drawing(), form, exif=exif(), xmp=about, icc_profile=colours, comment=COMMENT)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims this size and holds nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
