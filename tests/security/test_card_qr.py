"""The QR code: read back by another program, from what a browser draws."""

import re

import pytest
import zxingcpp

from fhir_pgx.errors import InvalidCard
from fhir_pgx.model.wallet import QUIET
from fhir_pgx.security.card_frame import MAX_JWS
from fhir_pgx.security.card_qr import LARGEST_VERSION, qr_code, svg_file
from fhir_pgx.security.wallet_card import issue_card

from .card_maker import ISSUER, NOW, POOR, card_key, content

_BOX = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def pixels(code, scale=3):
    """The path as a browser fills it, in grey, as a two-dimensional view."""
    width = code.width * scale
    grey = bytearray(b"\xff" * width * width)
    boxes = _BOX.findall(code.path)
    assert "".join(f"M{x} {y}h{n}v1h-{m}z" for x, y, n, m in boxes) == code.path
    for x, y, length, back in boxes:
        assert length == back
        for row in range(int(y) * scale, (int(y) + 1) * scale):
            start = row * width + int(x) * scale
            grey[start : start + int(length) * scale] = bytes(int(length) * scale)
    return memoryview(grey).cast("B", (width, width))


def test_another_program_reads_the_card_s_text_from_the_drawing():
    issued = issue_card(content(), card_key(), issuer=ISSUER, now=NOW)
    (read,) = zxingcpp.read_barcodes(pixels(qr_code(issued.jws)))
    assert read.text == issued.text


@pytest.mark.parametrize(
    ("length", "version", "correction"), [(900, 22, "M"), (940, 19, "L"), (MAX_JWS, 22, "L")]
)
def test_the_stronger_correction_is_taken_where_it_fits(length, version, correction):
    code = qr_code("x" * length)
    assert (code.version, code.correction) == (version, correction)
    assert code.modules == 17 + 4 * version
    assert code.width == code.modules + 2 * QUIET
    (read,) = zxingcpp.read_barcodes(pixels(code))
    assert read.text.startswith("shc:/75")


def test_the_largest_card_fits_and_a_larger_one_is_refused():
    assert qr_code("x" * MAX_JWS).version == LARGEST_VERSION
    with pytest.raises(InvalidCard, match="too large"):
        qr_code("x" * (MAX_JWS + 1))


def test_a_full_card_is_still_one_code():
    many = [POOR] * 60
    issued = issue_card(content(*many), card_key(), issuer=ISSUER, now=NOW)
    assert qr_code(issued.jws).version <= LARGEST_VERSION


def test_the_file_has_a_title_and_no_style():
    drawn = svg_file(qr_code("x.y.z"), "QR code of a card")
    assert "<title>QR code of a card</title>" in drawn
    assert "style" not in drawn
