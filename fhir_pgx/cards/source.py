"""Who speaks on a card, on which subject, and where our own members stand."""

from collections.abc import Collection, Sequence

from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import plain
from fhir_pgx.model import card
from fhir_pgx.model.card import Source
from fhir_pgx.model.drug import Coding

TOPIC_SYSTEM = "urn:fhir-pgx:topic"
EXTENSION = card.OURS
SOURCES = {
    "CPIC": ("Clinical Pharmacogenetics Implementation Consortium (CPIC)", "https://cpicpgx.org/"),
    "DPWG": ("Dutch Pharmacogenetics Working Group (DPWG)", "https://www.knmp.nl/"),
    "FDA": (
        "U.S. Food and Drug Administration (FDA)",
        "https://www.fda.gov/medical-devices/precision-medicine/table-pharmacogenetic-associations",
    ),
}
HOUSE = "fhir_pgx: pharmacogenomic decision support"


def source_of(sources: Collection[str], subject: Coding) -> Source:
    """The source of what a card says where it is one; ourselves where it is several, or none: no
    body may be shown as the author of what it did not say."""
    if len(sources) != 1:
        return Source(HOUSE, None, subject)
    label, url = SOURCES[next(iter(sources))]
    return Source(label, url, subject)


def topic(source: str, drug: str, genes: Sequence[str], action: str) -> Coding:
    """At most 100 letters and digits, always the same: Epic remembers overrides by it."""
    raw = f"{source}-{drug}-{'-'.join(sorted(genes))}-{action}"
    code = "".join(part[:1].upper() + part[1:] for part in raw.split("-"))
    code = "".join(sign for sign in code if sign.isascii() and sign.isalnum())[:100]
    of_genes = f" and {', '.join(genes)}" if genes else ""
    display = f"{capitalised(drug)}{of_genes}: {action.replace('-', ' ')}"
    return Coding(TOPIC_SYSTEM, code, plain(display, 120))
