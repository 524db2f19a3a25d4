"""A patient's own HLA typing as findings, for drugs whose label asks for a type."""

import re
from collections.abc import Iterable, Sequence

from fhir_pgx.model.finding import Origin, Presence, SourceClass
from fhir_pgx.model.transplant import StatedTyping
from fhir_pgx.model.tumour import Alteration

LOCUS = "A"  # no label asks for another one
_PREFIX = re.compile(r"^(?:HLA-)?(?:A)?\*?(?=\d)", re.IGNORECASE)


def typed_as(
    typings: Iterable[StatedTyping], carried: Sequence[str], derived_from: Sequence[str], when: str
) -> tuple[Alteration, ...]:
    """The recipient's typings of the locus; where there is none, alleles that a test of one allele
    found (`*02:01`), each by itself: of the other chromosome it says nothing."""
    found = [
        _typing(each.alleles, each.origin)
        for each in typings
        if each.locus == LOCUS and each.whose == "recipient" and each.alleles
    ]
    if found or not derived_from:
        return tuple(found)
    origin = Origin(derived_from[0], "", when=when, status="final")
    return tuple(_typing((name,), origin) for name in carried)


def _typing(alleles: Iterable[str], origin: Origin) -> Alteration:
    named = tuple("/".join(_whole(each) for each in text.split("/")) for text in alleles)
    return Alteration(
        genes=("HLA-A",),
        kind="hla",
        presence=Presence.PRESENT,
        origin=origin,
        label=", ".join(named),
        alleles=named,
        source_class=SourceClass.GERMLINE,
    )


def _whole(name: str) -> str:
    """`A*02:01`, `*02:01` and `02:01` as `HLA-A*02:01`."""
    return f"HLA-A*{_PREFIX.sub('', name.strip())}"
