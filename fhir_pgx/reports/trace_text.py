"""A trace as text for a pharmacist: one drug a block, each step of the way a line."""

from collections.abc import Iterable, Iterator, Sequence

from fhir_pgx.model.explained import Explained
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation, SourceAdvice
from fhir_pgx.model.therapy import TherapyAdvice
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall
from fhir_pgx.reports.sites import sites_of
from fhir_pgx.reports.therapies import therapy_text

_STANCES = {
    "leads": "leads",
    "agrees": "agrees",
    "agrees-in-part": "agrees in part",
    "differs": "differs",
    "states-risk": "states a risk",
    "silent": "has nothing to say",
}
_FITS = {
    "holds": "is this patient's",
    "likely": "is likely this patient's",
    "unknown": "may be this patient's",
    "no": "is not this patient's",
}


def trace_text(
    interpretation: Interpretation,
    explained: Iterable[Explained],
    knowledge: Knowledge,
    therapies: Sequence[TherapyAdvice] = (),
) -> str:
    """From what was stated to what is advised, for each drug; then what precision therapy says of
    each finding; then what was not understood."""
    subject = interpretation.subject or "subject not stated"
    lines = [
        f"{subject}, knowledge release {knowledge.release}, sha256 {knowledge.sha256}",
        "",
    ]
    for each in explained:
        lines += [*_drug(each, interpretation, knowledge), ""]
    if therapies:
        lines += [*therapy_text(therapies), ""]
    if interpretation.reading.not_understood:
        lines.append("Not understood:")
        lines += [
            f"    {item.reference}: {item.reason}" for item in interpretation.reading.not_understood
        ]
    return "\n".join(lines).rstrip() + "\n"


def _drug(
    explained: Explained, interpretation: Interpretation, knowledge: Knowledge
) -> Iterator[str]:
    advice = explained.advice
    yield advice.drug.upper() + (f"  {explained.order}" if explained.order else "")
    for gene in explained.genes:
        result = interpretation.genes[gene]
        yield f"  {gene}"
        yield from _stated(gene, interpretation.reading)
        yield from _read(gene, interpretation.sites.get(gene, ()), knowledge)
        yield f"    concluded: {_concluded(result)}"
        for caveat in result.caveats:
            yield f"      {caveat.code} {caveat.text}"
    for guideline, by_gene in (explained.modifiers or {}).items():
        for modifier in by_gene.values():
            yield from _modifier(guideline, modifier)
    for fit in explained.populations:
        why = "; ".join(fit.why)
        yield f"  population: {fit.label} ({fit.guideline}) {_FITS[fit.fit]}: {why}"
    if isinstance(advice, DrugAdvice):
        for each in advice.sources:
            yield from _source(each)
    else:
        yield f"  {advice.text}"
    for who, dose in explained.doses:
        yield f"  in numbers: {f'{who}: ' if who else ''}{dose.text}"
    for change in explained.changes:
        yield f"  would change it ({change.code}): {change.text}"


def _stated(gene: str, reading: Reading) -> Iterator[str]:
    for each in reading.statements:
        if each.gene == gene:
            when = f", {each.origin.when}" if each.origin.when else ""
            yield (
                f"    stated: {each.kind.value} {each.value} ({each.presence.value}) in "
                f"{each.origin.reference}{when}"
            )


def _read(gene: str, calls: tuple[SiteCall, ...], knowledge: Knowledge) -> Iterator[str]:
    """The positions that are not the reference's; how many were, in a number."""
    sites = sites_of(gene, knowledge) if calls else {}
    same = 0
    for call in calls:
        if set(call.alleles) == {sites[call.site].ref}:
            same += 1
            continue
        read = "/".join({UNREAD: "not read", OTHER: "another"}.get(a, a) for a in call.alleles)
        where = f" {call.where}" if call.where else ""
        yield f"    read: {call.site} {read} in {call.reference}{where}"
    if same:
        yield f"    read: the reference's base at {same} positions"


def _concluded(result: GeneResult) -> str:
    names = " or ".join(dict.fromkeys(d.name for d in result.diplotypes))
    states = ", ".join(f"{name} {state}" for name, state in result.allele_status.items())
    score = result.activity_score
    keys = ", ".join(result.lookup_keys)
    said = [
        "" if result.status is Status.CALLED else result.status.value,
        names,
        states,
        result.phenotype or "",
        f"activity score {score}" if score and score != "n/a" else "",
        f"by {result.basis}" if result.basis else "",
        f"looked up as {keys}" if keys else "",
        f"from {', '.join(result.derived_from)}" if result.derived_from else "",
    ]
    return "; ".join(part for part in said if part)


def _modifier(guideline: str, modifier: Modifier) -> Iterator[str]:
    kind = "rule" if modifier.is_rule else "caution"
    kind = "advised against" if modifier.advised_against else kind
    yield f"  other medicines ({guideline}, {kind}): {modifier.text}"
    if modifier.source:
        yield f"    source: {modifier.source}"


def _source(each: SourceAdvice) -> Iterator[str]:
    yield f"  {each.source} by {' and '.join(each.genes)} {_STANCES[each.stance]}"
    if not isinstance(each.answer, tuple):
        yield f"    {each.answer.text}"
        return
    for r in each.answer:
        yield from _recommendation(r)
    for possible in each.possible:
        yield (
            f"    if {possible.modifier.short} counts: {possible.recommendation.summary} "
            f"[{possible.recommendation.rule}]"
        )


def _recommendation(r: Recommendation) -> Iterator[str]:
    who = f"{r.population_label}: " if r.population_label else ""
    strength = f", {r.strength}" if r.strength else ""
    yield f"    {who}{r.summary} ({r.action}{strength})"
    if r.detail and r.detail != r.summary:
        yield f"      {r.detail}"
    keys = ", ".join(f"{gene} {key}" for gene, key in r.keys.items())
    rows = ", ".join(row for row in r.source_rows if row)
    yield f"      rule {r.rule}; keys {keys}" + (f"; source row {rows}" if rows else "")
    for evidence in r.evidence:
        pmids = ", ".join(f"PMID {paper.pmid}" for paper in evidence.publications)
        cited = "; ".join(part for part in (evidence.title, pmids, evidence.url) if part)
        yield f"      {cited} (retrieved {evidence.retrieved})"
