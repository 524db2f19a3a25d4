"""Sorts what is stated of one gene: which results count, newest first, and what each names.

A final result outranks a preliminary one; among final ones the newest comes first. Two haplotype
results of one report make a diplotype. Tumour results never speak for the patient's own genome.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fhir_pgx.genotype import hla
from fhir_pgx.genotype.names import is_single_copy, parse_diplotypes, standard_allele, tidy
from fhir_pgx.genotype.order import places
from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    Presence,
    SourceClass,
    Statement,
    StatementKind,
)
from fhir_pgx.model.genotype import Diplotype, GeneEvidence, StatedDiplotypes, StatedTerm
from fhir_pgx.model.knowledge import GeneRules, Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype

PRELIMINARY = {"preliminary", "registered", "partial"}


@dataclass
class _Sorted:
    """What one pass over the statements gathers; becomes a GeneEvidence."""

    diplotypes: list[StatedDiplotypes] = field(default_factory=list)
    alleles: list[StatedTerm] = field(default_factory=list)
    typings: list[hla.Typing] = field(default_factory=list)
    open_alleles: list[str] = field(default_factory=list)
    phenotypes: list[StatedTerm] = field(default_factory=list)
    scores: list[StatedTerm] = field(default_factory=list)
    presence: dict[str, Presence] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)  # reference -> when
    used: dict[str, str] = field(default_factory=dict)
    caveats: dict[Caveat, None] = field(default_factory=dict)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    from_outside: bool = False


def gather(
    statements: Iterable[Statement], rules: GeneRules, vocabulary: Vocabulary, *, sex: str = ""
) -> GeneEvidence:
    """The evidence for one gene from its statements (of this gene alone).

    `sex` is the patient's administrative gender (`male`, `female`) or empty: one allele of a gene
    on the X chromosome is the whole genotype of a man.
    """
    ours = list(statements)
    germline = [s for s in ours if s.source_class is not SourceClass.SOMATIC]
    found = _Sorted()
    if len(germline) < len(ours):
        found.caveats[
            Caveat(
                "PGX-610",
                f"A tumour result for {rules.gene} is on file; it was not used for the patient's "
                "own genotype.",
            )
        ] = None
    counted = _that_count(germline)
    early = _preliminary_beside(germline, counted)
    if early:
        found.caveats[
            Caveat(
                "PGX-612",
                f"A preliminary {rules.gene} result that differs is on file ({early}); the final "
                "one was used.",
            )
        ] = None
    for statement in counted:
        for caveat in statement.caveats:
            found.caveats[caveat] = None
        _sort_one(statement, rules, vocabulary, found)
    status: dict[str, str] = {}
    joined = False
    if rules.method == "allele-status":
        status = _hla_status(found, rules)
    else:
        joined = _join_haplotypes(found, rules, sex)
    newest = max(found.used.values(), default="")
    later = max(found.unusable.values(), default="")
    if found.used and later > newest:
        found.caveats[
            Caveat(
                "PGX-616",
                f"A later {rules.gene} result ({later[:10]}) gives no usable answer; the earlier "
                "one was used.",
            )
        ] = None
    told = found.used or found.unusable
    return GeneEvidence(
        gene=rules.gene,
        diplotypes=tuple(found.diplotypes),
        alleles=tuple(found.alleles),
        phenotypes=tuple(found.phenotypes),
        scores=tuple(found.scores),
        presence=found.presence,
        allele_status=status,
        open_alleles=tuple(found.open_alleles),
        unusable=tuple(found.unusable),
        references=tuple(told),
        dates=tuple(told.values()),
        when=max(told.values(), default=""),
        from_haplotypes=joined,
        caveats=tuple(found.caveats),
        not_understood=tuple(found.not_understood),
        from_outside=found.from_outside,
    )


def _that_count(statements: Sequence[Statement]) -> list[Statement]:
    """Final results where there are any, newest first; equal dates keep the order sent."""
    final = [s for s in statements if s.origin.status not in PRELIMINARY]
    return sorted(final or statements, key=lambda s: s.origin.when, reverse=True)


def _preliminary_beside(statements: Sequence[Statement], counted: Sequence[Statement]) -> str:
    """What preliminary results say that no final one does; empty where they add nothing."""
    final = {(s.kind, s.value, s.presence) for s in counted}
    early = dict.fromkeys(
        s.value or s.presence.value
        for s in statements
        if s.origin.status in PRELIMINARY and (s.kind, s.value, s.presence) not in final
    )
    return ", ".join(early)[:200]


def _sort_one(
    statement: Statement, rules: GeneRules, vocabulary: Vocabulary, found: _Sorted
) -> None:
    origin = statement.origin
    if statement.presence in (Presence.NO_CALL, Presence.INDETERMINATE) and (
        statement.kind is not StatementKind.ALLELE_PRESENCE
    ):
        found.unusable[origin.reference] = origin.when
        return
    refused = len(found.not_understood)
    match statement.kind:
        case StatementKind.DIPLOTYPE | StatementKind.HAPLOTYPE:
            _sort_alleles(statement, rules, found)
        case StatementKind.ALLELE_PRESENCE:
            _sort_presence(statement, rules, found)
        case StatementKind.ACTIVITY_SCORE:
            found.scores.append(_term(statement.value, statement))
        case StatementKind.PHENOTYPE:
            _sort_phenotype(statement, rules, vocabulary, found)
    # What is used and what is not are told apart: an answer's source and date are its own.
    is_used = len(found.not_understood) == refused
    (found.used if is_used else found.unusable).setdefault(origin.reference, origin.when)
    found.from_outside |= is_used and statement.is_outside


def _term(value: str, statement: Statement) -> StatedTerm:
    origin = statement.origin
    return StatedTerm(value, origin.reference, origin.when, statement.is_outside)


def _sort_alleles(statement: Statement, rules: GeneRules, found: _Sorted) -> None:
    origin = statement.origin
    if rules.method == "allele-status":
        genotypes = hla.parse_typing(statement.value, rules.gene)
        if genotypes is None:
            _refuse(statement, rules, found, "is not an HLA typing we can read")
        else:
            found.typings.append(hla.Typing(genotypes, origin.when))
        return
    if statement.kind is StatementKind.DIPLOTYPE or is_single_copy(statement.value, rules):
        read = parse_diplotypes(statement.value, rules)
        if read:
            found.diplotypes.append(
                StatedDiplotypes(read[0], origin.reference, origin.when, statement.is_outside)
            )
            found.caveats.update(dict.fromkeys(read[1]))
            return
    allele = standard_allele(tidy(rules.gene, statement.value), rules)
    if allele is None:
        _refuse(statement, rules, found, "is neither an allele nor a diplotype we can read")
        return
    if allele.caveat:
        found.caveats[allele.caveat] = None
    found.alleles.append(_term(allele.name, statement))


def _sort_presence(statement: Statement, rules: GeneRules, found: _Sorted) -> None:
    name = tidy(rules.gene, statement.value)
    if rules.method == "allele-status":
        parsed = hla.parse_allele(name, rules.gene.removeprefix("HLA-"))
        if parsed is None:
            _refuse(statement, rules, found, "names no HLA allele we can read")
            return
        name = parsed.name
    else:
        allele = standard_allele(name, rules)
        if allele is None:
            _refuse(statement, rules, found, "names no allele we can read")
            return
        name = allele.name
    before = found.presence.setdefault(name, statement.presence)
    if {before, statement.presence} == {Presence.PRESENT, Presence.ABSENT}:
        found.caveats[_disagree(rules.gene, f"whether {name} is present")] = None
        found.presence[name] = Presence.PRESENT  # the answer that cannot be ignored safely
    if statement.presence is Presence.PRESENT:
        found.alleles.append(_term(name, statement))


def _sort_phenotype(
    statement: Statement, rules: GeneRules, vocabulary: Vocabulary, found: _Sorted
) -> None:
    known = {pair.phenotype.lower(): pair.phenotype for pair in rules.pairs}
    # Wrong answer codes circulate (LA10315-2 beside "Normal"): where code and words differ, both
    # are answers, and the gene is in conflict.
    stated = [
        standard_phenotype(rules.gene, text, vocabulary)
        for text in (statement.code, statement.value)
        if text
    ]
    terms = dict.fromkeys(known[term.lower()] for term in stated if term and term.lower() in known)
    if not terms:
        _refuse(statement, rules, found, f"is not a phenotype that {rules.gene} has in our release")
        return
    for term in terms:
        found.phenotypes.append(_term(term, statement))


def _join_haplotypes(found: _Sorted, rules: GeneRules, sex: str) -> bool:
    """Two haplotypes of one time, and no diplotype stated: together they are the diplotype.

    One alone is the genotype of a haploid gene, and of a man in a gene on the X chromosome.
    """
    stated = any(not diplotype.is_outside for diplotype in found.diplotypes)
    if stated or rules.method == "allele-status" or not found.alleles:
        return False
    by_time: dict[str, list[StatedTerm]] = defaultdict(list)
    for allele in found.alleles:
        # Calls made elsewhere are whole: one of their alleles is no half of another result.
        if allele.value not in found.presence and not allele.is_outside:
            by_time[allele.when].append(allele)
    newest = max(by_time, default="")
    pair = by_time.get(newest, [])
    if (rules.copies == (1,) or (1 in rules.copies and sex == "male")) and len(pair) == 1:
        if rules.copies != (1,):
            found.caveats[
                Caveat(
                    "PGX-615",
                    f"One {rules.gene} allele is stated; it was read as the only copy, because the "
                    "patient is recorded as male.",
                )
            ] = None
        only = StatedDiplotypes((Diplotype((pair[0].value,)),), pair[0].reference, newest)
        found.diplotypes.append(only)
        return True
    # The same allele stated twice may be one allele seen by two tests.
    if len(pair) != 2 or pair[0].value == pair[1].value:
        return False
    order = places(rules)
    names = sorted((term.value for term in pair), key=lambda name: order.get(name, len(order)))
    found.diplotypes.append(StatedDiplotypes((Diplotype(tuple(names)),), pair[0].reference, newest))
    return True


def _hla_status(found: _Sorted, rules: GeneRules) -> dict[str, str]:
    """The tracked alleles' status; also names the typed alleles and diplotypes, two fields each."""
    typings = hla.join_singles(found.typings)
    for typing in typings:
        diplotypes = [d for g in typing.genotypes if len(g) == 2 for d in hla.diplotypes(g)]
        if diplotypes:
            stated = StatedDiplotypes(tuple(dict.fromkeys(diplotypes)), "", typing.when)
            found.diplotypes.append(stated)
        for genotype in typing.genotypes:
            for options in genotype:
                found.alleles += [StatedTerm(allele.name, "", typing.when) for allele in options]
    status, disputed = hla.status_by_target(rules.tracked, typings, found.presence)
    for target in disputed:
        found.caveats[_disagree(rules.gene, f"whether {target} is present")] = None
    found.open_alleles = [
        target for target in rules.tracked if target not in status and hla.may_hold(target, typings)
    ]
    for target in rules.tracked:
        if (found.used or found.unusable) and target not in status:
            found.caveats[
                Caveat(
                    "PGX-611", f"{rules.gene}{target} is not known: the typing does not settle it."
                )
            ] = None
    return status


def _refuse(statement: Statement, rules: GeneRules, found: _Sorted, why: str) -> None:
    found.not_understood.append(
        NotUnderstood(
            statement.origin.reference,
            f"the {statement.kind.value} stated for {rules.gene} {why}",
            statement.origin.path,
        )
    )


def _disagree(gene: str, what: str) -> Caveat:
    return Caveat("PGX-605", f"Results for {gene} disagree on {what}; confirm which one holds.")
