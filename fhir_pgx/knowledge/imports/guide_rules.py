"""Writes `knowledge/fhir/guide.json`: what the Genomics Reporting guide's profiles demand.

Out of the guide's structure definitions (snapshots, CC0-1.0): code, categories, elements that must
or must not be there, fixed values, and of each component its value types and how often it may
stand. Codes of bindings come with the guide's value sets; of LOINC's answer lists those that
decide are named below.

    python -m fhir_pgx.knowledge.imports.guide_rules FOLDER > fhir_pgx/knowledge/fhir/guide.json

FOLDER holds the guide's `StructureDefinition-*.json`, `ValueSet-*.json` and `CodeSystem-*.json`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
LOINC = "http://loinc.org"
PROFILES = (
    "variant", "genotype", "haplotype", "sequence-phase-relationship", "therapeutic-implication",
    "diagnostic-implication", "molecular-consequence", "genomic-report", "genomic-study",
    "genomic-study-analysis", "molecular-biomarker", "medication-recommendation",
    "followup-recommendation",
)  # fmt: skip

# LOINC answer lists with a required binding. Codes of LOINC (http://loinc.org/license).
ANSWER_LISTS = {
    "http://loinc.org/vs/LL1971-2": ("LA9633-4", "LA9634-2", "LA18198-4", "LA11884-6"),
    "http://loinc.org/vs/LL4049-4": ("LA26421-0", "LA26422-8", "LA26423-6"),
}
# Names that STU2 gave to the same profile, and codes that it allowed in its place.
ALSO_NAMED = {"genomic-report": ("genomics-report",)}
ALSO_CODED = {"genomic-report": (f"{LOINC}|81247-9",)}


def token(coding: Mapping[str, Any]) -> str:
    return f"{coding.get('system', '')}|{coding['code']}"


def pattern_of(element: Mapping[str, Any]) -> list[str]:
    """The codings that an element's pattern asks for, as `system|code`."""
    if "patternCoding" in element:
        return [token(element["patternCoding"])]
    return [token(each) for each in element.get("patternCodeableConcept", {}).get("coding", ())]


class Guide:
    """The guide's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sets = self._by_url("ValueSet")
        self.systems = self._by_url("CodeSystem")

    def _by_url(self, kind: str) -> dict[str, Any]:
        found = (json.loads(path.read_bytes()) for path in self.folder.glob(f"{kind}-*.json"))
        return {each["url"]: each for each in found}

    def elements(self, name: str) -> tuple[str, list[dict[str, Any]]]:
        read = json.loads((self.folder / f"StructureDefinition-{name}.json").read_bytes())
        return read["type"], read["snapshot"]["element"]

    def codes(self, binding: Mapping[str, Any]) -> list[str]:
        """`system|code` of a required binding that lists them; empty where it does not."""
        url = binding.get("valueSet", "").partition("|")[0]
        if binding.get("strength") != "required":
            return []
        if url in ANSWER_LISTS:
            return [f"{LOINC}|{code}" for code in ANSWER_LISTS[url]]
        found: list[str] = []
        for part in self.sets.get(url, {}).get("compose", {}).get("include", ()):
            concepts = part.get("concept") or self.systems.get(part.get("system"), {}).get(
                "concept"
            )
            if not concepts or part.get("filter"):
                return []
            found += [f"{part['system']}|{each['code']}" for each in concepts]
        return found


def rules_of(name: str, guide: Guide) -> dict[str, Any]:
    """The rules of one profile."""
    kind, elements = guide.elements(name)
    by_id = {element["id"]: element for element in elements}
    top = [each for each in elements if each["id"].count(".") == 1 and ":" not in each["id"]]
    base = {"status", "code", "subject", "content"} if name != "genomic-study" else {"status"}
    rules: dict[str, Any] = {
        "type": kind,
        "names": [name, *ALSO_NAMED.get(name, ())],
        "codes": [*pattern_of(by_id[f"{kind}.code"]), *ALSO_CODED.get(name, ())],
        "required": [
            step(each)
            for each in top
            if each["min"] and step(each) not in base | {"category"} and not fixed(each)
        ],
        "forbidden": [step(each) for each in top if each["max"] == "0"],
        "fixed": {step(each): fixed(each) for each in top if fixed(each)},
        "categories": list(categories(by_id, kind)),
        "bound": guide.codes(by_id[f"{kind}.code"].get("binding", {})),
        "value": value_of(by_id.get(f"{kind}.value[x]"), by_id, kind, guide),
        "components": components_of(elements, guide),
    }
    return {member: value for member, value in rules.items() if value}


def categories(by_id: Mapping[str, Any], kind: str) -> Iterator[str]:
    """The codings that the profile asks for in `category`: of its own, and of slices with min 1."""
    for name, element in by_id.items():
        owner, _, _ = name.removeprefix(f"{kind}.category").partition(".")
        if name.startswith(f"{kind}.category") and by_id[f"{kind}.category{owner}"]["min"]:
            yield from pattern_of(element)


def step(element: Mapping[str, Any]) -> str:
    return str(element["path"]).rpartition(".")[2].removesuffix("[x]")


def fixed(element: Mapping[str, Any]) -> str:
    return str(element.get("patternCode") or element.get("fixedCode") or "")


def value_of(
    element: Mapping[str, Any] | None, by_id: Mapping[str, Any], kind: str, guide: Guide
) -> dict[str, Any]:
    """Types and codes of the value; empty where any will do. None at all is in `forbidden`."""
    if element is None or element["max"] == "0":
        return {}
    sliced = by_id.get(f"{kind}.value[x]:valueCodeableConcept", element)
    types = [each["code"] for each in element.get("type", ())]
    found: dict[str, Any] = {"types": types} if len(types) <= 2 else {}
    codes = guide.codes(sliced.get("binding", {}))
    return {**found, "codes": codes} if codes else found


def components_of(elements: list[dict[str, Any]], guide: Guide) -> dict[str, Any]:
    """By `system|code`: the slice's name, value types, codes, and `once` where it stands once."""
    slices: dict[str, dict[str, Any]] = {}
    for element in elements:
        owner, _, rest = element["id"].partition(".component:")
        if not rest or "." in owner:
            continue
        name, _, member = rest.partition(".")
        found = slices.setdefault(name, {"name": name})
        if not member and element["max"] == "1":
            found["once"] = True
        elif member == "code":
            (found["code"],) = pattern_of(element)
        elif member == "value[x]":
            found["types"] = [each["code"] for each in element["type"]]
            codes = guide.codes(element.get("binding", {}))
            if codes:
                found["codes"] = codes
    return {each.pop("code"): each for each in slices.values()}


def main(folder: str) -> None:
    """Write the rules to standard output."""
    guide = Guide(Path(folder))
    made = {
        "from": "knowledge/imports/guide_rules.py from HL7's Genomics Reporting guide, continuous "
        "build of 2026-01-30 (CC0-1.0)",
        "guide": GUIDE,
        "profiles": {name: rules_of(name, guide) for name in PROFILES},
    }
    json.dump(made, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
