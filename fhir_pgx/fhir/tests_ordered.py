"""Genetic tests that are drafted, ordered or under way, of every FHIR release.

R4 ServiceRequest, STU3 ProcedureRequest and ReferralRequest, DSTU2 DiagnosticOrder. A test that is
already ordered need not be advised again; a completed one speaks by its result.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list, as_text
from fhir_pgx.fhir.gene_names import find_genes
from fhir_pgx.fhir.roles import GENETIC_LABEL
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.test_order import TestOrder

ORDERS = frozenset(
    {
        "ServiceRequest",
        "ProcedureRequest",
        "DiagnosticOrder",
        "DiagnosticRequest",
        "ReferralRequest",
    }
)

_OVER = frozenset(
    {"completed", "revoked", "cancelled", "entered-in-error", "rejected", "failed", "aborted",
     "ended", "stopped"}
)  # fmt: skip
_PROPOSED = frozenset({"draft", "proposed", "planned"})
_PROPOSED_INTENTS = frozenset({"proposal", "plan", "option"})
# LOINC terms that are asked for as a test; a component or a report's part is not.
_KINDS = frozenset(
    {"genotype", "haplotype", "variant", "phenotype", "allele", "allele-1", "allele-2", "presence",
     "hla-typing", "activity-test", "activity-score", "panel", "region", "tested"}
)  # fmt: skip
_WHEN = ("authoredOn", "orderedOn", "date")  # R4 and STU3, older referrals
_PGX_PANELS = frozenset({"82118-1", "51962-9", "78046-0"})
_PGX = re.compile(r"(?i)\bpharmaco-?gen(?:omic|etic|omics|etics)\b|\bpgx\b")
_PANEL = re.compile(r"(?i)\b(?:panel|profile|multi-?gene|comprehensive|battery)\b")
# HLA-B27 is a serological type with a name of its own: no typing of HLA-B.
_SEROTYPE = re.compile(r"(?i)\bHLA[\s_-]?[A-C][WQ]?\d{1,3}\b")
_HLA_ALLELE = re.compile(r"(?i)\b(?:HLA[\s_-]?)?(?P<gene>[ABC])\*(?P<fields>\d{2,3}:\d{2,3})")
# Written in capitals these are genes and also words of other tests (`ACE level`).
_NEED_NO_MORE = frozenset({"TPMT", "DPYD", "CFTR"})


def read_test_orders(entries: Iterable[Entry], vocabulary: Vocabulary) -> tuple[TestOrder, ...]:
    """The orders for genetic tests among `entries` that are not over, in their sequence.

    Genes are known by LOINC code, else by their names in the order's words. An order of another
    test is passed over.
    """
    found = (
        _test_order(entry, vocabulary)
        for entry in entries
        if entry.type in ORDERS and entry.container is None
    )
    return tuple(order for order in found if order is not None)


def _test_order(entry: Entry, vocabulary: Vocabulary) -> TestOrder | None:
    resource = entry.resource
    status = as_text(resource.get("status")).lower()
    if status in _OVER or resource.get("doNotPerform") is True:
        return None
    concepts = [concept for concept in _concepts(resource) if concept.stated]
    genes: dict[str, None] = {}
    alleles: dict[str, None] = {}
    whole_genes: set[str] = set()
    is_panel = is_genetic = False
    for concept in concepts:
        coded = _by_code(concept, vocabulary)
        words = " ; ".join(dict.fromkeys(words for words, _ in concept.stated))
        named, single = coded or _by_words(words, vocabulary)
        genes.update(dict.fromkeys(named))
        alleles.update(dict.fromkeys(single))
        whole_genes |= set(named) - {_gene_of(allele) for allele in single}
        codes = {coding.code for coding in concept.codings}
        is_panel = is_panel or bool(codes & _PGX_PANELS) or _is_pgx(words, named)
        is_genetic = is_genetic or coded is not None or bool(_genetic(words))
    if not (genes or is_panel or is_genetic):
        return None
    return TestOrder(
        reference=entry.reference,
        genes=tuple(genes),
        is_panel=is_panel,
        status=status,
        label=next((concept.text or concept.label for concept in concepts), "")[:200],
        proposed=status in _PROPOSED or as_text(resource.get("intent")) in _PROPOSED_INTENTS,
        alleles=() if whole_genes else tuple(alleles),
        when=next((when for name in _WHEN if (when := as_text(resource.get(name)))), ""),
    )


def _concepts(resource: Mapping[str, Any]) -> Iterator[Concept]:
    """What is asked for: R4 `code`, R5 `code.concept`, DSTU2 `item.code`, a referral's service."""
    for member in ("code", "serviceRequested", "orderDetail", "type"):
        for value in as_list(resource.get(member)):
            yield concept_of(value.get("concept", value) if isinstance(value, dict) else value)
    for item in as_dicts(resource.get("item")):
        yield concept_of(item.get("code"))


def _by_code(
    concept: Concept, vocabulary: Vocabulary
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Genes and single alleles of LOINC terms; None where no code is a genetic test's."""
    genes: dict[str, None] = {}
    alleles: dict[str, None] = {}
    met = False
    for coding in concept.codings:
        term = vocabulary.loinc.get(coding.code)
        if term is None or term.kind not in _KINDS:
            continue
        met = True
        if term.gene:  # a panel of two genes names both: `CYP2C9;VKORC1`
            genes.update(dict.fromkeys(term.gene.split(";")))
        if term.gene and term.allele and term.kind == "presence":
            alleles[f"{term.gene}{term.allele}"] = None
    # A code of any gene (`84413-4`) leaves the gene to the words beside it.
    return (tuple(genes), tuple(alleles)) if met and genes else None


def _by_words(words: str, vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...]]:
    alleles = {
        f"HLA-{match['gene'].upper()}*{match['fields']}": None
        for match in _HLA_ALLELE.finditer(words)
    }
    text = _SEROTYPE.sub(" ", words)
    genes = {_gene_of(allele): None for allele in alleles}
    for gene, _, _ in find_genes(text, vocabulary):
        if not gene.isalpha() or gene in _NEED_NO_MORE or GENETIC_LABEL.search(text):
            genes[gene] = None
    return tuple(genes), tuple(alleles)


def _gene_of(allele: str) -> str:
    return allele.partition("*")[0]


def _is_pgx(words: str, genes: tuple[str, ...]) -> bool:
    """A panel by its words: `pharmacogenomic panel`, or `pharmacogenomic test` without a gene."""
    return bool(_PGX.search(words)) and (not genes or bool(_PANEL.search(words)))


def _genetic(words: str) -> bool:
    return bool(re.search(r"(?i)\bgenotyp\w*|\bgenetic (?:test\w*|analysis)\b|\bexome\b", words))
