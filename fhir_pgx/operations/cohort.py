"""Questions to a population: how many patients, of how many.

A parameter that is repeated asks for patients who meet all of its values, in one group; a comma
list given once asks for each value by itself, in a group each. Within a repeated parameter a comma
list asks for any of its values. The denominator is every patient of whom a genomic result is
stored, whatever was looked at: of a patient who was not tested for what is asked the store cannot
tell that it is absent.
"""

from collections.abc import Callable

from fhir_pgx.operations.answers import Part, counted, group, parameters, text
from fhir_pgx.operations.operation import Asked, Context, Resource

# The patients who have what one item of the request names.
Having = Callable[[str], set[str]]


def count(
    asked: Asked, at: Context, *, given: str, name: str, item: str, having: Having
) -> Resource:
    """The groups of a population operation: `given` is the list asked, `name` the groups', `item`
    their part that echoes the request. Each value is looked for once."""
    known: dict[str, set[str]] = {}

    def patients(value: str) -> set[str]:
        if value not in known:
            known[value] = having(value)
        return known[value]

    groups = asked.groups(given)
    cohort = at.reads.count_genomic_patients()
    is_listed = asked.is_set("includePatientList")
    if len(groups) > 1:
        any_of = [set[str]().union(*map(patients, values)) for values in groups]
        echo = " AND ".join(",".join(values) for values in groups)
        return parameters([_group(name, item, echo, set.intersection(*any_of), cohort, is_listed)])
    return parameters(
        [_group(name, item, value, patients(value), cohort, is_listed) for value in groups[0]]
    )


def _group(
    name: str, item: str, echo: str, patients: set[str], cohort: int, is_listed: bool
) -> Part:
    return group(name, [text(item, echo), *counted(patients, cohort, listed=is_listed)])
