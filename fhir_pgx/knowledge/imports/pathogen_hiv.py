"""The rules of HIVDB as rows: an option of a rule is mutations joined by `+`, and its score.

Each rule is a list of options of which the best counts: one option for a plain score, several for
a MAX group. `i` is an insertion, `d` a deletion at the position.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_pgx.knowledge.imports.tables import flow

_SHORT = {"insertion": "i", "deletion": "d"}


def hiv_file(source: Mapping[str, Any], code_of: Callable[[str, str], str]) -> str:
    """The text of `hiv_rules.yaml`, without its first line."""
    about = {
        "source": "HIVDB", "system": "HIVDB", "level": source["version"],
        "id": f"HIVDB {source['version']}", "url": "https://hivdb.stanford.edu/",
        "licence": "Unlicense (hivdb/hivfacts)", "as_of": source["as_of"],
    }  # fmt: skip
    lines = [f"version: {flow(source['version'])}", f"provenance: {flow(about)}", "levels:"]
    for level in source["score_levels"]:
        band = {"low": level["min"], "high": level["max"]}
        lines.append(f"  - {flow(band | {'label': level['label'], 'sir': level['sir']})}")
    lines.append("wild_types:")
    for gene, letters in sorted(wild_types(source["mutation_comments"]).items()):
        lines.append(f"  {gene}: {flow(letters)}")
    lines.append("drugs:")
    for drug in source["drugs"]:
        lines += _drug_lines(drug, code_of)
    return "\n".join(lines) + "\n"


def _drug_lines(drug: Mapping[str, Any], code_of: Callable[[str, str], str]) -> Iterator[str]:
    name = drug["name"].removesuffix("/r")
    yield f"  - name: {flow(name)}"
    yield f"    abbreviation: {flow(drug['abbreviation'])}"
    yield f"    drug_class: {drug['drug_class']}"
    yield f"    gene: {drug['gene']}"
    yield f"    rxcui: {flow(code_of(name, drug['rxnorm']))}"
    yield f"    boosted: {flow(drug['boosted'])}"
    yield "    rules:"
    for rule in drug["rules"]:
        options = rule["items"] if rule["type"] == "max" else [rule]
        yield f"      - {flow([[_mutations(each), each['score']] for each in options])}"


def _mutations(option: Mapping[str, Any]) -> str:
    """`41L+215FY`."""
    return "+".join(
        f"{part['position']}{''.join(sorted(_SHORT.get(aa, aa) for aa in part['amino_acids']))}"
        for part in option["all_of"]
    )


def wild_types(comments: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """The reference amino acid at each position that the source remarks on: the letter before the
    position in the mutations' own names."""
    found: dict[str, dict[int, str]] = {}
    for comment in comments:
        number = re.match(r"\d+", comment["condition"])
        if number is None:
            continue
        named = Counter(re.findall(rf"\b([A-Z]){number[0]}(?=[A-Zid])", comment["source_text"]))
        if named:
            letter, _ = named.most_common(1)[0]
            found.setdefault(comment["gene"], {})[int(number[0])] = letter
    return {
        gene: {str(position): letters[position] for position in sorted(letters)}
        for gene, letters in found.items()
    }
