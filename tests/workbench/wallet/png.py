"""The pixels of a screenshot, for a reader of QR codes. Source: PNG (ISO/IEC 15948), 9 and 12."""

import struct
import zlib


def grey_of(png):
    """The red channel of an 8-bit RGB or RGBA picture, as rows by columns."""
    place, packed, width, height, channels = 8, b"", 0, 0, 0
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour in (2, 6)) == (8, True)
            channels = 3 if colour == 2 else 4
        elif kind == b"IDAT":
            packed += body
        place += 12 + length
    raw, line = zlib.decompress(packed), width * channels
    before, found = bytearray(line), bytearray()
    for row in range(height):
        start = row * (line + 1)
        now = _unfiltered(raw[start], raw[start + 1 : start + 1 + line], before, channels)
        found += now[::channels]
        before = now
    return memoryview(found).cast("B", (height, width))


def _unfiltered(kind, row, above, step):
    now = bytearray(row)
    for place, value in enumerate(now):
        left = now[place - step] if place >= step else 0
        corner = above[place - step] if place >= step else 0
        near = (0, left, above[place], (left + above[place]) // 2,
                _paeth(left, above[place], corner))[kind]  # fmt: skip
        now[place] = (value + near) & 0xFF
    return now


def _paeth(left, above, corner):
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))
