"""Who a wallet card is for, and which laboratory a result came from, as resources say it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhir_pgx.errors import InvalidCard
from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_list, as_text, reference_of
from fhir_pgx.model.wallet import CardHolder

# As on an identity document first: a card is read beside one. Names that are no longer the
# patient's, and made-up ones, are never shown.
_USES: Final = ("official", "usual", "")
_LONGEST: Final = 200  # signs of a name that is read


def read_holder(entries: Sequence[Entry], subject: str) -> CardHolder:
    """The patient of the results. `subject` is their reference, as `Interpretation` has it.

    Raises InvalidCard where the data hold no Patient, several, or one who is not the results'; and
    where the Patient has no name or no birth date: a card of nobody could be anybody's.
    """
    patients = [each for each in entries if each.type == "Patient" and each.container is None]
    # The same patient may come with several answers; two of one id from two servers are two.
    told = {(each.id, _named(each.resource)) for each in patients}
    if len(told) != 1:
        found = f"{len(told)} patients" if told else "no Patient"
        raise InvalidCard(
            f"the data hold {found}: a card is of one",
            where="Patient",
            mend="give the Patient resource of the results along with them, and no other",
        )
    patient = patients[0]
    if _is_other(patient, subject):
        raise InvalidCard(
            "the results are not of the Patient in the data",
            where="Patient",
            mend="give the Patient that the results name",
        )
    holder = _named(patient.resource)
    if not holder.name or not holder.birth_date:
        missing = "birth date" if holder.name else "name"
        raise InvalidCard(
            f"the Patient has no {missing}",
            where=f"Patient.{'birthDate' if holder.name else 'name'}",
            mend="record it: a card is read beside a proof of identity",
        )
    return holder


def _is_other(patient: Entry, subject: str) -> bool:
    """A VCF has no subject but a sample's name: who gives it along with a Patient says whose it
    is."""
    if subject.startswith("Patient/") and patient.id:
        return subject != f"Patient/{patient.id}"
    is_named = subject.startswith("urn:") and bool(patient.full_url)
    return is_named and subject != patient.full_url


def read_laboratory(origin: str, references: References, entries: Mapping[str, Entry]) -> str:
    """The name of who performed the result at `origin` (`Observation/x`); else of who answers for
    a report that lists it. Empty where nothing says it, or several are named."""
    found = entries.get(origin)
    if found is None:
        return ""
    own = _performer(found, references)
    if own:
        return own
    reports = [each for each in entries.values() if each.type == "DiagnosticReport"]
    holding = [each for each in reports if found in _results(each, references)]
    names = {name for each in holding if (name := _performer(each, references))}
    return names.pop() if len(names) == 1 else ""


def _results(report: Entry, references: References) -> list[Entry]:
    said = (reference_of(each) for each in as_list(report.resource.get("result")))
    return [each for one in said if one and (each := references.find(one, report)) is not None]


def _performer(entry: Entry, references: References) -> str:
    names = set()
    for each in as_dicts(entry.resource.get("performer")):
        reference = reference_of(each)
        actor = references.find(reference, entry) if reference else None
        # A person may have read the result; the laboratory is what can be asked again.
        if actor is not None and actor.type == "Organization":
            names.add(_short(as_text(actor.resource.get("name"))))
        elif "Practitioner" not in reference:
            names.add(_short(as_text(each.get("display"))))
    names.discard("")
    return names.pop() if len(names) == 1 else ""


def _named(patient: Mapping[str, Any]) -> CardHolder:
    birth_date = as_text(patient.get("birthDate"))
    names = [
        each
        for each in as_dicts(patient.get("name"))
        if as_text(each.get("use")) in _USES and not _has_ended(each)
    ]
    for name in sorted(names, key=lambda each: _USES.index(as_text(each.get("use")))):
        family = _short(as_text(name.get("family")))
        given = tuple(filter(None, (_short(as_text(each)) for each in as_list(name.get("given")))))
        if family or given:
            return CardHolder(family, given, birth_date=birth_date)
        if text := _short(as_text(name.get("text"))):
            return CardHolder(text=text, birth_date=birth_date)
    return CardHolder(birth_date=birth_date)


def _has_ended(name: Mapping[str, Any]) -> bool:
    period = name.get("period")
    return isinstance(period, Mapping) and bool(as_text(period.get("end")))


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
