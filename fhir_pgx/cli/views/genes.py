"""An interpretation for a person: genes with their status, then all else that was read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from fhir_pgx.cli.views.looks import STATUS_MEANINGS, STATUSES, look_of
from fhir_pgx.cli.views.screen import Rows, bullets, strong, words
from fhir_pgx.model.phenotype import BETWEEN, phenotype_told

MOST_NAMES: Final = 6  # readings of a gene, positions of a list
_GENE_HEADS: Final = ("Gene", "Status", "Genotype", "Phenotype", "Score", "Positions")
_CLASSES: Final[Mapping[str, str]] = {
    "somatic": "Variants of a tumour (somatic)",
    "germline": "Germline variants",
    "unknown": "Variants of which nobody says whether they are germline or of a tumour",
}
_OTHERS: Final[Mapping[str, str]] = {
    "biomarkers": "Biomarkers",
    "gene_tests": "Tests of a gene",
    "cancers": "Cancers",
    "pathogens": "Pathogens",
    "hla_typings": "HLA typings",
    "hla_antibodies": "Antibodies against HLA",
    "risks": "Risks as reports give them",
    "plans": "Plans and orders",
}


def interpretation_view(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer of `interpret` (CONTRACT, section 3)."""
    yield subject_line(document)
    yield ""
    yield from genes_view(document.get("genes", {}))
    yield from _variants(document.get("variants", ()))
    for member, title in _OTHERS.items():
        yield from _findings(title, document.get(member, ()))
    yield from _notes("Of the data as a whole", document.get("caveats", ()))
    yield from not_understood_view(document)


def subject_line(document: Mapping[str, Any]) -> Text:
    """Whose data these are, and by which knowledge they were read."""
    subject = document.get("subject") or "subject not stated"
    release = document.get("knowledge", {}).get("release", "")
    return words(strong(subject), f"· knowledge {release}")


def genes_view(genes: Mapping[str, Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Genes with a result as a table, what limits each, and the genes that nobody tested."""
    told = {g: r for g, r in genes.items() if r["status"] != "not-tested" or r["caveats"]}
    untested = [gene for gene in genes if gene not in told]
    if told:
        yield Rows(_GENE_HEADS, [_gene_row(gene, result) for gene, result in told.items()])
    else:
        yield words("No gene of drug response has a result.")
    limits = [
        f"{gene}: {caveat['code']} {caveat['text']}"
        for gene, result in told.items()
        for caveat in result["caveats"]
    ]
    if limits:
        yield strong("Limits")
        yield from bullets(limits)
    yield from _legend(result["status"] for result in told.values())
    if untested:
        yield words(
            STATUSES["not-tested"].text(),
            f"({STATUS_MEANINGS['not-tested']}):",
            ", ".join(untested),
        )


def _legend(statuses: Iterable[str]) -> Iterator[Text]:
    """What the words mean that are not plain, as far as they were used."""
    for status in dict.fromkeys(statuses):
        meaning = STATUS_MEANINGS.get(status, "")
        if meaning:
            yield words(look_of(STATUSES, status).text(), f"= {meaning}")


def _gene_row(gene: str, result: Mapping[str, Any]) -> Sequence[str | Text]:
    # Of results that disagree the score is one of theirs.
    score = "" if result["status"] in BETWEEN else result.get("activity_score")
    return (
        gene,
        look_of(STATUSES, result["status"]).text(),
        genotype_of(result),
        phenotype_told(
            result["status"],
            result.get("phenotype"),
            (each.get("phenotype") for each in result.get("diplotypes", ())),
        ),
        score if score and score != "n/a" else "",
        coverage_of(result),
    )


def genotype_of(result: Mapping[str, Any]) -> str:
    """Every diplotype the data allow, best first, or the HLA alleles."""
    names = [*dict.fromkeys(each["name"] for each in result.get("diplotypes", ()))]
    between = BETWEEN.get(result["status"], " or ")
    shown = between.join([*names[:MOST_NAMES], *_more(names)])
    states = [f"{name} {state}" for name, state in result.get("allele_status", {}).items()]
    return "; ".join(part for part in (shown, ", ".join(states)) if part)


def coverage_of(result: Mapping[str, Any]) -> str:
    """How many decision positions were seen; which were not, and which of those could matter."""
    coverage = result.get("coverage")
    if coverage is None:
        return "" if result["status"] == "not-tested" else "not listed by the report"
    said = [f"{coverage['tested']} tested"]
    for member, word in (
        ("missing", "not tested"),
        ("no_call", "no call"),
        ("could_change", "could change the answer"),
    ):
        if found := coverage.get(member):
            said.append(f"{len(found)} {word}: {', '.join([*found[:3], *_more(found, 3)])}")
    return "; ".join(said)


def _more(found: Sequence[Any], most: int = MOST_NAMES) -> list[str]:
    return [f"{len(found) - most} more"] if len(found) > most else []


def _variants(variants: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    classes = [*_CLASSES, *sorted({_class(v) for v in variants} - set(_CLASSES))]
    for source_class in classes:
        found = [each for each in variants if _class(each) == source_class]
        if found:
            yield ""
            yield Rows(
                ("Gene", "Change", "Found", "Zygosity", "Fraction", "Significance", "From"),
                [_variant_row(each) for each in found],
                title=_CLASSES.get(source_class, source_class),
            )


def _class(variant: Mapping[str, Any]) -> str:
    return str(variant.get("source_class") or "unknown")


def _variant_row(variant: Mapping[str, Any]) -> Sequence[str]:
    names = [variant.get(name) for name in ("protein", "coding", "genomic", "site", "normalised")]
    named = [name for name in names if name][:2]
    extra = [f"copy number {variant['copy_number']}"] if variant.get("copy_number") else []
    known = [*named, *extra] or [variant.get("change_type") or ", ".join(variant.get("words", ()))]
    return (
        "::".join(variant.get("genes", ())) or variant.get("gene") or "gene not stated",
        "; ".join(known),
        str(variant.get("presence", "")).replace("-", " "),
        variant.get("zygosity", ""),
        variant.get("vaf", ""),
        variant.get("significance", ""),
        ", ".join([*variant.get("derived_from", ()), *filter(None, [variant.get("date")])]),
    )


def _findings(title: str, found: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    if found:
        yield ""
        yield strong(title)
        yield from bullets(_members(each) for each in found)


def _members(finding: Mapping[str, Any]) -> str:
    """Every member of a finding, by its name: nothing that was stated is left out."""
    return "; ".join(f"{name.replace('_', ' ')} {_flat(value)}" for name, value in finding.items())


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_flat(each) for each in value.values())
    if isinstance(value, list):
        return ", ".join(_flat(each) for each in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _notes(title: str, caveats: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    if caveats:
        yield ""
        yield strong(title)
        yield from bullets(f"{each['code']} {each['text']}" for each in caveats)


def not_understood_view(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What was met and not used; nothing where there was none."""
    found = document.get("not_understood", ())
    if found:
        yield ""
        yield Rows(
            ("Resource", "Place", "Why it was not used"),
            [(each["reference"], each.get("path", ""), each["reason"]) for each in found],
            title="Not understood",
        )
