"""The QR code of a card as markup, and what is written beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from fhir_pgx.model.wallet import CardGene, OpenWhy, QrCode, WalletCard
from fhir_pgx.workbench.text.plain import visible

_OPEN_WORDS: Final[dict[OpenWhy, str]] = {
    "": "",
    "ambiguous": "Not settled: several genotypes fit",
    "conflict": "Two results disagree",
    "indeterminate": "Function not known",
}
_SHORT_WORDS: Final[dict[OpenWhy, str]] = {
    "": "",
    "ambiguous": "NOT SETTLED",
    "conflict": "RESULTS DISAGREE",
    "indeterminate": "function not known",
}
_SVG: Final = Markup(
    '<svg class="card-qr" viewBox="0 0 {width} {width}" role="img" aria-labelledby="qr-title" '
    'aria-describedby="qr-text" shape-rendering="crispEdges">'
    '<title id="qr-title">QR code that holds the signed card</title>'
    '<rect width="{width}" height="{width}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Line:
    """A gene as a line of the card. `when` and `laboratory` are empty where they are the same for
    the whole card, and stand below it."""

    gene: str
    genotype: str
    phenotype: str
    notes: tuple[str, ...]
    short_notes: tuple[str, ...]  # the same, as there is room for on the card
    when: str
    laboratory: str


def qr_svg(code: QrCode) -> Markup:
    """The code with its quiet zone. Its text stands beside it, in an element with id `qr-text`."""
    return _SVG.format(width=code.width, path=code.path)


def lines_of(card: WalletCard) -> list[Line]:
    """The genes, each with what must be known beside its result."""
    whole_when, whole_laboratory = shared(card)
    return [
        Line(
            visible(each.gene),
            visible(each.genotype) or "genotype not stated",
            visible(each.phenotype),
            tuple(notes_of(each)),
            tuple(_short_notes(each)),
            "" if whole_when else each.when or "date not stated",
            "" if whole_laboratory else visible(each.laboratory),
        )
        for each in card.genes
    ]


def notes_of(gene: CardGene) -> list[str]:
    score = f"Activity score {gene.score}" if gene.score else ""
    partial = "Tested in part: an allele may be missed" if gene.is_partial else ""
    return [each for each in (score, _OPEN_WORDS[gene.open_why], partial) if each]


def _short_notes(gene: CardGene) -> list[str]:
    score = f"score {gene.score}" if gene.score else ""
    partial = "tested in part" if gene.is_partial else ""
    return [each for each in (score, _SHORT_WORDS[gene.open_why], partial) if each]


def shared(card: WalletCard) -> tuple[str, str]:
    """The date and the laboratory that all results have; empty where they have not the same."""
    laboratory = _one([each.laboratory for each in card.genes])
    return _one([each.when for each in card.genes]), visible(laboratory)


def _one(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""


def day_of(seconds: int) -> str:
    """`2026-03-02`, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
