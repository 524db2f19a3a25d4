"""The card of inherited findings that a list calls actionable, and that no plan on file is for.

One card for all of them, info: nothing of it is urgent today. What the list says, what carriers
are offered by a hand summary, and what must be settled first stand apart.
"""

from collections.abc import Sequence
from dataclasses import replace

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.dates import day_of
from fhir_pgx.cards.detail import section, told
from fhir_pgx.cards.markdown import bold, escape
from fhir_pgx.cards.source import HOUSE, topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.model.card import Card, Source, Suggestion
from fhir_pgx.model.finding import Caveat, SourceClass
from fhir_pgx.model.inherited import InheritedFinding, RiskMeasure
from fhir_pgx.model.prevention import ActionableFinding

_MANY = 4  # genes that the summary names
_BY_OTHERS = frozenset(("PGX-835",))  # of a finding, told here by PGX-840
_INHERITANCE = {"AD": "dominant", "AR": "recessive", "XL": "X-linked"}
_SIGNIFICANCE = {
    "pathogenic": "pathogenic as reported",
    "likely-pathogenic": "likely pathogenic as reported",
    "risk": "a risk allele as reported",
    "": "a change that the list names; the report gives no classification",
}
_ELSEWHERE = "what labels and guidelines say of medicines stands on the card of inherited findings"
_SPECIALIST = "the list names the gene as actionable; the measures are for the specialist"
_RELATIVES = (
    "Parents, brothers, sisters and children may carry it too: testing them for this one finding "
    "is theirs to decide, after counselling."
)
_RECESSIVE = (
    "{}: recessive; brothers and sisters are the first who may have two copies affected too. "
    "Others in the family may carry one."
)
_LOOKED = (
    "A plan was looked for in care plans, orders for services and problems that reached this "
    "service. One that is kept elsewhere does not reach it."
)
_WHAT_FOR = (
    "Counselling comes before any of it. Whether it holds for this person, after which operation "
    "or in which family, is for a clinician."
)


def prevention_card(
    found: Sequence[ActionableFinding],
    conflicting: Sequence[InheritedFinding],
    context: CardContext,
    *,
    age: int | None,
    sex: str,
    suggestions: Sequence[Suggestion] = (),
) -> Card | None:
    """None where nothing was found. `age` in whole years and `sex` are what measures were chosen
    by, None and empty where the record does not say."""
    if not found:
        return None
    genes = tuple(each.gene for each in found)
    subject = topic("fhir_pgx", "inherited finding", genes[:6], "prevention")
    origins = [finding.origin.reference for each in found for finding in each.findings]
    card = therapy_card(
        subject=subject,
        summary=_summary(found),
        indicator="info",
        parts=[
            section("Findings", [_finding_line(f, each) for each in found for f in each.findings]),
            section("Settle first", [told(c) for each in found for c in each.doubts]),
            section("What carriers are offered", [_measures_line(each, sex) for each in found]),
            section("For whom", _for_whom(age, sex, found)),
            section("Relatives", _relatives(found)),
            section("Called differently, and not counted", [_label(f) for f in conflicting]),
            section("Lists", _lists(found)),
        ],
        advice=(),
        context=context,
        about=f"prevention {' '.join(genes)}",
        limits=[Caveat("PGX-841", _LOOKED), *_limits(found)],
        suggestions=suggestions,
        derived_from=origins,
        source=Source(HOUSE, None, subject),
    )
    rules = tuple(row.provenance.id for each in found for row in each.rows)
    return replace(card, selection_behavior="any", rules=rules)


def _summary(found: Sequence[ActionableFinding]) -> str:
    if len(found) > 1:
        named = ", ".join(each.gene for each in found[:_MANY])
        more = f" and {len(found) - _MANY} more" if len(found) > _MANY else ""
        return f"Actionable findings in {named}{more}: no surveillance plan seen in the record."
    (one,) = found
    condition = one.rows[0].condition
    if any(f.source_class is SourceClass.UNKNOWN for f in one.findings):
        return f"{one.gene} finding, germline not stated: confirm it; if inherited, {condition}."
    if one.doubts:
        return f"{one.gene} finding to be settled first ({condition}); no surveillance plan seen."
    words = _SIGNIFICANCE[one.findings[0].significance].partition(" as ")[0]
    if words not in ("pathogenic", "likely pathogenic"):
        words = "actionable"
    two = ", two copies" if one.rows[0].copies == "two" else ""
    return f"Germline {one.gene}: {words}{two} ({condition}); no surveillance plan seen."


