"""What the templates of the passport draw: values sorted and named, nothing judged."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fhir_pgx.model.dates import years_between
from fhir_pgx.model.passport import (
    LIGHTS,
    NOT_READ,
    FindingLine,
    Passport,
    PassportFinding,
    PassportGene,
    PassportMedicine,
    Said,
    place_of_drug,
    place_of_gene,
)
from fhir_pgx.model.phenotype import BETWEEN, phenotype_told
from fhir_pgx.web.opened import Opened
from fhir_pgx.web.session_data import Unread, name_of
from fhir_pgx.workbench.passport.plain import explanations
from fhir_pgx.workbench.words import Words, english

# Each light as a clinician reads it: its word and its sign. The sign is drawn, never colour alone.
LIGHT_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "stop": ("Avoid", "■"),
    "caution": ("Caution or adjust", "▲"),
    "unknown": ("Not known", "?"),
    "no-guidance": ("No guidance", "–"),
    "no-change": ("No change known", "●"),
}
ORIGIN_WORDS: Final[Mapping[str, str]] = {
    "germline": "Germline",
    "hla": "HLA typing (germline)",
    "tumour": "Tumour",
    "pathogen": "Pathogen",
}
_OPEN: Final = ("not-tested", NOT_READ)
_MOST_LINES: Final = 5  # of one finding; the rest are counted
# Which unread search stands at which place of the page.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "medicines": ("activeMedications", "statedMedications"),
    "genes": ("pgxObservations", "diagnosticReports"),
    "findings": ("tumourMarkers", "pathogenResults", "hlaResults"),
    "tests": ("testOrders",),
    "patient": ("patient",),
}
_WORDS: Final[Mapping[str, str]] = {
    "activeMedications": "The list of active medicines",
    "statedMedications": "What the patient reports to take (MedicationStatement)",
    "pgxObservations": "Genetic results (Observation)",
    "diagnosticReports": "Genetic reports (DiagnosticReport)",
    "tumourMarkers": "Tumour markers (Observation)",
    "pathogenResults": "Resistance results (Observation)",
    "hlaResults": "HLA typings (Observation)",
    "testOrders": "Open orders for genetic tests (ServiceRequest)",
    "patient": "The patient's name and birth date (Patient)",
    "problems": "The problem list (Condition)",
    "allergies": "Allergies (AllergyIntolerance)",
    "bodyMeasures": "Weight, height and kidney function (Observation)",
    "carePlans": "Care plans (CarePlan)",
    "consents": "Consents (Consent)",
    "riskAssessments": "Risk assessments (RiskAssessment)",
}


class Anchors:
    """The ids of a page's places, each given out once: where a drug stands twice, the first is
    where a link leads."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def drugs(self, names: Iterable[str]) -> list[str]:
        return self._new(map(place_of_drug, names))

    def gene(self, symbol: str) -> list[str]:
        return self._new([place_of_gene(symbol)])

    def _new(self, places: Iterable[str]) -> list[str]:
        new = [each for each in dict.fromkeys(places) if each not in self._given]
        self._given.update(new)
        return new


@dataclass(frozen=True, slots=True)
class Banner:
    """Whose page it is. `name` is empty where it could not be read; `age` in whole years."""

    name: str
    born: str
    age: int | None
    sex: str
    id: str
    server: str
    is_needed: bool


def banner_of(opened: Opened) -> Banner:
    patient, session = opened.data.patient, opened.session
    born = patient.get("birthDate")
    sex = patient.get("gender")
    text = born if isinstance(born, str) else ""
    return Banner(
        name=name_of(patient),
        born=text[:10],
        age=_age(text, opened.passport.today),
        sex=sex if sex in ("male", "female", "other", "unknown") else "",
        id=session.patient,
        server=session.fhir,
        is_needed=session.needs_banner,
    )


def _age(born: str, today: str) -> int | None:
    try:
        return years_between(born, date.fromisoformat(today)) if born else None
    except ValueError:
        return None


def clinician_values(opened: Opened) -> dict[str, Any]:
    """Everything that the clinician's page draws."""
    passport = opened.passport
    counts = Counter(each.light for each in passport.medicines)
    return {
        "banner": banner_of(opened),
        "passport": passport,
        "session": opened.session,
        "is_ours": opened.data.is_ours,
        "history": opened.history,
        "counts": [(light, counts[light]) for light in LIGHTS if counts[light]],
        "lights": LIGHT_WORDS,
        "origins": ORIGIN_WORDS,
        "tested": [each for each in passport.genes if each.status not in _OPEN],
        "untested": [each.gene for each in passport.genes if each.status == "not-tested"],
        "unread_genes": [each.gene for each in passport.genes if each.status == NOT_READ],
        "findings": [(each, *_cut(each)) for each in passport.findings],
        "avoid": [(light, [e for e in passport.avoid if e.light == light]) for light in LIGHTS],
        "unread": unread_by_place(opened.data.unread),
        "anchors": Anchors(),
        "is_placed": opened.session.app_context in set(_places(passport)),
        "asked_place": opened.session.app_context,
        "result_of": result_of,
        "missing_of": missing_of,
        "phenotype_of": phenotype_of,
        "day_of": day_of,
        "moment_of": moment_of,
    }


