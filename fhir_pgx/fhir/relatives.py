"""Results that stand in a patient's record and are a relative's.

FamilyMemberHistory holds them as contained resources, or names them by the extension
`family-member-history-genetics-observation`. They are never the patient's own.
"""

from collections.abc import Iterator, Sequence

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text, reference_of

OF_A_RELATIVE = "about a relative, by the FamilyMemberHistory that holds or names it"

_HISTORY = "FamilyMemberHistory"
_EXTENSION = "family-member-history-genetics-observation"


def of_relatives(entries: Sequence[Entry], references: References) -> frozenset[int]:
    """The `id()` of each resource that a family member's history holds or names."""
    found: set[int] = set()
    named: set[str] = set()
    for entry in entries:
        holder = entry.container
        if holder is not None and holder.type == _HISTORY:
            found.add(id(entry.resource))
        if entry.type == _HISTORY:
            named.update(other.reference for other in _named(entry, references))
    # By name: of two versions of one id the reference leads to one, and both are the relative's.
    found.update(id(entry.resource) for entry in entries if entry.reference in named)
    return frozenset(found)


def _named(history: Entry, references: References) -> Iterator[Entry]:
    """What the extension names, with the members of a panel."""
    for extension in as_dicts(history.resource.get("extension")):
        if not as_text(extension.get("url")).endswith(_EXTENSION):
            continue
        named = references.find(reference_of(extension.get("valueReference")), history)
        if named is None:
            continue
        yield named
        for member in as_dicts(named.resource.get("hasMember")):
            below = references.find(reference_of(member), named)
            if below is not None:
                yield below
