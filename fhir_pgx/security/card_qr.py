"""The QR code of a wallet card: two segments, as the framework asks, and never more than a phone
reads off a card of paper.

Version 22 is 105 modules wide: at 46 mm with its quiet zone a module is 0.41 mm, which the
framework holds to be readable down to 40 mm. The stronger correction is taken where it fits.
Source: SMART Health Cards Framework 1.4.0, "Encoding QRs"; ISO/IEC 18004.
"""

from typing import Final, Literal

import segno
from segno import consts
from segno.encoder import DataOverflowError

from fhir_pgx.errors import InvalidCard
from fhir_pgx.model.wallet import QUIET, QrCode
from fhir_pgx.security.card_frame import SCHEME, digits_of

LARGEST_VERSION: Final = 22
_CORRECTIONS: Final[tuple[Literal["M"], Literal["L"]]] = (
    "M",
    "L",
)  # of up to about 15 % and 7 % of the code


def qr_code(jws: str) -> QrCode:
    """Raises InvalidCard for a card that is too large for one code."""
    digits = digits_of(jws).removeprefix(SCHEME)
    segments = ((SCHEME, consts.MODE_BYTE), (digits, consts.MODE_NUMERIC))
    for correction in _CORRECTIONS:
        try:
            # Segments of two modes are what it takes, though its stub knows of one text alone.
            made = segno.make(
                segments,  # type: ignore[arg-type]
                error=correction,
                micro=False,
                boost_error=False,
            )
        except DataOverflowError:
            continue
        version = int(made.version)
        if version <= LARGEST_VERSION:
            modules = len(made.matrix)
            return QrCode(version, correction, modules, _path(made))
    raise InvalidCard("the card is too large for one QR code")


def svg_file(code: QrCode, title: str) -> str:
    """A file of its own, 46 mm wide. `title` is escaped by the caller."""
    width = code.width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="46mm" height="46mm" '
        f'viewBox="0 0 {width} {width}" role="img" shape-rendering="crispEdges">'
        f"<title>{title}</title>"
        f'<rect width="{width}" height="{width}" fill="#fff"/>'
        f'<path d="{code.path}" fill="#000"/></svg>\n'
    )


def _path(made: segno.QRCode) -> str:
    """Every run of dark modules in a row as one box."""
    drawn = []
    for row, line in enumerate(made.matrix):
        start = None
        for column, is_dark in enumerate((*line, 0)):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                length = column - start
                drawn.append(f"M{start + QUIET} {row + QUIET}h{length}v1h-{length}z")
                start = None
    return "".join(drawn)