def patient_values(opened: Opened, words: Words) -> dict[str, Any]:
    """Everything that the patient's page draws, in the words of one language."""
    passport = opened.passport
    unread = passport.failed("results") or passport.failed("medicines")
    return {
        "banner": banner_of(opened),
        "passport": passport,
        "say": words,
        "en": english,
        "language": words.language,
        "medicines_failed": passport.failed("medicines"),
        "results_failed": passport.failed("results"),
        "unread": unread,
        "tested": [each for each in passport.genes if each.status not in _OPEN],
        "untested": [each.gene for each in passport.genes if each.status == "not-tested"],
        "unread_genes": [each.gene for each in passport.genes if each.status == NOT_READ],
        "findings": _once_by_finding(passport.findings),
        "avoid": [each.drug for each in passport.avoid],
        "signs": {light: sign for light, (_, sign) in LIGHT_WORDS.items()},
        "explanations": explanations,
        "results_for": results_for,
        "missing_by_word": missing_by_word,
        "sources_of": sources_of,
        "result_of": result_of,
        "phenotype_of": phenotype_of,
    }


def unread_by_place(unread: Sequence[Unread]) -> dict[str, list[tuple[str, str]]]:
    """What could not be read, by the place of the page where it would have stood; `rest` is what
    has none."""
    found: dict[str, list[tuple[str, str]]] = {each: [] for each in (*_PLACES, "rest")}
    placed = {topic: place for place, topics in _PLACES.items() for topic in topics}
    for each in unread:
        place = placed.get(each.topic, "rest")
        found[place].append((_WORDS.get(each.topic, each.type), each.reason))
    return found


def result_of(gene: PassportGene) -> str:
    """A gene's result in its own names: `*1/*2`, `*2/*2 or *2/*17`, `*57:01 positive`."""
    if gene.allele_status:
        found = [f"{allele} {word}" for allele, word in gene.allele_status.items()]
        named = [allele for allele in gene.alleles if allele not in gene.allele_status]
        return ", ".join([*found, *named])
    names = list(dict.fromkeys(each.name for each in gene.diplotypes))
    if names:
        between = BETWEEN.get(gene.status, " or ")
        more = f"{between}{len(names) - 3} more" if len(names) > 3 else ""
        return between.join(names[:3]) + more
    return ", ".join(gene.alleles)


_MISSING: Final[Mapping[str, str]] = {
    "not-tested": "not tested",
    "not-called": "no usable result",
    "not-settled": "not settled by the result on file",
    NOT_READ: "could not be read",
}


def missing_by_word(medicine: PassportMedicine, passport: Passport) -> list[tuple[str, list[str]]]:
    """What a medicine's light lacks by the one word that is true of it: a key of `_MISSING`. Of an
    HLA gene with a result an allele that was asked for may be open all the same."""
    words: dict[str, list[str]] = {}
    for target in medicine.missing:
        name, star, _ = target.partition("*")
        gene = passport.gene(name)
        word = gene.status if gene else "not-called"
        if word not in ("not-tested", NOT_READ, "not-called"):
            word = "not-settled" if star else "not-called"
        words.setdefault(word, []).append(target)
    return list(words.items())


def missing_of(medicine: PassportMedicine, passport: Passport) -> str:
    """What a medicine's light lacks, as a clinician reads it."""
    found = missing_by_word(medicine, passport)
    return "; ".join(f"{', '.join(targets)} {_MISSING[word]}" for word, targets in found)


def phenotype_of(gene: PassportGene) -> str:
    """The phenotype; of results that disagree or are not settled every one of them: one alone would
    read as the answer."""
    return phenotype_told(gene.status, gene.phenotype, (each.phenotype for each in gene.diplotypes))


def results_for(medicine: PassportMedicine) -> list[tuple[str, str]]:
    """The genes that decided a medicine's light, each with its term, once."""
    found: dict[tuple[str, str], None] = {}
    for said in medicine.said:
        for gene, term in said.genes:
            if term not in ("No Result", "Not Called"):
                found[gene, term] = None
    return list(found)


def sources_of(said: Iterable[Said]) -> list[str]:
    return list(dict.fromkeys(each.source for each in said))


def day_of(text: str) -> str:
    """The day of a FHIR date; a result has no meaning by the minute."""
    return text[:10]


def moment_of(text: str) -> str:
    """`2026-11-23 10:04 UTC` of a time that we noted."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) >= 16 else text


def _cut(finding: PassportFinding) -> tuple[tuple[FindingLine, ...], int]:
    return finding.lines[:_MOST_LINES], max(0, len(finding.lines) - _MOST_LINES)


def _once_by_finding(findings: Sequence[PassportFinding]) -> list[PassportFinding]:
    return list({(each.origin, each.finding): each for each in findings}.values())


def _places(passport: Passport) -> Iterable[str]:
    """Every place that the page has."""
    drugs = [name for each in passport.medicines for name in each.drugs]
    drugs += passport.asked.drugs if passport.asked else ()
    drugs += [each.drug for each in passport.avoid]
    yield from map(place_of_drug, drugs)
    yield from (place_of_gene(each.gene) for each in passport.genes)