def _finding_line(finding: InheritedFinding, of: ActionableFinding) -> str:
    whose = {
        SourceClass.GERMLINE: "germline",
        SourceClass.UNKNOWN: "germline or not: not stated",
    }.get(finding.source_class, "")
    said = [finding.zygosity or "zygosity not stated", whose]
    said.append(_SIGNIFICANCE.get(finding.significance, finding.significance))
    if finding.review:
        said.append(f"review: {finding.review}")
    day = day_of(finding.origin.when)
    said.append(day or "date not stated")
    inherited = " or ".join(
        dict.fromkeys(_INHERITANCE.get(row.inheritance, row.inheritance) for row in of.rows)
    )
    line = f"{bold(finding.label)}: {escape(', '.join(each for each in said if each), 300)}."
    penetrance = next((row.penetrance for row in of.rows if row.penetrance), "")
    about = f"{of.condition}; {inherited}"
    about += f"; penetrance {penetrance}" if penetrance else ""
    return f"{line} {escape(about, 300)}."


def _measures_line(each: ActionableFinding, sex: str) -> str:
    if not any(row.plan for row in each.rows):
        return f"{bold(each.gene)}: {_SPECIALIST}."
    # Each fact has one home on a chart: surveillance here, medicines on the other card.
    parts = [_measure(measure, sex) for measure in each.now if not measure.medicine]
    later = (measure for measure in each.later if not measure.medicine)
    parts += [f"{_measure(measure, sex)} (not at this age yet)" for measure in later]
    if not parts and any(measure.medicine for measure in (*each.now, *each.later)):
        return f"{bold(each.gene)}: {_ELSEWHERE}."
    if not parts:
        return f"{bold(each.gene)}: none of the measures stated is for this patient's sex and age."
    line = "; ".join(dict.fromkeys(parts))
    if_settled = "if the finding is settled: " if each.doubts else ""
    return f"{bold(each.gene)}: {if_settled}{escape(line, 700)}."


def _measure(measure: RiskMeasure, sex: str) -> str:
    who = "" if sex else {"female": "women: ", "male": "men: "}.get(measure.sex, "")
    return f"{who}{measure.says}"


def _relatives(found: Sequence[ActionableFinding]) -> list[str]:
    recessive = [each.gene for each in found if all(row.copies == "two" for row in each.rows)]
    lines = [] if len(recessive) == len(found) else [_RELATIVES]
    return lines + [_RECESSIVE.format(", ".join(recessive))] * bool(recessive)


def _for_whom(age: int | None, sex: str, found: Sequence[ActionableFinding]) -> list[str]:
    lines = [_WHAT_FOR]
    if age is None or not sex:
        what = " and ".join(
            each
            for each, is_known in (("age", age is not None), ("sex", bool(sex)))
            if not is_known
        )
        lines.append(f"The patient's {what} did not reach this service: all measures are listed.")
    if age is not None and age < 18 and any(each.later for each in found):
        lines.append(
            f"The patient is {age} years old. A measure that begins later is no reason to act on "
            "the finding in childhood; the genetics service decides what is told and when."
        )
    return lines


def _label(finding: InheritedFinding) -> str:
    return f"{escape(finding.label, 120)}: its classifications conflict."


def _lists(found: Sequence[ActionableFinding]) -> list[str]:
    lines = []
    for each in found:
        for row in each.rows:
            about = row.provenance
            by = f"{row.listed}; {about.system}" if about.source == "ACMG" else row.listed
            pmids = f", PMID {', '.join(about.pmids)}" if about.pmids else ""
            hand = "; compiled by hand" if about.by_hand else ""
            as_of = f"; as of {about.as_of}" if about.as_of else ""
            lines.append(escape(f"{row.gene}, {row.condition}: {by}{pmids}{as_of}{hand}", 300))
    if any(row.plan for each in found for row in each.rows):
        lines.append(
            "Measures: summarised by hand from widely published guidelines; verify against the "
            "current guideline."
        )
    return list(dict.fromkeys(lines))


def _limits(found: Sequence[ActionableFinding]) -> list[Caveat]:
    of_findings = (c for each in found for f in each.findings for c in f.caveats)
    return [caveat for caveat in dict.fromkeys(of_findings) if caveat.code not in _BY_OTHERS]
