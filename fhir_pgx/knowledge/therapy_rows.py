"""Rows of precision therapy by what a person calls them: an id, a gene, a drug, a pathogen's
change. Made for looking up, not for advice: it scans."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fhir_pgx.model.precision import Therapies
from fhir_pgx.model.therapy import DOMAINS, Provenance

Row = tuple[str, str, Any, Provenance | None]  # what it is, its id, the row, where it is from


def find_therapies(held: Therapies, wanted: str) -> dict[str, list[dict[str, Any]]]:
    """By what they are: the rows of this id, whole; else every row on this gene, drug or change,
    each in short. Empty where there is none."""
    name = _plain(wanted)
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, id_, row, source in _rows(held):
        if _is_id(name, id_):
            whole: dict[str, Any] = msgspec.to_builtins(row)
            if source is not None:
                whole.setdefault("provenance", msgspec.to_builtins(source))
            found.setdefault(kind, []).append(whole)
    if found:
        return found
    for kind, id_, row, source in _rows(held):
        if name in _words(row):
            found.setdefault(kind, []).append(_short(id_, row, source))
    return found


def _rows(held: Therapies) -> Iterator[Row]:
    tumour, inherited, pathogen = held.tumour, held.inherited, held.pathogen
    for row in tumour.rows:
        yield "tumour", row.id, row, row.provenance
    for statement in tumour.statements:
        yield "tumour_statement", statement.id, statement, statement.provenance
    for first in tumour.tests_first:
        yield "tumour_test_first", "", first, first.provenance
    for status in tumour.market:
        yield "market", status.provenance.id, status, status.provenance
    for each in inherited.rows:
        yield "inherited", each.id, each, each.provenance
    for drug in inherited.qt_drugs:
        yield "qt_drug", drug.provenance.id, drug, drug.provenance
    for gene in inherited.risk_genes:
        yield "risk_gene", gene.provenance.id, gene, gene.provenance
    for hla in inherited.hla:
        yield "hla", hla.provenance.id, hla, hla.provenance
    if pathogen.hiv:
        for hiv in pathogen.hiv.drugs:
            yield "hiv_drug", f"hivdb.{hiv.name}", hiv, pathogen.hiv.provenance
    if pathogen.tb:
        for tb in pathogen.tb.rows:
            yield "tb", tb.id, tb, pathogen.tb.provenance
    for fold in pathogen.herpes:
        yield "herpes", fold.id, fold, pathogen.herpes_provenance
    for other in pathogen.other:
        yield "other_pathogen", other.id, other, other.provenance


def _is_id(name: str, id_: str) -> bool:
    """As a card, a log or the trace has it: `CIViC:EID5`, `EID5`, `tumour:CIViC:EID5`; of a row of
    a table that ships in parts (`RARE-hand:002/alone`) the table's own id too."""
    known = _plain(id_)
    if not known:
        return False
    parts = {known, known.partition("/")[0], known.rpartition(":")[2] if ":eid" in known else known}
    return name in parts or any(name == f"{domain}:{known}" for domain in DOMAINS)


def _words(row: Any) -> set[str]:
    """The names that a row is found by: its genes, its drugs, its change with and without gene."""
    words: set[str] = set()
    for drug in getattr(row, "drugs", ()):
        words |= {_plain(each) for each in _drug_names(drug)}
    drug = getattr(row, "drug", None)
    words |= {_plain(each) for each in _drug_names(drug)} if drug else set()
    named = ("gene", "name", "abbreviation", "rxcui", "allele")
    words |= {_plain(getattr(row, field, "")) for field in named}
    criterion = getattr(row, "criterion", None)
    words |= {_plain(gene) for gene in getattr(criterion or row, "genes", ())}
    changes = (*getattr(row, "changes", ()), *_changes(row))
    words |= {_plain(each) for each in changes}
    words |= {_plain(f"{getattr(row, 'gene', '')} {each}") for each in changes}
    return words - {""}


def _changes(row: Any) -> tuple[str, ...]:
    named = [getattr(row, field, "") for field in ("name", "alias", "mutation")]
    return tuple(each for each in named if isinstance(each, str) and each)


def _drug_names(drug: Any) -> tuple[str, ...]:
    """A drug stands as a value, as a name, or as a pair of name and code."""
    if isinstance(drug, str):
        return (drug,)
    if isinstance(drug, tuple):
        return tuple(str(each) for each in drug)
    return drug.name, drug.rxcui


_SHORT: dict[str, Callable[[Any], Any]] = {
    "text": str, "gene": str, "genes": list, "name": str, "alias": str, "mutation": str,
    "allele": str, "about": str, "condition": str, "disease": str, "virus": str, "organism": str,
    "changes": list, "effect": str, "in_lqts": str, "group": str, "fold": str, "says": str,
    "status": str, "why": str, "note": str, "listed": str,
}  # fmt: skip


def _short(id_: str, row: Any, source: Provenance | None) -> dict[str, Any]:
    """What tells one row from the next."""
    told = {"id": id_} | {
        field: made(getattr(row, field))
        for field, made in _SHORT.items()
        if getattr(row, field, None) not in (None, "", ())
    }
    drugs = getattr(row, "drugs", ()) or ((row.drug,) if getattr(row, "drug", None) else ())
    if drugs:
        told["drugs"] = [_drug_names(each)[0] for each in drugs]
    if source is not None:
        told |= {"source": source.source, "level": source.level, "as_of": source.as_of}
    return {key: value for key, value in told.items() if value}


def _plain(name: Any) -> str:
    """Lower case, one space between words; `rpoB_p.Ser450Leu` and `rpoB:p.Ser450Leu` as with a
    space only where a change follows a gene."""
    text = " ".join(str(name).lower().replace("_p.", " p.").replace("_c.", " c.").split())
    return text.replace(":p.", " p.").replace(":c.", " c.").replace("civic eid", "civic:eid")
