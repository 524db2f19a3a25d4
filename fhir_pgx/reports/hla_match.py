"""HLA matches as a FHIR Parameters resource; docs/methods/transplant.md has its table of parts."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.hla_words import leading_grade, locus_words, match_words
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.transplant import Grade, HlaMatch, JudgedAntibody, LocusMatch

Part = dict[str, Any]


def write_matches(matches: Sequence[HlaMatch], knowledge: Knowledge) -> dict[str, Any]:
    """One parameter `match` a donor, and the knowledge they rest on."""
    held = knowledge.therapies.transplant
    about = [
        _text("release", knowledge.release),
        _text("sha256", knowledge.sha256),
        _text("source", held.antigens.provenance.source if held.antigens else ""),
        _text("asOf", held.antigens.provenance.as_of if held.antigens else ""),
        _text("ipdImgtHlaRelease", held.tables.release if held.tables else ""),
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [*map(_match, matches), _group("knowledge", about)],
    }


def _match(match: HlaMatch) -> Part:
    parts = [
        _text("donor", match.person),
        _text("summary", match_words(match) if match.loci else ""),
        _code("leadingScale", str(leading_grade(match).positions)),
        *map(_grade, match.grades),
        *map(_locus, match.loci),
        *(
            _group("notCompared", [_text("locus", f"HLA-{locus}"), _text("reason", why)])
            for locus, why in match.not_typed
        ),
        _code("antibodyTest", match.tested),
        *map(_antibody, match.antibodies),
        *_caveats(match.caveats),
        *(_text("derivedFrom", reference) for reference in match.derived_from),
    ]
    return _group("match", parts)


def _grade(grade: Grade) -> Part:
    return _group(
        "matchGrade",
        [
            _whole("positions", grade.positions),
            _whole("compared", grade.compared),
            _whole("matches", grade.matches[0]),
            _whole("matchesAtMost", grade.matches[1]),
            *(_text("missing", f"HLA-{locus}") for locus in grade.missing),
        ],
    )


def _locus(locus: LocusMatch) -> Part:
    return _group(
        "locus",
        [
            _text("name", f"HLA-{locus.locus}"),
            *(_text("recipient", each) for each in locus.recipient),
            *(_text("donor", each) for each in locus.donor),
            _text("result", locus_words(locus)),
            _whole("matches", locus.matches[0]),
            _whole("matchesAtMost", locus.matches[1]),
            _code("level", locus.level),
            _whole("gvhMismatches", locus.gvh[0]),
            _whole("gvhMismatchesAtMost", locus.gvh[1]),
            _whole("hvgMismatches", locus.hvg[0]),
            _whole("hvgMismatchesAtMost", locus.hvg[1]),
            *(_text("basis", each) for each in locus.basis),
            *(_text("note", each) for each in locus.notes),
        ],
    )


def _antibody(judged: JudgedAntibody) -> Part:
    antibody = judged.antibody
    parts = [_text("specificity", antibody.specificity), _number("mfi", antibody.mfi)]
    if antibody.is_present is not None:  # no verdict of the laboratory: no part
        parts.append({"name": "present", "valueBoolean": antibody.is_present})
    parts += [
        _code("fit", judged.fit),
        *(_text("hit", each) for each in judged.hits),
        _text("why", judged.why),
        _text("when", antibody.origin.when),
        {"name": "past", "valueBoolean": True} if judged.is_past else {},
        {"name": "negativeSince", "valueString": judged.negative_since}
        if judged.negative_since
        else {},
        *_caveats(antibody.caveats),
        _text("derivedFrom", antibody.origin.reference),
    ]
    return _group("antibody", parts)


def _caveats(caveats: Iterable[Caveat]) -> list[Part]:
    return [
        _group("caveat", [_code("code", each.code), _text("text", each.text)]) for each in caveats
    ]


# A part without a value is left out: FHIR knows no empty text.


def _group(name: str, parts: Iterable[Mapping[str, Any]]) -> Part:
    return {"name": name, "part": [part for part in parts if part]}


def _text(name: str, value: str) -> Part:
    return {"name": name, "valueString": value} if value else {}


def _code(name: str, value: str) -> Part:
    return {"name": name, "valueCode": value} if value else {}


def _whole(name: str, value: int) -> Part:
    return {"name": name, "valueInteger": value}


def _number(name: str, value: Decimal | None) -> Part:
    return {"name": name, "valueDecimal": value} if value is not None else {}
