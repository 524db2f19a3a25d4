"""What a wallet card says, as the claims that are signed: a small Bundle of FHIR R4, and back.

A Patient; an Observation of the card itself, with the release of the knowledge and the counts of
what is not on it; an Observation a gene. Gene, genotype and phenotype are text (`valueString`), in
HGNC's and the guidelines' own words: no code system has a code of every diplotype, the framework
allows neither `CodeableConcept.text` nor `Coding.display` in a QR code, and who reads the card
offline may have no table of codes. What repeats stands together, so that it packs well.
Source: SMART Health Cards Framework 1.4.0; HL7 Genomics Reporting, Genotype.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from fhir_pgx.errors import InvalidCard
from fhir_pgx.model.wallet import CARD_CODES, CardGene, CardHolder, OpenWhy, WalletCard
from fhir_pgx.terminology import GENE_STUDIED, GENOTYPE, LOINC

HEALTH_CARD: Final = "https://smarthealth.cards#health-card"
_FHIR: Final = "4.0.1"
_PATIENT: Final = {"reference": "resource:0"}
_CARD: Final = "card"
_LONGEST: Final = 400  # signs of any text that is read back
_MOST_GENES: Final = 200

Resource = dict[str, Any]


def write_claims(card: WalletCard) -> dict[str, Any]:
    """The claims of the framework, with everything that the card says."""
    resources = [_patient(card.holder), _about(card), *(_gene(each) for each in card.genes)]
    return {
        "iss": card.issuer,
        "nbf": card.issued,
        "vc": {
            "type": [HEALTH_CARD],
            "credentialSubject": {
                "fhirVersion": _FHIR,
                "fhirBundle": {
                    "resourceType": "Bundle",
                    "type": "collection",
                    "entry": [
                        {"resource": each, "fullUrl": f"resource:{place}"}
                        for place, each in enumerate(resources)
                    ],
                },
            },
        },
    }


def _patient(holder: CardHolder) -> Resource:
    name: Resource = {"text": holder.text} if holder.text else {}
    if holder.family:
        name["family"] = holder.family
    if holder.given:
        name["given"] = list(holder.given)
    return {"resourceType": "Patient", "name": [name], "birthDate": holder.birth_date}


def _about(card: WalletCard) -> Resource:
    parts = [
        _part("left-out", valueInteger=card.left_out),
        _part("no-answer", valueInteger=card.no_answer),
        _part("not-tested", valueInteger=card.not_tested),
    ]
    if card.is_demonstration:
        parts.append(_part("demonstration", valueBoolean=True))
    return {**_observation(CARD_CODES, _CARD), "component": parts, "valueString": card.release}


def _gene(gene: CardGene) -> Resource:
    written = _observation(LOINC, GENOTYPE)
    if gene.laboratory:
        written["performer"] = [{"display": gene.laboratory}]
    if gene.when:
        written["effectiveDateTime"] = gene.when
    said = (("phenotype", gene.phenotype), ("score", gene.score), ("open", gene.open_why))
    parts: list[Resource] = [{"code": _code(LOINC, GENE_STUDIED), "valueString": gene.gene}]
    parts += [_part(name, valueString=text) for name, text in said if text]
    if gene.is_partial:
        parts.append(_part("partial", valueBoolean=True))
    written["component"] = parts
    if gene.genotype:
        written["valueString"] = gene.genotype
    return written


def _observation(system: str, asked: str) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": _code(system, asked),
        "subject": dict(_PATIENT),
    }


def _part(name: str, **value: Any) -> Resource:
    return {"code": _code(CARD_CODES, name), **value}


def _code(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


# And back


def read_bundle(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Bundle of a health card about one patient. Raises InvalidCard where the claims are not
    those of the framework, or the resources are of several patients or of none."""
    credential = _of(claims, "vc", dict)
    types = _of(credential, "type", list)
    if HEALTH_CARD not in types:
        raise InvalidCard("the text is signed, and is no health card", where="vc.type")
    subject = _of(credential, "credentialSubject", dict)
    if not _of(subject, "fhirVersion", str).startswith("4.0."):
        raise InvalidCard("the card is not of FHIR R4", where="fhirVersion")
    bundle: Mapping[str, Any] = _of(subject, "fhirBundle", dict)
    entries = _of(bundle, "entry", list)
    if not all(isinstance(_inner(each), dict) for each in entries):
        raise InvalidCard("the card holds what is no resource", where="fhirBundle.entry")
    _check_one_patient(entries)
    return bundle


