"""The card of an order, or of a medicine in use, that the findings of a tumour speak against, or
that waits for a result.

What speaks against stands first, at whatever level it is said, with the level. A conflict shows
both sides and gives no verdict.
"""

from collections.abc import Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import escape, plain
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.cards.therapy import EFFECT_WORDS, subject_of, therapy_card
from fhir_pgx.cards.tumour.board import SEVERAL
from fhir_pgx.cards.tumour.request import GERMLINE, TISSUE, not_ordered, offered_test, specimen_of
from fhir_pgx.cards.tumour.words import (
    LOOKED_FOR,
    NO_CANCER,
    cancer_words,
    capped,
    first_findings,
    level_words,
    option_line,
)
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.therapy import ContextFit, TherapyAdvice
from fhir_pgx.model.tumour import TestFirst
from fhir_pgx.model.tumour_answer import Held, Judged, MissingTest, Option

_MOST = 6
_PLASMA = "plasma (or tumour tissue)"
_ELSEWHERE = "Informs only: another disease, a class that an exact row overrides, or weaker"


def order_card(
    order: MedicationOrder,
    judged: Judged,
    tests: Sequence[TestOrder],
    requester: Requester | None,
    context: CardContext,
    today: date,
    limits: Sequence[Caveat] = (),
) -> Card | None:
    """One card for one drug of an order; None where there is nothing to be said."""
    if not judged.indicator:
        return None
    wanted = [(n, t.genes) for t in judged.missing for n in t.names]
    left, running = not_ordered(wanted, tests)
    said = _summary(judged, left, running)
    if not said:
        return None
    if SEVERAL in limits and judged.against and judged.cancer is not None:
        said = f"for {plain(cancer_words(judged.cancer), 40)}: {said}"
    rows = (*judged.against, *judged.near, *judged.elsewhere, *judged.only_with)
    rows += judged.favouring[:_MOST]
    advice = [each.advice for each in rows]
    advice += [_test_advice(judged, each.test, each.fit) for each in judged.missing]
    advice += [_test_advice(judged, each, "same") for each in judged.unsupported]
    parts = (
        f"**Order** {escape(order.concept.label or judged.drug.name)}; cancer: "
        f"{escape(cancer_words(judged.cancer))}",
        section("Against this drug, by the findings", _lines(judged.against, today)),
        section("Market status", [escape(f"{m.status}: {m.detail}", 300) for m in judged.market]),
        section("A result should come first", _missing_lines(judged.missing)),
        section(
            "Looked for and not found",
            [escape(f"{_tests_of(each)}: {each.why}", 300) for each in judged.unsupported],
        ),
        section("Named only together with another drug", _lines(judged.only_with, today)),
        section("Named by the label on a condition that is open", _lines(judged.near, today)),
        section(_ELSEWHERE, _lines(judged.elsewhere, today)),
        section("For this drug, by the findings", _lines(judged.favouring, today)),
        section(
            "Ordered already",
            [escape(f"{each.label or 'a test'}, {each.reference}", 200) for each in running],
        ),
    )
    waits = bool(judged.missing) and not judged.against
    germline, _ = not_ordered(_germline_tests(judged), tests)
    told = list(limits)
    told += [NO_CANCER] if judged.cancer is None else []
    told += [LOOKED_FOR] if judged.missing else []
    drug = capitalised(judged.drug.name)
    cancer = cancer_words(judged.cancer)
    return therapy_card(
        subject=subject_of(advice, judged.drug.name, "tumour", "judged"),
        summary=plain(f"{capitalised(plain(judged.drug.name, 60))}: {said}", 300),
        indicator=judged.indicator,
        parts=parts,
        advice=advice,
        context=context,
        about=f"{order.reference} {judged.drug.name} tumour",
        limits=told,
        orders=(order.reference,),
        suggestions=offered_test(
            left if waits else germline,
            f"Before {drug} in {cancer}",
            requester,
            context,
            specimen=_specimen(left, judged) if waits else GERMLINE,
        ),
        drug=judged.drug.name,
        rxcui=judged.drug.rxcui,
    )


def _germline_tests(judged: Judged) -> list[tuple[str, tuple[str, ...]]]:
    """What germline rows wait for where the tumour has the finding: one test of all their genes."""
    near = [each.row.genes for each in judged.near if each.row.origin == "germline"]
    genes = tuple(dict.fromkeys(gene for each in near for gene in each))
    return [(f"germline {'/'.join(genes)}", genes)] if genes else []


