"""What was read beyond the genes of drug response, as text for a clinician: a finding a line.

Each line says what the report says, of whom or of what, then the day and the resource. What a
report does not state is named where it changes the meaning: germline or somatic, an answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from fhir_pgx.model.finding import (
    Caveat,
    ObservedVariant,
    Origin,
    Presence,
    SourceClass,
    StatedDiagnosis,
    StatedImplication,
)
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.model.precision import StatedPlan, StatedRisk
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.transplant import StatedAntibody, StatedTyping
from fhir_pgx.model.tumour import Alteration, Marker, StatedCancer

_MOST = 2000  # characters of a line: many changes of a virus, and no page of them

_PRESENCE = {
    Presence.PRESENT: "",
    Presence.ABSENT: "not found",
    Presence.NO_CALL: "tested, no answer",
    Presence.INDETERMINATE: "indeterminate",
}
_SOURCES = {
    SourceClass.GERMLINE: "germline",
    SourceClass.SOMATIC: "somatic",
    SourceClass.UNKNOWN: "germline or somatic not stated",
}
_PLANS = {
    "plan": "plan",
    "order": "ordered",
    "declined": "the patient declined",
    "permitted": "the patient permitted",
}


def findings_text(reading: Reading, resolved: Mapping[int, str]) -> Iterator[str]:
    """The lines of each section that has something; `resolved` are the places in
    `reading.variants` that were matched to a position of a gene of drug response."""
    found = reading.precision
    others = [each for place, each in enumerate(reading.variants) if not resolved.get(place)]
    if len(others) < len(reading.variants):
        matched = len(reading.variants) - len(others)
        yield from ("", f"Variants at positions of genes of drug response: {matched}")
    sections = (
        ("Variants, as stated", [(_variant(each), each.origin) for each in others]),
        ("Tests of a gene", [(_test(each), each.origin) for each in found.tests]),
        ("Biomarkers", [(_marker(each), each.origin) for each in found.markers]),
        ("Cancers on file", [(_cancer(each), each.origin) for each in found.cancers]),
        ("Pathogens", [(_pathogen(each), each.origin) for each in found.pathogens]),
        ("HLA typings", [(_typing(each), each.origin) for each in found.typings]),
        ("HLA antibodies", [(_antibody(each), each.origin) for each in found.antibodies]),
        ("Risks: context, nothing follows alone", [(_risk(r), r.origin) for r in found.risks]),
        ("Plans, orders and wishes on file", [(_plan(each), each.origin) for each in found.plans]),
        (
            "What reports say of drugs",
            [(_implication(each), each.origin) for each in reading.implications],
        ),
        (
            "What reports say of conditions",
            [(_diagnosis(each), each.origin) for each in reading.diagnoses],
        ),
        (
            "What reports recommend",
            [(f"code or text {each.value}", each.origin) for each in reading.recommendations],
        ),
    )
    for title, lines in sections:
        if lines:
            yield from ("", f"{title}:")
            yield from (f"    {_line(words)} {_place(origin)}" for words, origin in lines)


def _line(words: str) -> str:
    """One line that a terminal shows as it is: texts that are not ours may hold anything."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in words[: 2 * _MOST]).split())
    return shown if len(shown) <= _MOST else f"{shown[: _MOST - 1].rstrip()}…"


def _place(origin: Origin) -> str:
    status = origin.status if origin.status not in ("", "final") else ""
    corrected = "corrected" if origin.corrected and status != "corrected" else ""
    said = [origin.when or "no date", status, corrected, origin.reference]
    return f"({', '.join(_line(part) for part in said if part)})"


def _said(name: str, *parts: str) -> str:
    """The name first, and what is stated of it."""
    stated = "; ".join(part for part in parts if part)
    return f"{name}: {stated}" if stated else name


def _caveats(caveats: Iterable[Caveat]) -> str:
    return " ".join(f"{each.code} {each.text}" for each in caveats)


def _variant(variant: ObservedVariant) -> str:
    names = [variant.protein_hgvs, variant.coding_hgvs]
    others = [
        variant.genomic_hgvs,
        variant.iscn,
        *(each.removeprefix("|") for each in variant.ids),
        *variant.words,
        _position(variant),
    ]
    named = [each for each in names if each] or [each for each in others if each][:1]
    copies = f"copy number {variant.copy_number}" if variant.copy_number else ""
    repeats = ", ".join(f"{motif} × {number}" for motif, number in variant.repeats)
    genes = "::".join(variant.genes) or "gene not stated"
    what = " ".join([genes, *named] if named else [genes, variant.change_type]).strip()
    return _said(
        what,
        _PRESENCE[variant.presence],
        _SOURCES[variant.source_class],
        variant.zygosity,
        copies,
        repeats,
        _fraction(variant.frequency),
        variant.specimen,
        variant.significance,
        _caveats(variant.caveats),
    )


