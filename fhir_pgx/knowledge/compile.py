"""Compiles the knowledge files into the one artefact the service loads.

    python -m fhir_pgx.knowledge.compile [--check]

Every file is checked against its JSON Schema and every reference between files must meet;
otherwise nothing is written and each fault is named with its file. The output depends on the
files alone, so `--check` (and a test) can prove that the artefact in the tree is up to date.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.alternative_facts import load_alternative_facts
from fhir_pgx.knowledge.conditions import load_conditions
from fhir_pgx.knowledge.definitions import load_definitions
from fhir_pgx.knowledge.dosing import load_dosing
from fhir_pgx.knowledge.files import read_checked, read_yaml
from fhir_pgx.knowledge.interactions import load_interactions
from fhir_pgx.knowledge.levels import load_levels, load_panels
from fhir_pgx.knowledge.loader import ARTEFACT, HERE, RELEASE
from fhir_pgx.knowledge.problems import load_problems
from fhir_pgx.knowledge.terms import load_vocabulary, with_therapies
from fhir_pgx.knowledge.therapies import load_therapies
from fhir_pgx.knowledge.therapy_sources import therapy_counts, therapy_sources
from fhir_pgx.model.knowledge import (
    Advice,
    AlleleRule,
    Alternative,
    Dose,
    DrugRules,
    GeneRules,
    Guideline,
    Knowledge,
    PairRule,
    Population,
    Publication,
    Row,
)

RELEASE_NAME = "2026.08"  # the month of the newest source table


def alias_names(alleles: Mapping[str, Any]) -> dict[str, str]:
    """Parts of composite allele names that stand for one allele alone.

    `c.1905+1G>A (*2A)` is also known as `c.1905+1G>A` and `*2A`; `Mediterranean, Dallas, …` by
    each of its names.
    """
    parts: Counter[str] = Counter()
    owners: dict[str, str] = {}
    for name in alleles:
        named = re.fullmatch(r"(.+) \((\*?\w+)\)", name)
        pieces = [*named.groups()] if named else []
        pieces += [piece.strip() for piece in name.split(",")] if "," in name else []
        for piece in pieces:
            if piece != name and "c." not in piece[2:]:
                parts[piece] += 1
                owners[piece] = name
    return {
        piece: owners[piece]
        for piece, count in parts.items()
        if count == 1 and piece not in alleles and piece not in ("reference", "C", "T", "G", "A")
    }


def gene_rules(content: Mapping[str, Any], names: Mapping[str, Any]) -> GeneRules:
    alleles = content["alleles"]
    aliases = {**alias_names(alleles), **names.get("aliases", {})}
    pairs = [
        PairRule(tuple(sorted(rule["of"])), rule["phenotype"], rule["score"], rule["key"])
        for rule in content["pairs"]
    ]
    by_name = [
        PairRule(tuple(sorted(rule["of"])), rule["phenotype"], None, rule["phenotype"])
        for rule in names.get("phenotypes", [])
    ]
    for wanted in {*aliases.values(), *names.get("nucleotides", {}).values()}:
        if wanted not in alleles and wanted not in names.get("beyond", ()):
            raise BrokenKnowledge(f"names.yaml: {content['gene']} has no allele {wanted}")
    return GeneRules(
        gene=content["gene"],
        hgnc=content["hgnc"],
        method=content["method"],
        chromosome=content["chromosome"],
        copies=tuple(content["copies"]),
        release=content["release"],
        citation=content["citations"]["functions"]["what"],
        alleles={
            name: AlleleRule(rule.get("function"), rule.get("activity"))
            for name, rule in alleles.items()
        },
        pairs=tuple(pairs + by_name),
        tracked=tuple(content["tracked"]),
        aliases=aliases,
        nucleotides=names.get("nucleotides", {}),
    )


def guideline(content: Mapping[str, Any], codes: Mapping[str, str]) -> Guideline:
    def advice(name: str, entry: Mapping[str, Any]) -> Advice:
        for alternative in entry.get("alternatives", []):
            if alternative not in codes:
                raise BrokenKnowledge(
                    f"{content['guideline']}: no code for the alternative {alternative}",
                    mend="add it to alternatives.yaml",
                )
        return Advice(
            id=name,
            action=entry["action"],
            summary=" ".join(entry["summary"].split()),
            text=" ".join(entry["text"].split()),
            also=tuple(entry.get("also", ())),
            dose=tuple(Dose(**dose) for dose in entry.get("dose", ())),
            alternatives=tuple(
                Alternative(name, codes[name]) for name in entry.get("alternatives", ())
            ),
            tells=entry.get("tells", False),
            serious=entry.get("harm") == "serious",
        )

    return Guideline(
        id=content["guideline"],
        source=content["source"],
        title=content["title"],
        url=content["url"],
        publications=tuple(
            Publication(paper["pmid"], paper["year"]) for paper in content["publications"]
        ),
        licence=content["licence"],
        retrieved=content["retrieved"],
        reviewed=content["reviewed"],
        status=content["status"],
        populations={
            name: Population(
                name,
                entry["code"],
                entry["label"],
                entry.get("when", ""),
                {need: tuple(values) for need, values in entry.get("fits", {}).items()},
            )
            for name, entry in content["populations"].items()
        },
        advice={name: advice(name, entry) for name, entry in content["advice"].items()},
        implications={
            name: " ".join(entry["text"].split()) for name, entry in content["implications"].items()
        },
        considerations={
            name: " ".join(entry["text"].split())
            for name, entry in content.get("considerations", {}).items()
        },
        note=" ".join(content.get("note", "").split()),
        only_alone=content.get("only_alone", False),
    )


def drug_rules(content: Mapping[str, Any], guidelines: Mapping[str, Guideline]) -> DrugRules:
    about = guidelines[content["guideline"]]
    rows = []
    for row in content["rows"]:
        for name, section, wanted in (
            ("population", about.populations, [row["population"]]),
            ("advice", about.advice, [row["advice"]]),
            ("implication", about.implications, row["implications"].values()),
            ("consideration", about.considerations, row["considerations"]),
        ):
            for key in wanted:
                if key not in section:
                    raise BrokenKnowledge(f"{row['rule']}: no {name} {key} in {about.id}")
        rows.append(
            Row(**{**row, "considerations": tuple(row["considerations"])}),
        )
    return DrugRules(
        drug=content["drug"],
        rxcui=content["rxnorm"],
        ingredients=tuple(content["ingredients"]),
        source=content["source"],
        guideline=content["guideline"],
        genes=tuple(content["genes"]),
        rows=tuple(rows),
    )


def compile_knowledge() -> Knowledge:
    """Everything under `knowledge/`, checked and joined; raises BrokenKnowledge on any fault."""
    names = read_yaml(HERE / "names.yaml")
    drugs = list(read_checked("drugs", "drug"))
    codes = read_yaml(HERE / "alternatives.yaml")
    codes |= {drug["drug"]: drug["rxnorm"] for drug in drugs}
    genes = {
        content["gene"]: gene_rules(content, names.get(content["gene"], {}))
        for content in read_checked("genes", "gene")
    }
    guidelines = {
        content["guideline"]: guideline(content, codes)
        for content in read_checked("guidelines", "guideline")
    }
    compiled = tuple(drug_rules(content, guidelines) for content in drugs)
    rules = Counter(row.rule for drug in compiled for row in drug.rows)
    twice = [rule for rule, count in rules.items() if count > 1]
    if twice:
        raise BrokenKnowledge(f"rule ids used twice: {twice[:5]}")
    unknown = {gene for drug in compiled for gene in drug.genes} - genes.keys()
    if unknown:
        raise BrokenKnowledge(f"drugs speak of genes without a file: {sorted(unknown)}")
    therapies = load_therapies(HERE)
    vocabulary = with_therapies(load_vocabulary(HERE / "terms"), therapies)
    return Knowledge(
        release=RELEASE_NAME,
        genes=genes,
        guidelines=guidelines,
        drugs=compiled,
        vocabulary=vocabulary,
        definitions=load_definitions(HERE, genes),
        condition_classes=load_conditions(HERE),
        interactions=load_interactions(HERE),
        dosing=load_dosing(HERE),
        alternative_facts=load_alternative_facts(HERE, codes, load_conditions(HERE)),
        levels=load_levels(HERE),
        panels=load_panels(HERE, vocabulary.loinc),
        problems=load_problems(HERE, load_conditions(HERE), compiled),
        therapies=therapies,
    )


def _as_of(source: str, knowledge: Knowledge) -> str:
    held = knowledge.guidelines.values()
    return max(entry.retrieved for entry in held if entry.source == source)


def encode(knowledge: Knowledge) -> tuple[bytes, dict[str, Any]]:
    """The artefact's bytes and its record."""
    data = msgspec.msgpack.encode(knowledge)  # the files' order means something: keep it
    record = {
        "release": knowledge.release,
        "sha256": hashlib.sha256(data).hexdigest(),
        "counts": {
            "genes": len(knowledge.genes),
            "guidelines": len(knowledge.guidelines),
            "drugs": len({drug.drug for drug in knowledge.drugs}),
            "rows": sum(len(drug.rows) for drug in knowledge.drugs),
            "definitions": len(knowledge.definitions),
            "sites": sum(len(each.sites) for each in knowledge.definitions.values()),
            "named_alleles": sum(len(each.alleles) for each in knowledge.definitions.values()),
            **therapy_counts(knowledge.therapies),
        },
        "sources": [
            {
                "name": "CPIC recommendation, guideline and allele tables",
                "as_of": _as_of("CPIC", knowledge),
                "licence": "CC0-1.0",
            },
            {
                "name": "DPWG guidelines as annotated by ClinPGx; a part as of the later date",
                "as_of": _as_of("DPWG", knowledge),
                "licence": "facts restated in our words; annotation CC-BY-SA-4.0 (ClinPGx)",
            },
            {
                "name": "FDA table of pharmacogenetic associations, and sentences of drug labels",
                "as_of": _as_of("FDA", knowledge),
                "licence": "public domain (US government work)",
            },
            {
                "name": "Allele functions and diplotype tables as published with PharmCAT",
                "as_of": "2025-11-05",
                "licence": "CC0-1.0 (CPIC content)",
            },
            {
                "name": "Allele definitions of CPIC and PharmVar, as published with PharmCAT 3.1.1",
                "as_of": "2025-11-05",
                "licence": "CC0-1.0 (CPIC content); PharmVar's own terms (PharmVar content)",
            },
            {
                "name": "Positions on GRCh37 and GRCh38, and protein names, of pypgx 0.27.0",
                "as_of": "2026-06",
                "licence": "MIT",
            },
            *therapy_sources(knowledge.therapies),
        ],
    }
    return data, record


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args(argv).check
    try:
        data, record = encode(compile_knowledge())
    except BrokenKnowledge as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if check:
        fresh = ARTEFACT.exists() and ARTEFACT.read_bytes() == data
        sys.stderr.write("up to date\n" if fresh else "out of date: run `make knowledge`\n")
        return 0 if fresh else 1
    ARTEFACT.write_bytes(data)
    RELEASE.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    sys.stderr.write(f"{len(data)} bytes, {record['counts']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