def _check_one_patient(entries: Sequence[Any]) -> None:
    patients = [each for each in entries if _inner(each).get("resourceType") == "Patient"]
    if len(patients) != 1:
        found = f"{len(patients)} patients" if patients else "no patient"
        raise InvalidCard(f"the card is of {found}", where="fhirBundle.entry")
    own = patients[0].get("fullUrl")
    for each in entries:
        resource = _inner(each)
        named = resource.get("subject", resource.get("patient"))
        if each is not patients[0] and (
            not isinstance(named, dict) or named.get("reference") != own
        ):
            raise InvalidCard("a result on the card is not its patient's", where="subject")


def _inner(entry: Any) -> Any:
    return entry.get("resource") if isinstance(entry, dict) else None


def read_card(claims: Mapping[str, Any]) -> WalletCard:
    """The card that signed claims say.

    Raises InvalidCard where they are of a health card of another kind than ours.
    """
    resources = [_inner(each) for each in read_bundle(claims)["entry"]]
    about = [each for each in resources if _asks(each, CARD_CODES, _CARD)]
    genes = [each for each in resources if _asks(each, LOINC, GENOTYPE)]
    if len(about) != 1 or len(genes) > _MOST_GENES or len(about) + len(genes) + 1 != len(resources):
        raise InvalidCard(
            "the card is signed, and is no card of drug response as we issue them",
            where="fhirBundle",
            mend="read it with a program for health cards of its kind",
        )
    parts = dict(_parts(about[0]))
    patient = next(each for each in resources if each["resourceType"] == "Patient")
    return WalletCard(
        holder=_read_holder(patient),
        genes=tuple(_read_gene(each) for each in genes),
        left_out=_count(parts, "left-out"),
        no_answer=_count(parts, "no-answer"),
        not_tested=_count(parts, "not-tested"),
        release=_text(about[0], "valueString"),
        issuer=_of(claims, "iss", str),
        issued=int(claims["nbf"]),
        is_demonstration=parts.get("demonstration") is True,
    )


def _read_holder(patient: Mapping[str, Any]) -> CardHolder:
    names = _of(patient, "name", list)
    name = names[0] if len(names) == 1 and isinstance(names[0], dict) else {}
    given = name.get("given", [])
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise InvalidCard("the card's name cannot be read", where="Patient.name")
    return CardHolder(
        family=_text(name, "family"),
        given=tuple(each[:_LONGEST] for each in given),
        text=_text(name, "text"),
        birth_date=_text(patient, "birthDate"),
    )


def _read_gene(resource: Mapping[str, Any]) -> CardGene:
    parts = dict(_parts(resource))
    open_why = _text(parts, "open")
    if not parts.get("gene") or open_why not in get_args(OpenWhy):
        raise InvalidCard("a gene on the card cannot be read", where="Observation.component")
    performers = resource.get("performer", [])
    first = performers[0] if isinstance(performers, list) and performers else {}
    return CardGene(
        gene=_text(parts, "gene"),
        genotype=_text(resource, "valueString"),
        phenotype=_text(parts, "phenotype"),
        score=_text(parts, "score"),
        open_why=open_why,  # type: ignore[arg-type]  # one of them, as was checked
        is_partial=parts.get("partial") is True,
        when=_text(resource, "effectiveDateTime"),
        laboratory=_text(first, "display") if isinstance(first, dict) else "",
    )


def _parts(resource: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Our own components by their name, and the gene studied as `gene`."""
    for each in _of(resource, "component", list):
        if not isinstance(each, dict):
            raise InvalidCard("a component on the card cannot be read", where="component")
        system, code = _coding(each.get("code"))
        value = next((value for name, value in each.items() if name.startswith("value")), None)
        if system == CARD_CODES:
            yield code, value
        elif (system, code) == (LOINC, GENE_STUDIED):
            yield "gene", value


def _asks(resource: Mapping[str, Any], system: str, code: str) -> bool:
    is_result = resource.get("resourceType") == "Observation" and resource.get("status") == "final"
    return is_result and _coding(resource.get("code")) == (system, code)


def _coding(concept: Any) -> tuple[str, str]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    first = codings[0] if isinstance(codings, list) and codings else None
    if not isinstance(first, dict):
        return "", ""
    return _text(first, "system"), _text(first, "code")


def _text(parts: Mapping[str, Any], name: str) -> str:
    found = parts.get(name, "")
    if not isinstance(found, str) or len(found) > _LONGEST:
        raise InvalidCard("a text on the card cannot be read", where=name)
    return found


def _count(parts: Mapping[str, Any], name: str) -> int:
    found = parts.get(name)
    if type(found) is not int or not 0 <= found < 1_000_000:
        raise InvalidCard("a count on the card cannot be read", where=name)
    return found


def _of(parts: Mapping[str, Any], name: str, kind: type) -> Any:
    found = parts.get(name)
    if not isinstance(found, kind):
        raise InvalidCard("the card is no health card: a part of it is missing", where=name)
    return found