def _position(variant: ObservedVariant) -> str:
    if variant.start is None:
        return ""
    change = f" {variant.ref}>{variant.alt}" if variant.ref and variant.alt else ""
    return f"{variant.accession or variant.chromosome}:{variant.start + 1}{change}"


def _test(test: Alteration) -> str:
    return _said(
        test.label or f"{'::'.join(test.genes)} {test.kind}",
        _PRESENCE[test.presence] or "found",
        _SOURCES[test.source_class],
        f"copies {test.copies}" if test.copies is not None else "",
        f"ratio {test.ratio}" if test.ratio is not None else "",
        _fraction(test.vaf),
        test.specimen,
        test.significance,
        _caveats(test.caveats),
    )


def _fraction(value: Decimal | None) -> str:
    return "" if value is None else f"allele fraction {value}"


def _marker(marker: Marker) -> str:
    number = "" if marker.number is None else f"{marker.comparator}{marker.number} {marker.unit}"
    return _said(
        marker.name,
        " ".join(part for part in (marker.scale, number.strip()) if part),
        marker.verdict or ("the report gives no verdict" if number else "no answer read"),
        f"clone {marker.clone}" if marker.clone else "",
        f"{marker.copies} copies a nucleus" if marker.copies is not None else "",
        marker.specimen,
        _caveats(marker.caveats),
    )


def _cancer(cancer: StatedCancer) -> str:
    spread = {True: "metastatic", False: "not metastatic", None: ""}[cancer.is_metastatic]
    coded = ", ".join(coding.code for coding in cancer.codings if coding.code)
    stage = f"stage {cancer.stage}" if cancer.stage else ""
    return _said(cancer.label or coded, cancer.state, stage, spread, cancer.status)


def _pathogen(found: StatedPathogen) -> str:
    organism = found.organism or found.stated_organism or "organism not stated"
    changes = ", ".join(found.mutations)
    answer = {
        Presence.PRESENT: changes or "found, no mutation named",
        Presence.ABSENT: f"not found: {changes}" if changes else "no mutation found",
    }.get(found.presence, " ".join(part for part in (_PRESENCE[found.presence], changes) if part))
    laboratory = ", ".join(f"{drug} {word}" for drug, word in found.verdicts)
    return _said(
        f"{organism} {found.gene}".strip(),
        "" if laboratory and not (found.gene or changes) else answer,
        f"genotype {found.genotype}" if found.genotype else "",
        f"the laboratory says {laboratory}" if laboratory else "",
        _caveats(found.caveats),
    )


def _typing(typing: StatedTyping) -> str:
    whose = "the patient" if typing.whose == "recipient" else f"donor {typing.person}".strip()
    alleles = ", ".join(typing.alleles) or "no allele read"
    return _said(f"{whose}, HLA-{typing.locus}", alleles, _caveats(typing.caveats))


def _antibody(antibody: StatedAntibody) -> str:
    answer = {True: "found", False: "not found", None: "no answer"}[antibody.is_present]
    mfi = "" if antibody.mfi is None else f"MFI {antibody.mfi}"
    return _said(
        antibody.specificity or "antibodies to HLA", answer, mfi, _caveats(antibody.caveats)
    )


def _risk(risk: StatedRisk) -> str:
    number = "" if risk.value is None else f"{risk.value} {risk.unit}".strip()
    return _said(
        risk.label or risk.outcome,
        risk.outcome if risk.label else "",
        number,
        risk.words,
        f"made for {risk.population}" if risk.population else "population not stated",
        f"method {risk.method}" if risk.method else "",
    )


def _plan(plan: StatedPlan) -> str:
    return _said(_PLANS[plan.kind], " / ".join(plan.words))


def _implication(each: StatedImplication) -> str:
    return _said(
        ", ".join(each.drugs) or "no drug named",
        ", ".join(each.genes),
        " / ".join(each.texts or each.normalised),
        each.significance,
        ", ".join(each.contexts),
        f"level {each.level}" if each.level else "",
    )


def _diagnosis(each: StatedDiagnosis) -> str:
    return _said(
        ", ".join(each.conditions) or "no condition named",
        ", ".join(each.genes),
        ", ".join(each.significance),
        each.level,
    )
