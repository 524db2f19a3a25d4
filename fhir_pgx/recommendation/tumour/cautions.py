"""What must be said of a finding beside any therapy: a change of the tumour that may be inherited,
one in plasma that may come from the marrow."""

from collections.abc import Iterable

from fhir_pgx.model.finding import Caveat, Presence, SourceClass
from fhir_pgx.model.tumour import Alteration
from fhir_pgx.recommendation.tumour.findings import BENIGN, UNCERTAIN

# Found in a tumour, a damaging change of these is inherited often enough to ask.
INHERITED = frozenset(
    {"TP53", "BRCA1", "BRCA2", "RET", "PALB2", "ATM", "CHEK2", "MLH1", "MSH2", "MSH6", "PMS2",
     "VHL", "NF1", "SDHB", "SDHD", "BAP1", "FH", "RAD51C", "RAD51D", "BRIP1", "CDH1", "APC"}
)  # fmt: skip
# Clonal haematopoiesis carries these into plasma (reference precision, section 3).
MARROW = frozenset({"ATM", "CHEK2", "DNMT3A", "TET2", "ASXL1", "TP53", "JAK2"})
_SMALL = ("variant", "any", "exon-deletion")


def cautions_of(alterations: Iterable[Alteration]) -> list[Caveat]:
    """A caveat for each kind of caution, naming its findings."""
    found = [
        each
        for each in alterations
        if each.presence is Presence.PRESENT
        and each.kind in _SMALL
        and each.significance not in BENIGN | UNCERTAIN
    ]
    inherited = _names(
        each for each in found if set(each.genes) & INHERITED and _is_of_a_tumour(each)
    )
    marrow = _names(each for each in found if set(each.genes) & MARROW and _is_liquid(each))
    caveats = []
    if inherited:
        caveats.append(
            Caveat(
                "PGX-703",
                f"{inherited}: found in the tumour; consider germline confirmation, it is no "
                "diagnosis of an inherited condition.",
            )
        )
    if marrow:
        caveats.append(
            Caveat(
                "PGX-704",
                f"{marrow}: in plasma it may stem from clonal haematopoiesis and not the tumour.",
            )
        )
    return caveats


def _is_liquid(each: Alteration) -> bool:
    return each.specimen == "plasma" and each.source_class is not SourceClass.GERMLINE


def _is_of_a_tumour(each: Alteration) -> bool:
    if each.source_class is SourceClass.UNKNOWN:
        return each.specimen in ("tissue", "plasma")
    return each.source_class is SourceClass.SOMATIC


def _names(found: Iterable[Alteration]) -> str:
    return ", ".join(dict.fromkeys(each.label for each in found))
