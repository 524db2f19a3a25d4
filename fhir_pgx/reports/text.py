"""An interpretation as text for a terminal: a gene or a finding a line, its limits below it."""

from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import BETWEEN, GeneResult, Interpretation, Status, phenotype_told
from fhir_pgx.reports.findings_text import findings_text

_WORDS = {
    Status.CALLED: "",
    Status.AMBIGUOUS: "several diplotypes are possible",
    Status.INDETERMINATE: "function unknown",
    Status.NOT_CALLED: "tested, no usable answer",
    Status.NOT_TESTED: "not tested",
    Status.CONFLICT: "results disagree",
}

MOST = 6  # readings of one gene in a line


def interpretation_text(interpretation: Interpretation, knowledge: Knowledge) -> str:
    """The tested genes, the genes without a result, all else that was read, then what was not
    understood."""
    genes = interpretation.genes.values()
    tested = [r for r in genes if r.status is not Status.NOT_TESTED or r.caveats]
    untested = [r.gene for r in genes if r.status is Status.NOT_TESTED and not r.caveats]
    lines = [f"{interpretation.subject or 'subject not stated'}, knowledge {knowledge.release}", ""]
    for result in tested:
        lines.append(_line(result))
        lines += [f"    {caveat.code} {caveat.text}" for caveat in result.caveats]
    if not tested:
        lines.append("No gene of drug response has a result.")
    if untested:
        lines += ["", f"Not tested: {', '.join(untested)}"]
    lines += findings_text(interpretation.reading, interpretation.resolved)
    if interpretation.reading.not_understood:
        lines += ["", "Not understood:"]
        lines += [
            f"    {_place(item)}: {item.reason}" for item in interpretation.reading.not_understood
        ]
    return "\n".join(lines) + "\n"


def _place(item: NotUnderstood) -> str:
    """The file or resource; with the line, where it has lines."""
    return f"{item.reference} {item.path}" if item.path.startswith("line ") else item.reference


def _line(result: GeneResult) -> str:
    named = [*dict.fromkeys(d.name for d in result.diplotypes)]
    more = [f"{len(named) - MOST} more"] if len(named) > MOST else []
    between = BETWEEN.get(result.status, " or ")
    names = between.join([*named[:MOST], *more])
    states = ", ".join(f"{name} {state}" for name, state in result.allele_status.items())
    # Of results that disagree the score is one of theirs.
    score = "" if result.status in BETWEEN else result.activity_score
    said = [
        names,
        states,
        phenotype_told(result.status, result.phenotype, (d.phenotype for d in result.diplotypes)),
        f"activity score {score}" if score and score != "n/a" else "",
        _WORDS[result.status],
    ]
    return f"{result.gene:8} " + "; ".join(part for part in said if part)
