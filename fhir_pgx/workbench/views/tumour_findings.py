"""A tumour view's findings and biomarkers as rows of tables: what stands in each cell.

What is of the tumour, of the patient's own genome and of neither by word are three tables. Found,
looked for and not found, tested without an answer and indeterminate are four words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.tumour import draw_fraction, draw_limits
from fhir_pgx.workbench.text.plain import one_line

_CLASSES = {
    "somatic": ("Of the tumour", "tumour"),
    "germline": ("Of the patient's own genome (germline), not of the tumour", "germline"),
    "unknown": ("Germline or tumour: the report does not say", "unstated"),
}
_PRESENCE = {
    "present": "found",
    "absent": "not found",
    "no-call": "no call",
    "indeterminate": "indeterminate",
}
_KINDS = {
    "any": "mutation, not said which",
    "exon-deletion": "exon deletion",
    "exon-skipping": "exon skipping",
    "internal-duplication": "internal duplication",
    "splice-form": "splice form",
    "wild-type": "wild type",
    "hla": "HLA typing",
    "gain": "copy number gain",
    "loss": "copy number loss",
    "variant": "small variant",
}
_WHOLE = Decimal(100)
# Where a scale ends, of markers whose numbers have an end.
_ENDS = {"PD-L1": _WHOLE, "HER2-IHC": Decimal(3), "ER": _WHOLE, "PR": _WHOLE}


@dataclass(frozen=True, slots=True)
class FindingRow:
    """`fraction` is `31 %`, empty where not stated; `bar` its drawing. `presence` is a word of
    four, `state` its class."""

    gene: str
    change: str
    presence: str
    state: str
    significance: str
    fraction: str
    bar: Markup | None
    copies: str
    kind: str
    specimen: str
    date: str
    reference: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingTable:
    """`name` is a class: `tumour`, `germline` or `unstated`."""

    title: str
    name: str
    rows: tuple[FindingRow, ...]
    has_copies: bool


@dataclass(frozen=True, slots=True)
class MarkerRow:
    name: str
    value: str
    verdict: str
    scale: Markup | None
    limits: tuple[str, ...]
    specimen: str
    date: str
    reference: str
    notes: tuple[str, ...]


def finding_tables(findings: Iterable[Mapping[str, Any]]) -> list[FindingTable]:
    """A table for each of the three that has a finding, the tumour's first."""
    by_class: dict[str, list[FindingRow]] = {name: [] for name in _CLASSES}
    for each in findings:
        by_class.setdefault(one_line(each.get("source_class")) or "unknown", []).append(_row(each))
    return [
        FindingTable(*_CLASSES.get(name, _CLASSES["unknown"]), rows=tuple(sorted(rows, key=_first)),
                     has_copies=any(row.copies for row in rows))
        for name, rows in by_class.items()
        if rows
    ]  # fmt: skip


def _first(row: FindingRow) -> int:
    """What was found stands before what was not."""
    return list(_PRESENCE.values()).index(row.presence) if row.presence in _PRESENCE.values() else 9


def _row(each: Mapping[str, Any]) -> FindingRow:
    presence = one_line(each.get("presence"))
    fraction = number_of(each.get("vaf"))
    significance = one_line(each.get("significance")).replace("-", " ")
    is_found = presence == "present"
    return FindingRow(
        gene=_genes(each),
        change=_change(each),
        presence=_PRESENCE.get(presence, presence),
        state={"present": "variant", "absent": "reference"}.get(presence, presence),
        significance=significance or ("not stated" if is_found else ""),
        fraction="" if fraction is None else f"{(fraction * _WHOLE).normalize():f} %",
        bar=None if fraction is None else draw_fraction(fraction),
        copies=_copies(each),
        kind=_kind(each),
        specimen=one_line(each.get("specimen")) or "not stated",
        date=one_line(each.get("date"))[:10] or "not stated",
        reference=", ".join(one_line(r) for r in each.get("derived_from") or ()),
        notes=_notes(each),
    )


def _genes(each: Mapping[str, Any]) -> str:
    """Both partners of a fusion, 5' first where the report says which."""
    joint = "::" if each.get("kind") == "fusion" else ", "
    return joint.join(one_line(gene) for gene in each.get("genes") or ()) or "not stated"


