"""A screenshot as a PNG of 256 colours, a third of the size: pages have few, and shades of letters.

Source of the format: PNG (ISO/IEC 15948), 5 and 11.
"""

import base64
import struct
import zlib
from typing import Any

# The browser counts the colours, much faster than we would. Taken by how often they occur, none too
# near one that is taken already; every other is drawn as the nearest.
_COUNTED = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (sign) => sign.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const count = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    count.set(colour, (count.get(colour) ?? 0) + 1);
  }
  const far = (one, two) => {
    const [r, g, b] = [16, 8, 0].map((by) => ((one >> by) & 255) - ((two >> by) & 255));
    return r * r + g * g + b * b;
  };
  const taken = [];
  const often = [...count.keys()].sort((one, two) => count.get(two) - count.get(one) || one - two);
  for (const colour of often) {
    if (taken.length === 256) break;
    if (taken.every((each) => far(each, colour) > 150)) taken.push(colour);
  }
  const place = new Map(often.map((colour) => {
    let best = 0;
    taken.forEach((each, at) => { if (far(each, colour) < far(taken[best], colour)) best = at; });
    return [colour, best];
  }));
  let drawn = "";
  for (let at = 0; at < data.length; at += 4) {
    const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    drawn += String.fromCharCode(place.get(colour));
  }
  return { width: image.width, height: image.height, colours: taken, drawn: btoa(drawn) };
}"""


def small(page: Any, png: bytes) -> bytes:
    """The picture of 256 colours. `page` is an empty one of the browser, to count them in."""
    found = page.evaluate(_COUNTED, base64.b64encode(png).decode())
    width, height = found["width"], found["height"]
    drawn = base64.b64decode(found["drawn"])
    rows = b"".join(
        b"\x00" + drawn[row * width : (row + 1) * width] for row in range(height)
    )  # no filter: palettes pack best as they are
    colours = b"".join(struct.pack(">I", colour)[1:] for colour in found["colours"])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", colours),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, body) for kind, body in parts)


def _part(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
