"""StructureDefinitions: what we add to the guide's profiles in what we write, and what we read.

Differentials alone, on the guide's own profiles: a validator that has the guide makes the
snapshots.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_pgx.cli.published.frame import FHIR, GUIDE, PROFILE, Definition, definition
from fhir_pgx.errors import MislabelledResult
from fhir_pgx.fhir.operation_outcome import SYSTEM as ERROR_SYSTEM
from fhir_pgx.terminology import DERIVATION, POSSIBLE_GENOTYPES

Element = dict[str, Any]
_STRUCTURES: Final = "http://hl7.org/fhir/StructureDefinition/"

# Profile of the guide, what is derived, and what ours asks for beyond it.
_DERIVED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "genotype": ("A gene's diplotype, or that there was no call", ("value", "gene")),
    "haplotype": ("A haplotype of a derived genotype", ("value", "gene")),
    "variant": ("A position as it was read, on its own assembly", ("value",)),
    "therapeutic-implication": ("What a result implies for therapy", ("parents",)),
    "diagnostic-implication": ("What a result implies for a diagnosis", ("parents",)),
    "molecular-consequence": ("What a variant does to its product", ("parents",)),
}


def structure_definitions() -> Iterator[Definition]:
    """Everything we write that the guide does not define as it stands, and what we read."""
    for name, (about, asks) in _DERIVED.items():
        yield _derived(name, about, asks)
    yield _report()
    yield _mislabelled()
    yield _possible_genotypes()
    yield _readable_result()


def _structure(
    id_: str, kind: str, base: str, title: str, text: str, elements: list[Element], **more: Any
) -> Definition:
    own = {"url": f"{PROFILE}{id_}"} | more
    return definition(
        "StructureDefinition",
        id_,
        title=title,
        text=text,
        fhirVersion=FHIR,
        kind="complex-type" if kind == "Extension" else "resource",
        abstract=False,
        type=kind,
        baseDefinition=base,
        derivation="constraint",
        differential={"element": elements},
        **own,
    )


def _element(path: str, *, slice_: str = "", **says: Any) -> Element:
    """An element by its path; `slice_` names a slice of it."""
    named = {"sliceName": slice_} if slice_ else {}
    return {"id": f"{path}:{slice_}" if slice_ else path, "path": path, **named, **says}


def _tagged(kind: str) -> list[Element]:
    """That the resource is marked as a conclusion of ours."""
    tag = f"{kind}.meta.tag"
    discriminators = [{"type": "value", "path": "system"}]
    return [
        _element(
            tag,
            slicing={"discriminator": discriminators, "rules": "open"},
            min=1,
        ),
        _element(tag, slice_="derivation", min=1, max="1"),
        {**_element(f"{tag}.system", min=1, patternUri=DERIVATION),
         "id": f"{tag}:derivation.system"},
    ]  # fmt: skip


def _derived(name: str, about: str, asks: tuple[str, ...]) -> Definition:
    elements = [
        _element("Observation"),
        *_tagged("Observation"),
        _element(
            "Observation.status",
            short="No person has verified what a machine derived",
            patternCode="preliminary",
        ),
    ]
    if "value" in asks:
        elements.append(_element("Observation.value[x]", min=1))
    elements.append(
        _element("Observation.device", min=1, short="This software and its knowledge release")
    )
    if "parents" in asks:
        elements.append(
            _element("Observation.derivedFrom", min=1, short="The result that it follows from")
        )
    if "gene" in asks:
        elements.append(_element("Observation.component", slice_="gene-studied", min=1))
    return _structure(
        f"derived-{name}",
        "Observation",
        f"{GUIDE}/StructureDefinition/{name}",
        f"Derived {name.replace('-', ' ')}",
        f"{about}, as this software concludes it.",
        elements,
    )


def _report() -> Definition:
    return _structure(
        "derived-report",
        "DiagnosticReport",
        f"{GUIDE}/StructureDefinition/genomic-report",
        "Derived genomic report",
        "The report that $interpret answers with: its results are in the same Bundle, and its "
        "conclusion names every gene that was tested, and those that were not.",
        [
            _element("DiagnosticReport"),
            *_tagged("DiagnosticReport"),
            _element("DiagnosticReport.status", patternCode="partial"),
            _element("DiagnosticReport.conclusion", min=1),
        ],
    )


def _mislabelled() -> Definition:
    coding = {"system": ERROR_SYSTEM, "code": MislabelledResult.code}
    return _structure(
        "mislabelled-result",
        "DetectedIssue",
        f"{_STRUCTURES}DetectedIssue",
        "Mislabelled result",
        "A genomic result whose code, gene, alleles and words do not name the same thing, for a "
        "person to look at. The result itself stays as it was sent.",
        [
            _element("DetectedIssue"),
            _element("DetectedIssue.identifier", min=1),
            _element("DetectedIssue.status", patternCode="preliminary"),
            _element("DetectedIssue.code", min=1, patternCodeableConcept={"coding": [coding]}),
            _element("DetectedIssue.severity", min=1),
            _element("DetectedIssue.implicated", min=1, max="1"),
            _element("DetectedIssue.evidence", min=1),
            _element("DetectedIssue.detail", min=1),
        ],
    )


def _possible_genotypes() -> Definition:
    return _structure(
        "possible-genotypes",
        "Extension",
        f"{_STRUCTURES}Extension",
        "Possible genotypes",
        "Every genotype that the data allow, of which the Observation's value is one; joined by "
        "`or`, those of HLA by `|`.",
        [
            _element("Extension", short="Every genotype that the data allow", max="1"),
            _element("Extension.extension", max="0"),
            _element("Extension.url", fixedUri=POSSIBLE_GENOTYPES),
            _element("Extension.value[x]", min=1, type=[{"code": "string"}]),
        ],
        url=POSSIBLE_GENOTYPES,
        context=[{"type": "element", "expression": "Observation"}],
    )


def _readable_result() -> Definition:
    def used(name: str, short: str) -> Element:
        return _element(f"Observation.{name}", short=short, mustSupport=True)

    return _structure(
        "readable-result",
        "Observation",
        f"{_STRUCTURES}Observation",
        "Gene result that is read",
        "The elements of a genomic result that are read, whatever profile it claims. What is "
        "missing is said in the answer; nothing is taken for normal.",
        [
            _element("Observation"),
            used("identifier", "Known by it when it is sent again"),
            used("status", "Withdrawn results are listed and not used"),
            used("code", "What was asked: the guide's codes, LOINC's per gene, or its words"),
            used("subject", "Whose it is; two patients are never mixed"),
            used("focus", "Another person's result is listed and not used"),
            used("effective[x]", "Which of two results is later"),
            used("issued", "Used where no effective time is stated"),
            used("value[x]", "Diplotype, allele, phenotype, presence or score"),
            used("dataAbsentReason", "No answer is not the reference"),
            used("interpretation", "A phenotype, or the verdict of a test for one allele"),
            used("method", "How it was found"),
            used("specimen", "A tumour's, a donor's or a fetus's is not the patient's own"),
            used("derivedFrom", "The variants, haplotypes or genotype that it rests on"),
            used("hasMember", "The results of a panel"),
            used("component", "Gene studied (48018-6), and the parts of a variant"),
        ],
    )