def _change(each: Mapping[str, Any]) -> str:
    exons = [one_line(exon) for exon in each.get("exons") or ()]
    named = [
        one_line(each.get("protein")),
        one_line(each.get("coding")),
        f"breakpoint {one_line(each.get('breakpoint'))}" if each.get("breakpoint") else "",
        f"exon {' to '.join(dict.fromkeys(exons))}" if exons else "",
        ", ".join(one_line(allele) for allele in each.get("alleles") or ()),
    ]
    said = ", ".join(name for name in named if name)
    return said or one_line(each.get("label")) or "not stated"


def _kind(each: Mapping[str, Any]) -> str:
    kind = one_line(each.get("kind"))
    words = _KINDS.get(kind, kind.replace("-", " "))
    partners = [one_line(gene) for gene in each.get("genes") or ()]
    if kind == "fusion" and len(partners) < 2:
        return "fusion, partner not stated"
    return words


def _copies(each: Mapping[str, Any]) -> str:
    copies, ratio = one_line(each.get("copies")), one_line(each.get("ratio"))
    said = [f"{copies} copies" if copies else "", f"ratio {ratio}" if ratio else ""]
    return ", ".join(part for part in said if part)


def _notes(each: Mapping[str, Any]) -> tuple[str, ...]:
    notes = [f"{one_line(c.get('text'))} ({one_line(c.get('code'))})" for c in _caveats(each)]
    if each.get("is_resolved") is False:
        notes.insert(0, "Not read as a change: no row was held against it. Read the report.")
    return tuple(notes)


def _caveats(each: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return each.get("caveats") or ()


def marker_rows(
    markers: Iterable[Mapping[str, Any]], cancers: Iterable[Mapping[str, Any]]
) -> list[MarkerRow]:
    """Each biomarker with the limits that labels set for it in the cancers on file."""
    cutoffs = [
        (one_line(cancer.get("label")), cutoff)
        for cancer in cancers
        for cutoff in cancer.get("cutoffs") or ()
    ]
    return [_marker(each, cutoffs) for each in markers]


def _marker(each: Mapping[str, Any], cutoffs: Sequence[tuple[str, Mapping[str, Any]]]) -> MarkerRow:
    name, scale = one_line(each.get("name")), one_line(each.get("scale"))
    own = [
        (cancer, limit)
        for cancer, limit in cutoffs
        if limit.get("biomarker") == name
        and one_line(limit.get("scale")) == scale
        and one_line(limit.get("specimen")) in ("", one_line(each.get("specimen")))
    ]
    clone = one_line(each.get("clone"))
    return MarkerRow(
        name=" ".join(part for part in (name, scale, f"({clone})" if clone else "") if part),
        value=_value(each),
        verdict=one_line(each.get("verdict")) or "no word given",
        scale=_scale(name, each, [limit for _, limit in own]),
        limits=tuple(_limit(cancer, limit, one_line(each.get("unit"))) for cancer, limit in own),
        specimen=one_line(each.get("specimen")) or "not stated",
        date=one_line(each.get("date"))[:10] or "not stated",
        reference=", ".join(one_line(r) for r in each.get("derived_from") or ()),
        notes=_notes(each),
    )


def _value(each: Mapping[str, Any]) -> str:
    parts = [one_line(each.get("comparator")) + one_line(each.get("value"))]
    parts += [one_line(each.get("unit"))]
    parts += [f"{one_line(each.get('copies'))} copies a nucleus"] if each.get("copies") else []
    return " ".join(part for part in parts if part) or "no number given"


def _limit(cancer: str, limit: Mapping[str, Any], unit: str) -> str:
    at_least, below = one_line(limit.get("at_least")), one_line(limit.get("below"))
    said = [f"at least {at_least}" if at_least else "", f"below {below}" if below else ""]
    drugs = [one_line(drug) for drug in limit.get("drugs") or ()]
    more = f" and {len(drugs) - 3} more" if len(drugs) > 3 else ""
    words = " and ".join(part for part in said if part)
    return f"{words}{f' {unit}' if unit else ''}: {', '.join(drugs[:3])}{more} ({cancer})"


def _scale(
    name: str, each: Mapping[str, Any], limits: Sequence[Mapping[str, Any]]
) -> Markup | None:
    value = number_of(each.get("value"))
    marks = [
        mark
        for limit in limits
        for key in ("at_least", "below")
        if (mark := number_of(limit.get(key))) is not None
    ]
    if value is None or not marks:
        return None
    return draw_limits(value, marks, _ENDS.get(name) or max(value, *marks) * Decimal("1.25"))


def number_of(text: object) -> Decimal | None:
    """A number as the view writes it; None for what is none."""
    try:
        number = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
