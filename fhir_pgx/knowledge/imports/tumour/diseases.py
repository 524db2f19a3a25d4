"""Diseases: Disease Ontology nodes with their codes elsewhere and their names.

ICD-10-CM is not taken from the tables: `icd10.csv` says by hand which prefix tells which node.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, str]
FIELDS = ("doid", "label", "ancestors", "snomed", "ncit", "icdo", "umls", "oncotree", "names")
BRITISH = (("leukemia", "leukaemia"), ("tumor", "tumour"), ("esophag", "oesophag"))


def several(text: str) -> list[str]:
    return [each.strip() for each in text.split(";") if each.strip()]


def nodes_of(codes: Iterable[Row], own: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every node: those of the table, the ancestors they name, and ours; by id."""
    nodes: dict[str, dict[str, Any]] = {}
    above: dict[str, list[list[str]]] = defaultdict(list)
    labels: dict[str, str] = {}
    for row in codes:
        chain = several(row["ancestors"])
        labels |= dict(zip(chain, several(row["ancestor_labels"]), strict=True))
        for place, ancestor in enumerate(chain):
            above[ancestor].append(chain[place + 1 :])
        nodes[row["doid"]] = {
            "label": row["do_label"] or row["civic_name"].lower(),
            "ancestors": chain,
            "names": [row["do_label"], row["civic_name"]],
            **{each: several(row[each]) for each in ("snomed", "ncit", "icdo", "umls", "oncotree")},
        }
    for ancestor, chains in above.items():
        # An ancestor's own ancestors are those that follow it in every chain.
        shared = [each for each in chains[0] if all(each in chain for chain in chains)]
        nodes.setdefault(ancestor, _bare(labels[ancestor], shared))
    for entry in own["nodes"]:
        nodes[entry["id"]] = _bare(entry["label"], entry["ancestors"]) | {
            "names": [entry["label"], *entry.get("names", ())],
            "oncotree": entry.get("oncotree", []),
        }
    return nodes


def _bare(label: str, ancestors: list[str]) -> dict[str, Any]:
    empty: dict[str, Any] = {each: [] for each in ("snomed", "ncit", "icdo", "umls", "oncotree")}
    return empty | {"label": label, "ancestors": list(ancestors), "names": [label]}


def named_nodes(statements: Iterable[Row], nodes: dict[str, dict[str, Any]]) -> None:
    """Adds the nodes that statements alone name: a label, and no ancestors that we know of."""
    for row in statements:
        if row["doid"] and row["doid"] not in nodes:
            nodes[row["doid"]] = _bare(row["disease"].lower(), [])


def place(nodes: dict[str, dict[str, Any]], own: Mapping[str, Any]) -> None:
    """Our corrections of the tree: a node that also stands, or does not stand, under another."""
    for entry in own["under"]:
        for node in nodes.values():
            if node is nodes[entry["node"]] or entry["node"] in node["ancestors"]:
                added = [entry["parent"], *nodes[entry["parent"]]["ancestors"]]
                node["ancestors"] += [each for each in added if each not in node["ancestors"]]
    for entry in own["not_under"]:
        for name, node in nodes.items():
            if name == entry["node"] or entry["node"] in node["ancestors"]:
                node["ancestors"].remove(entry["parent"])


def add_aliases(nodes: dict[str, dict[str, Any]], aliases: Iterable[Row]) -> None:
    """Problem-list codes and names; what another node is called stays with that node."""
    owners = {name.lower() for node in nodes.values() for name in node["names"]}
    taken = {code for node in nodes.values() for code in node["oncotree"]}
    for row in aliases:
        node = nodes[row["doid"]]
        node["snomed"] += several(row["snomed_clinical"])
        node["oncotree"] += [each for each in several(row["oncotree"]) if each not in taken]
        node["names"] += [each for each in several(row["names"]) if each.lower() not in owners]


def add_own_names(nodes: dict[str, dict[str, Any]], own: Mapping[str, Any]) -> None:
    """Names by hand; each belongs to one node alone, some to none."""
    for node in nodes.values():
        node["names"] = [each for each in node["names"] if each.lower() not in own["not_names"]]
    for doid, names in own["names"].items():
        for name in names:
            for node in nodes.values():
                node["names"] = [each for each in node["names"] if each.lower() != name]
            nodes[doid]["names"].append(name)


def settle_codes(nodes: dict[str, dict[str, Any]], own: Mapping[str, Any]) -> None:
    """One node a code: of an ancestor and its descendant the ancestor, which claims less; of
    unrelated nodes none, save where our file says which."""
    for system in ("snomed", "icdo", "ncit", "umls"):
        holders: dict[str, list[str]] = defaultdict(list)
        for doid, node in nodes.items():
            node[system] = list(dict.fromkeys(node[system]))
            for code in node[system]:
                holders[code].append(doid)
        chosen = own["codes"].get(system, {})
        for code, found in {**{code: [] for code in chosen}, **holders}.items():
            keep = chosen[code] if code in chosen else _least(found, nodes)
            for doid in found:
                if doid != keep:
                    nodes[doid][system].remove(code)
            if keep and keep not in found:
                nodes[keep][system].append(code)


def _least(found: list[str], nodes: Mapping[str, Mapping[str, Any]]) -> str:
    if len(found) == 1:
        return found[0]
    roots = [
        each
        for each in found
        if all(each in nodes[other]["ancestors"] for other in found if other != each)
    ]
    return roots[0] if roots else ""


def add_oncotree(
    nodes: dict[str, dict[str, Any]], tree: Iterable[Row], own: Mapping[str, Any]
) -> None:
    """Every OncoTree code below a mapped one resolves to it, with its name; save those that our
    file holds to be another thing."""
    rows = {row["code"]: row for row in tree}
    owner = {code: doid for doid, node in nodes.items() for code in node["oncotree"]}
    owner |= own["oncotree"]["is"]
    named = {name.lower() for node in nodes.values() for name in node["names"]}
    for code in rows:
        if code in own["oncotree"]["none_of"]:
            continue
        at = code
        while at and at not in owner:
            at = rows[at]["parent"] if at in rows else ""
        # MT (malignant tumour) says no kind: it stands for itself alone.
        if not at or (owner[at] == "DOID:162" and at != code):
            continue
        node = nodes[owner[at]]
        node["oncotree"] += [] if code in node["oncotree"] else [code]
        name = rows[code]["name"].lower()
        if name not in named:
            named.add(name)
            node["names"].append(name)


def spelled(names: Iterable[str]) -> list[str]:
    """Lower-case names, each in both spellings, once."""
    found: dict[str, None] = {}
    for name in names:
        lower = " ".join(re.sub(r"[^\w\s/+()-]", " ", name.lower()).split())
        british = lower
        for american, other in BRITISH:
            british = re.sub(rf"(?<!o){american}", other, british)
        found |= dict.fromkeys(each for each in (lower, british) if each)
    return list(found)


def disease_rows(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    # In each one's own spelling first: another's British spelling takes no name from it.
    owners = {name.lower(): doid for doid in sorted(nodes) for name in nodes[doid]["names"]}
    for doid in sorted(nodes):
        node = nodes[doid]
        yield {
            "doid": doid,
            "label": node["label"],
            "ancestors": ";".join(dict.fromkeys(node["ancestors"])),
            **{
                each: ";".join(dict.fromkeys(node[each]))
                for each in ("snomed", "ncit", "icdo", "umls", "oncotree")
            },
            "names": ";".join(
                name for name in spelled(node["names"]) if owners.setdefault(name, doid) == doid
            ),
        }