def _specimen(names: Sequence[str], judged: Judged) -> str:
    return specimen_of(names, _PLASMA if _is_plasma_first(judged.missing) else TISSUE)


def _is_plasma_first(missing: Sequence[MissingTest]) -> bool:
    """ESR1 mutations arise under therapy: plasma shows them, the first biopsy does not."""
    genes = {gene for each in missing for gene in each.genes}
    return genes == {"ESR1"} and not any("plasma" in why for each in missing for why in each.why)


def _summary(judged: Judged, left: Sequence[str], running: Sequence[TestOrder]) -> str:
    if judged.against:
        return _against_words(judged)
    if judged.market:
        return f"{judged.market[0].status}; see the detail."
    if judged.missing:
        names = list(dict.fromkeys(name for each in judged.missing for name in each.names))
        if not left and running:
            return ""  # the answer is on its way, and nothing is to be done
        where = "" if judged.missing[0].fit != "unknown" else ", if this is the label's cancer"
        return f"{_some(names)} to be tested first{where}; no usable result is on file."
    if judged.near:
        first = judged.near[0]
        return f"the label names it only on a condition: {first.outcome.why[0]}."
    if judged.unsupported:
        tests = _tests_of(judged.unsupported[0])
        return f"{tests}: tested; no label row held here names what was found."
    if judged.only_with:
        first = judged.only_with[0]
        return f"with {first.advice.finding} the label names it only as {first.advice.drug}."
    if judged.elsewhere:
        first = judged.elsewhere[0]
        level = level_words(first.row.provenance)
        words = EFFECT_WORDS[first.row.effect]
        if first.is_overridden:
            return f"{first.advice.finding}: a class row says {words}, the exact row the opposite."
        if first.fit == "unknown":
            cancer = f"if the cancer is {first.row.disease}"
            return f"{words} with {first.advice.finding} {cancer} ({level})."
        where = f" in {first.row.disease}" if first.fit == "other" else ""
        return f"{words} reported with {first.advice.finding}{where} ({level})."
    return ""


def _against_words(judged: Judged) -> str:
    first = judged.against[0]
    about, effect = first.row.provenance, first.row.effect
    found = first_findings([first])
    level = level_words(about)
    condition = f" (if the cancer is {first.row.disease})" if first.fit == "unknown" else ""
    if first.advice.conflicts and not about.level.startswith("FDA"):
        return f"conflicting evidence with {found}{condition}: resistance by {level}."
    if effect == "not-indicated":
        return f"not indicated with {found}{condition} ({level})."
    if effect == "contraindicated":
        return f"contraindicated with {found}{condition} ({level})."
    return f"{EFFECT_WORDS[effect]} with {found}{condition} ({level})."


def _lines(rows: Sequence[Held], today: date) -> list[str]:
    """Rows that say the same of the same finding are one line."""
    groups: dict[tuple[frozenset[str], str, str], list[Held]] = {}
    for each in rows:
        key = (each.drugs, each.row.effect, each.advice.finding)
        groups.setdefault(key, []).append(each)
    lines = [option_line(Option(tuple(group)), today) for group in groups.values()]
    return capped(lines, _MOST)


def _missing_lines(missing: Sequence[MissingTest]) -> list[str]:
    lines = []
    for each in missing:
        tests = "; ".join(f"{n}: {w}" for n, w in zip(each.names, each.why, strict=True))
        about = each.test.provenance
        by = f"{level_words(about)} {about.id}, as of {about.as_of}"
        by += "; verify against the current label" if about.by_hand else ""
        lines.append(
            f"{escape(tests, 400)}. {escape(capitalised(each.test.why), 400)}. ({escape(by, 200)}.)"
        )
    return lines


def _tests_of(test: TestFirst) -> str:
    return _some([name for name, _ in test.tests])


def _some(names: Sequence[str]) -> str:
    shown = " and ".join(names[:2]) if len(names) <= 2 else f"{names[0]}, {names[1]}"
    return shown + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _test_advice(judged: Judged, test: TestFirst, fit: ContextFit) -> TherapyAdvice:
    genes = (gene for _, atoms in test.tests for atom in atoms for gene in atom.genes)
    return TherapyAdvice(
        domain="tumour",
        drugs=(judged.drug,),
        effect="test-first",
        finding="",
        profile=", ".join(name for name, _ in test.tests),
        context=cancer_words(judged.cancer),
        context_fit=fit,
        provenance=test.provenance,
        summary=test.why,
        genes=tuple(dict.fromkeys(gene for gene in genes if gene.isalnum())),
    )
