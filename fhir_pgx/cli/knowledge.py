"""`fhir-pgx knowledge`: what the knowledge holds, and whether it is what was released."""

import argparse
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import msgspec

from fhir_pgx.cli.options import Commands, WrongUsage, add_command, add_format
from fhir_pgx.cli.output import print_json
from fhir_pgx.cli.views.shown import show
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.loader import load_artefact, load_knowledge, read_release
from fhir_pgx.knowledge.therapy_rows import find_therapies
from fhir_pgx.knowledge.therapy_sources import therapy_counts, therapy_sources
from fhir_pgx.model.knowledge import Knowledge


def register(commands: Commands) -> None:
    """Declare the command and its three forms."""
    parser = add_command(
        commands,
        "knowledge",
        run_list,
        does="show what the knowledge holds, its releases and sources",
        example="fhir-pgx knowledge list",
    )
    forms = parser.add_subparsers(metavar="list|show|verify", required=True)
    listed = add_command(
        forms,
        "list",
        run_list,
        does="list genes, guidelines, drugs and therapy tables, each with its release and source",
        example="fhir-pgx knowledge list --view",
    )
    add_format(listed)
    show = add_command(
        forms,
        "show",
        run_show,
        does="show everything about a gene, a guideline, a drug or a row",
        example="fhir-pgx knowledge show CYP2C19",
    )
    show.add_argument(
        "id",
        metavar="ID",
        help="a gene symbol, a guideline's id, a drug's name or RxNorm code, a row's id "
        "(CIViC:EID5), a pathogen's change ('rpoB p.Ser450Leu')",
    )
    add_command(
        forms,
        "verify",
        run_verify,
        does="check the knowledge and the drug codes against the hashes recorded for them",
        example="fhir-pgx knowledge verify",
    )


def run_list(arguments: argparse.Namespace) -> int:
    """Print what there is."""
    held = load_knowledge()
    show(
        arguments,
        {
            "release": held.release,
            "sha256": held.sha256,
            "genes": [
                {"gene": each.gene, "release": each.release, "alleles": len(each.alleles)}
                for each in held.genes.values()
            ],
            "guidelines": [
                {
                    "id": each.id,
                    "source": each.source,
                    "title": each.title,
                    "url": each.url,
                    "licence": each.licence,
                    "retrieved": each.retrieved,
                    "status": each.status,
                }
                for each in held.guidelines.values()
            ],
            "drugs": [
                {
                    "drug": each.drug,
                    "rxnorm": each.rxcui,
                    "genes": each.genes,
                    "source": each.source,
                    "guideline": each.guideline,
                    "recommendations": len(each.rows),
                }
                for each in held.drugs
            ],
            "therapies": {
                "counts": therapy_counts(held.therapies),
                "sources": therapy_sources(held.therapies),
            },
        },
        "knowledge",
    )
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print one thing in full."""
    print_json(find_entry(load_knowledge(), arguments.id))
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Print what was verified, the two files; raises BrokenKnowledge where a hash differs."""
    held = load_artefact()
    with closing(DrugCodes()) as drug_codes:
        codes = {"file": drug_codes.path.name, "sha256": drug_codes.verify()}
    print_json({"verified": True, **read_release(), "release": held.release, "drug_codes": codes})
    return 0


def find_entry(held: Knowledge, wanted: str) -> Mapping[str, Any]:
    """What is held of this name as JSON values: a gene, guideline or drug of drug response, and
    under `therapies` the rows of precision therapy of it.

    Raises WrongUsage where the knowledge holds nothing of this name.
    """
    found = _drug_response(held, wanted.strip())
    therapies = find_therapies(held.therapies, wanted)
    if not (found or therapies):
        raise WrongUsage(
            f"the knowledge holds no gene, guideline, drug or row {wanted.strip()}; "
            "`fhir-pgx knowledge list` shows genes, guidelines, drugs and tables; a row of "
            "precision therapy is found by its id (CIViC:EID5, RARE-hand:002), a gene or a drug "
            "in it, or a pathogen's change with its gene ('rpoB p.Ser450Leu')"
        )
    return {**found, **({"therapies": therapies} if therapies else {})}


def _drug_response(held: Knowledge, name: str) -> dict[str, Any]:
    gene = held.genes.get(name.upper())
    if gene is not None:
        return {**_written(gene), **_definition(held, gene.gene)}
    guideline = held.guidelines.get(name) or held.guidelines.get(name.lower())
    if guideline is not None:
        return _written(guideline)
    drugs = [each for each in held.drugs if name.lower() == each.drug or name == each.rxcui != ""]
    if drugs:
        return {"drug": drugs[0].drug, "rules": [_written(each) for each in drugs]}
    return {}


def _definition(held: Knowledge, gene: str) -> dict[str, Any]:
    """What there is to call the gene from variants; empty where there is no definition (HLA)."""
    found = held.definitions.get(gene)
    if found is None:
        return {}
    placed = [site for site in found.sites if site.start37 is not None]
    return {
        "definition": {
            "release": found.release,
            "citation": found.citation,
            "method": found.method,
            "reference": found.reference,
            "alleles": len(found.alleles),
            "sites": len(found.sites),
            "sites_on_grch37": len(placed),
            "of_these_inferred": sum(site.inferred37 for site in placed),
        }
    }


def _written(value: Any) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(value)
    return built
