"""A chart with some facts changed."""

from datetime import UTC, date, datetime

from fhir_pgx.model.document import Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.ehr.record import Record
from fhir_pgx.workbench.facts.facts import Changed, Facts, age_of, weight_of
from fhir_pgx.workbench.facts.genes import change_genes
from fhir_pgx.workbench.facts.people import change_age, change_medicines, change_weight


def change_facts(
    record: Record,
    facts: Facts,
    pipeline: Pipeline,
    options: Options | None = None,
    *,
    today: date | None = None,
) -> Changed:
    """The chart as it would be, and the notes. The chart given is not changed; `options` say how
    alleles are called from what is left of it.

    Raises InvalidParameter naming the place of what cannot be taken.
    """
    now = today or datetime.now(UTC).date()
    day, notes = now.isoformat(), list[str]()
    age, weight = age_of(facts), weight_of(facts)

    def take(changed: Changed) -> Record:
        notes.extend(changed.notes)
        return changed.record

    if age is not None:
        record = take(change_age(record, age, today=now))
    if facts.genotypes:
        calling = (options or Options()).calling
        record = take(change_genes(pipeline, record, facts.genotypes, calling=calling, day=day))
    if facts.medicines:
        added, removed = facts.added, facts.removed
        record = take(change_medicines(pipeline, record, added=added, removed=removed, day=day))
    if weight is not None:
        record = take(change_weight(record, weight, day=day))
    return Changed(record, tuple(notes))
