"""One gene of one patient as plain JSON, for what is drawn of it."""

from collections import Counter
from typing import Any

from fhir_pgx.model.gene_view import (
    CandidateView,
    GeneView,
    HaplotypePart,
    PhaseCode,
    PositionView,
    ScaleMarker,
    ScaleView,
    ScoreBand,
    State,
)
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import Status
from fhir_pgx.model.variant import OTHER, UNREAD
from fhir_pgx.reports.findings import write_caveats
from fhir_pgx.reports.plain import write_knowledge

STATE_WORDS: dict[State, str] = {
    "reference": "reference",
    "variant": "variant",
    "unknown-base": "a base that no allele has",
    "no-call": "no call",
    "not-tested": "not tested",
    "not-stated": "not stated whether tested",
    "conflict": "sources disagree",
}
STATUS_WORDS = {
    Status.CALLED: "called",
    Status.AMBIGUOUS: "ambiguous: several diplotypes are possible",
    Status.INDETERMINATE: "indeterminate: called, and its function is not known",
    Status.NOT_CALLED: "tested, without a usable answer",
    Status.NOT_TESTED: "not tested",
    Status.CONFLICT: "conflict: results contradict each other",
}
BASIS_WORDS = {
    "variants": "called from variants",
    "haplotypes": "joined from two stated haplotypes",
    "genotype": "as a report states the genotype",
    "phenotype": "as a report states the phenotype",
    "activity-score": "as a report states the activity score",
    "outside-call": "called by another program and handed in",
}
PHASE_WORDS: dict[PhaseCode, str] = {
    "stated": "The two haplotypes are as stated; how that was found the report does not say.",
    "one-copy": "There is one copy.",
    "settled": "At most one position is heterozygous: the two haplotypes are settled by that.",
    "phased": "Phased: the data say which bases lie together.",
    "parts": (
        "Phased in parts: how the parts lie to each other is not known, and each arrangement is a "
        "candidate."
    ),
    "inferred": (
        "Not phased: which bases lie together was inferred from the allele definitions; other "
        "arrangements may fit."
    ),
    "not-known": "The variants found are listed; which of them lie on one copy is not known.",
}
SUPPORT_WORDS = {
    "read": "read at this position",
    "open": "left open by the definition",
    "contradicted": "read here, and this base was not found",
    "no-call": "by definition; no call here",
    "not-tested": "by definition; not tested here",
    "not-stated": "by definition; the report does not say whether it was tested",
}
_READ_WORDS = {UNREAD: "not read", OTHER: "another"}


def write_gene_view(view: GeneView, subject: str, knowledge: Knowledge) -> dict[str, Any]:
    """`positions` count from 1 (`position`), with the 0-based interval beside (`start`, `end`);
    `counts` has every state that occurs."""
    written: dict[str, Any] = {
        "knowledge": write_knowledge(knowledge),
        "subject": subject,
        "gene": view.gene,
        "hgnc": view.hgnc,
        "status": view.status.value,
        "status_word": STATUS_WORDS[view.status],
        "phenotype": view.phenotype,
        "activity_score": view.activity_score,
        "basis": view.basis,
        "basis_word": BASIS_WORDS.get(view.basis or "", ""),
        "definition": _definition(view),
        "counts": dict(Counter(p.state for p in view.positions if not p.is_extra)),
        "positions": [_position(each, view) for each in view.positions],
        "candidates": [_candidate(each) for each in view.candidates],
        "phase": view.phase and {"code": view.phase, "text": PHASE_WORDS[view.phase]},
        "certain_alleles": list(view.certain_alleles),
        "hla": [
            {"allele": each.name, "status": each.status, "tracked": each.tracked}
            for each in view.hla
        ],
        "scale": _scale(view.scale),
        "could_change": list(view.coverage.could_change) if view.coverage else [],
        "caveats": write_caveats(view.caveats),
        "derived_from": [
            {"reference": reference} | ({"when": when} if when else {})
            for reference, when in zip(
                view.derived_from,
                (*view.dates, *("" for _ in view.derived_from)),
                strict=False,
            )
        ],
    }
    return _present(written)


