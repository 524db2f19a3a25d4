"""A report in words for people: the XHTML narrative of its DiagnosticReport.

A viewer that knows no code of the guide shows this and nothing else, so it says what must not be
missed: what was found, what was tested without an answer, what was not tested, what is proposed,
and that no person has verified it. All text of others is escaped (FHIR R4, Narrative).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.reports.implication_frame import Resource
from fhir_pgx.reports.pgx_implications import phenotypes_of

_WORDS = {
    Status.CALLED: "",
    Status.AMBIGUOUS: "Several diplotypes are possible.",
    Status.INDETERMINATE: "The function is not known.",
    Status.NOT_CALLED: "Tested without an answer: this is not the reference.",
    Status.CONFLICT: "Results disagree.",
}
_MOST = 6  # possible diplotypes of one gene in a line; each has an Observation
# What XML 1.0 has no place for, escaped or not.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def narrative(
    genes: Mapping[str, GeneResult], tasks: Iterable[Resource], sentences: Sequence[str]
) -> Resource:
    """`sentences` come first and last stands what was not tested; each Task is a proposal."""
    tested = [result for result in genes.values() if result.status is not Status.NOT_TESTED]
    untested = [gene for gene, result in genes.items() if result.status is Status.NOT_TESTED]
    parts = [*(f"<p>{_text(each)}</p>" for each in sentences)]
    if tested:
        head = "".join(f"<th>{each}</th>" for each in ("Gene", "Result", "Meaning", "Limits"))
        rows = "".join(_row(result) for result in tested)
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    if proposed := list(dict.fromkeys(_proposals(tasks))):
        parts.append("<p>Proposed, for a clinician to decide:</p>")
        parts.append(f"<ul>{''.join(f'<li>{each}</li>' for each in proposed)}</ul>")
    if untested:
        parts.append(f"<p>Not tested, which is not normal: {_text(', '.join(untested))}.</p>")
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'
    return {"status": "generated", "div": div}


def named(result: GeneResult) -> str:
    """The genotype, or what stands for it; empty where there is none."""
    names = list(dict.fromkeys(each.name for each in result.diplotypes))
    more = [f"{len(names) - _MOST} more"] if len(names) > _MOST else []
    if names:
        return _between(result).join([*names[:_MOST], *more])
    alone = [name for name in result.alleles if name not in result.allele_status]
    return ", ".join([*alone, *_statuses(result)])


def meaning(result: GeneResult) -> str:
    """Phenotype and activity score, as far as there is one; of a typing the alleles that guidance
    asks about."""
    if result.status is Status.CONFLICT:
        return _between(result).join(phenotypes_of(result))
    score = f"activity score {result.activity_score}" if result.activity_score else ""
    statuses = _statuses(result) if result.diplotypes else []
    return ", ".join(part for part in (result.phenotype or "", score, *statuses) if part)


def _between(result: GeneResult) -> str:
    """Results that disagree are no possibilities of one."""
    return " against " if result.status is Status.CONFLICT else " or "


def _statuses(result: GeneResult) -> list[str]:
    return [f"{name} {status}" for name, status in result.allele_status.items()]


def _row(result: GeneResult) -> str:
    limits = [_WORDS[result.status], *(each.text for each in result.caveats)]
    cells = (result.gene, named(result), meaning(result), " ".join(filter(None, limits)))
    return f"<tr>{''.join(f'<td>{_text(each)}</td>' for each in cells)}</tr>"


def _proposals(tasks: Iterable[Resource]) -> Iterator[str]:
    for task in tasks:
        drug = task["input"][0]["valueCodeableConcept"]["text"]
        yield f"{_text(drug)}: {_text(task['description'])}"


def _text(words: str) -> str:
    return escape(_NO_XML.sub("\ufffd", words), quote=False)
