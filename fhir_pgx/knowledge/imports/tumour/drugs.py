"""Drugs of tumour rows: one name and, where it has one of its own, its RxNorm ingredient.

A code counts only where our own table of codes knows it as this very ingredient. The table maps
the codes of conjugates to the antibody in them, which is another drug: they keep no code.
"""

from collections.abc import Iterable, Iterator, Mapping

from fhir_pgx.knowledge.drug_codes import DrugCodes

# One name where sources have several; salts and suffixes are the ingredient.
ONE_NAME = {
    "imatinib mesylate": "imatinib",
    "abiraterone acetate": "abiraterone",
    "regorafenib anhydrous": "regorafenib",
    "zenocutuzumab-zbco": "zenocutuzumab",
    "valproic acid": "valproate",
    "taxol": "paclitaxel",
    "kw2449": "flt3/abl/aurora kinase inhibitor kw-2449",
    "jq-1": "jq1",
    "jq1 compound": "jq1",
    "pi103": "pi-103",
    "pictilisib bismesylate": "pictilisib",
    "egfr tyrosine kinase inhibitor (fda-approved for the indication)": (
        "egfr tyrosine kinase inhibitor"
    ),
    "epidermal growth factor receptor tyrosine kinase inhibitor": "egfr tyrosine kinase inhibitor",
    "datopotamab deruxtecan regimen": "datopotamab deruxtecan",
    "larotrectinib regimen": "larotrectinib",
    "folfox regimen": "folfox",
}
# Classes, regimens and what a code would say wrongly: they are known by their name alone.
NO_CODE = frozenset({"platinum", "nab-paclitaxel", "interferon alpha", "pemetrexed/platinum"})


def one_name(name: str) -> str:
    """Our name of a drug: lower case, without its salt."""
    lower = " ".join(name.lower().split())
    return ONE_NAME.get(lower, lower)


def rxcui_of(name: str, codes: DrugCodes) -> str:
    """The RxNorm ingredient whose name this is; empty where it has none of its own."""
    if name in NO_CODE:
        return ""
    found = codes.by_name(name)
    if found is None or len(found.ingredients) != 1:
        return ""
    drug = found.ingredients[0]
    return drug.rxcui if drug.name.lower() == name else ""


def drug_rows(
    names: Iterable[str], stated: Mapping[str, str], codes: DrugCodes
) -> Iterator[dict[str, str]]:
    """Each drug with its code; `why` where the source's code was not taken.

    `stated` are the source's codes by our name.
    """
    for name in sorted(set(names)):
        code = rxcui_of(name, codes)
        said = stated.get(name, "")
        if said and not code and name not in NO_CODE:
            meaning = codes.by_rxcui(said)
            if meaning and [drug.name.lower() for drug in meaning.ingredients] == [name]:
                code = said
        why = ""
        if said and said != code:
            meaning = codes.by_rxcui(said)
            held = meaning.ingredients[0].name if meaning and meaning.ingredients else "nothing"
            why = f"{said} of the source is {held} in our table"
        yield {"name": name, "rxcui": code, "why": why}