def _present(written: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if value not in (None, "", [], {})}


def _definition(view: GeneView) -> dict[str, Any] | None:
    held = view.definition
    if held is None:
        return None
    return {
        "accession": held.accession,
        "build": held.build,
        "chromosome": held.chromosome,
        "strand": "forward",
        "release": held.release,
        "citation": held.citation,
        "reference": held.reference,
        "by_components": held.by_components,
    }


def _position(each: PositionView, view: GeneView) -> dict[str, Any]:
    return _present(
        {
            "site": each.site,
            "start": each.start,
            "end": each.end,
            "position": each.start + 1,
            "position37": None if each.start37 is None else each.start37 + 1,
            "ref": each.ref,
            "alts": list(each.alts),
            "names": list(each.names),
            "alleles": [
                {"allele": used.allele, "bases": list(used.bases)} for used in each.used_by
            ],
            "state": each.state,
            "word": _state_word(each),
            "zygosity": each.zygosity,
            "reads": [
                _present(
                    {
                        "alleles": [_READ_WORDS.get(value, value) for value in read.alleles],
                        "phase": read.phase,
                        "build": read.build,
                        "reference": read.reference,
                        "where": read.where,
                    }
                )
                for read in each.reads
            ],
            "could_change": list(each.hides),
            "extra": each.is_extra or None,
        }
    )


def _state_word(each: PositionView) -> str:
    """The state in words; of half a call, with the variant that was seen."""
    word = STATE_WORDS[each.state]
    seen = {value for read in each.reads for value in read.alleles} & set(each.alts)
    if each.state == "no-call" and seen:
        return f"{word} on one copy ({', '.join(sorted(seen))} on the other)"
    if each.state == "variant" and not each.zygosity:
        return f"{word}, on how many copies is not stated"
    return word


def _candidate(each: CandidateView) -> dict[str, Any]:
    return _present(
        {
            "name": each.name,
            "stated": each.stated,
            "phenotype": each.phenotype,
            "activity_score": each.activity_score,
            "arranged": each.is_arranged,
            "haplotypes": [
                {"name": haplotype.name, "parts": [_part(part) for part in haplotype.parts]}
                for haplotype in each.haplotypes
            ],
            "unexplained": list(each.unexplained),
        }
    )


def _part(part: HaplotypePart) -> dict[str, Any]:
    return _present(
        {
            "allele": part.name,
            "copies": part.copies,
            "defined": part.has_definition,
            "reference": part.is_reference,
            "function": part.function,
            "activity": part.activity,
            "carried": [
                {
                    "site": base.site,
                    "bases": list(base.bases),
                    "support": base.support,
                    "word": SUPPORT_WORDS[base.support],
                }
                for base in part.carried
            ],
        }
    )


def _scale(scale: ScaleView) -> dict[str, Any]:
    return _present(
        {
            "kind": scale.kind,
            "bands": [_band(each) for each in scale.bands],
            "bands_source": scale.bands_source,
            "rungs": list(scale.rungs),
            "ordered": scale.is_ordered if scale.rungs else None,
            "markers": [_marker(each) for each in scale.markers],
            "word": scale.word,
            "no_phenotype": list(scale.effects_without_phenotype),
        }
    )


def _band(band: ScoreBand) -> dict[str, Any]:
    return {
        "phenotype": band.phenotype,
        "low": band.low,
        "includes_low": band.includes_low,
        "high": band.high,
        "includes_high": band.includes_high,
        "scores": list(band.scores),
    }


def _marker(each: ScaleMarker) -> dict[str, Any]:
    return _present(
        {
            "kind": each.kind,
            "certain": each.is_certain,
            "phenotype": each.phenotype,
            "score": each.score,
            "text": each.text,
            "agents": list(each.agents),
            "drugs": list(each.drugs),
            "source": each.source,
        }
    )
