"""HLA alleles and drugs, beyond what the drug guidelines say.

A typing of lower resolution (`A*02`) than the row's allele leaves it open; a locus that nobody
typed is untested. Names are compared by their fields.
"""

from collections.abc import Iterable
from typing import Literal

from fhir_pgx.model.inherited import HlaRow, JudgedInherited
from fhir_pgx.model.therapy import TherapyAdvice, TherapyDrug

Carried = Literal["yes", "possible", "no", "unknown"]


def carries(row: HlaRow, typed: dict[str, tuple[str, ...]], status: dict[str, str]) -> Carried:
    """Whether the patient carries the row's allele. `typed` are the alleles of a locus as stated
    (`HLA-A`: `02:01`, `24:02`), two or one; `status` presence tests by whole name."""
    locus, _, wanted = row.allele.partition("*")
    stated = status.get(row.allele)
    if stated in ("positive", "negative"):
        return "yes" if stated == "positive" else "no"
    alleles = typed.get(locus, ())
    excepted = {name.partition("*")[2] for name in row.excepted}
    answers = {_compare(wanted, allele, excepted) for allele in alleles}
    if "yes" in answers:
        return "yes"
    if "possible" in answers:
        return "possible"
    # One allele of two says nothing of the other.
    return "no" if len(alleles) >= 2 else "unknown"


def _compare(wanted: str, allele: str, excepted: set[str]) -> Carried:
    """One allele, maybe ambiguous (`02:01/02:09`), against the row's."""
    answers = set()
    for each in allele.split("/"):
        fields = each.rstrip("NLSCAQGP").split(":")
        asked = wanted.split(":")
        if any(fields[: len(e.split(":"))] == e.split(":") for e in excepted):
            answers.add("no")
        elif fields[: len(asked)] == asked:
            answers.add("yes")
        elif asked[: len(fields)] == fields:
            answers.add("possible")
        else:
            answers.add("no")
    if answers == {"yes"}:
        return "yes"
    return "no" if answers == {"no"} else "possible"


def judge_hla(
    rows: Iterable[HlaRow],
    typed: dict[str, tuple[str, ...]],
    status: dict[str, str],
    *,
    drugs: tuple[TherapyDrug, ...] | None,
    proposed: bool,
) -> list[JudgedInherited]:
    """What must be said of an ordered drug; `drugs` are those of the order, None for a list of all
    that the typing says."""
    found = []
    for row in rows:
        carried = carries(row, typed, status)
        if row.needed:
            judged = _needed(row, carried, proposed=proposed, lists=drugs is None)
        elif carried in ("yes", "possible"):
            judged = _carried(row, carried)
        else:
            judged = None
        if judged is not None:
            found.append(judged)
    return found


def _needed(
    row: HlaRow, carried: Carried, *, proposed: bool, lists: bool
) -> JudgedInherited | None:
    locus = row.allele.partition("*")[0]
    if lists:
        return JudgedInherited(_advice(row, row.allele), "info", "met", "hla") if (
            carried == "yes"
        ) else None  # fmt: skip
    if carried == "no":
        why = f"{locus} typed, {row.allele} not carried"
        advice = _advice(row, why, effect_of="not-indicated")
        return JudgedInherited(advice, "warning", "other", "hla", (why,))
    if carried == "possible":
        why = f"{locus} typed too coarsely to tell {row.allele}"
        return JudgedInherited(_advice(row, why, "test-first"), "info", "possible", "hla", (why,))
    if carried == "unknown" and proposed:
        why = f"no {locus} typing on file, and it acts on {row.allele} alone"
        return JudgedInherited(_advice(row, why, "test-first"), "info", "untested", "hla", (why,))
    return None


def _carried(row: HlaRow, carried: Carried) -> JudgedInherited:
    is_sure = carried == "yes"
    finding = row.allele if is_sure else f"{row.allele} possible (typing of low resolution)"
    state = "met" if is_sure else "possible"
    return JudgedInherited(_advice(row, finding), "info", state, "hla")


def _advice(
    row: HlaRow,
    finding: str,
    effect_of: Literal["", "not-indicated", "test-first"] = "",
) -> TherapyAdvice:
    return TherapyAdvice(
        domain="inherited",
        drugs=row.drugs,
        effect=effect_of or row.effect,
        finding=finding,
        profile=row.allele,
        context=row.about,
        context_fit="unknown",
        provenance=row.provenance,
        summary=row.says,
        any_of=len(row.drugs) > 1,
        genes=(row.allele.partition("*")[0],),
    )
