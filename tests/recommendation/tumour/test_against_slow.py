"""The evaluation of profiles against a slow and obvious one, on findings made at random from rows.

The slow one asks two questions of an atom, each by itself: is there a finding that says so, and is
there one that says not. Where both are no the answer is unknown.
"""

import random
from dataclasses import replace

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.tumour import Marker
from fhir_pgx.recommendation.tumour import Findings, TumourRules
from fhir_pgx.recommendation.tumour.profile import evaluate

from .made import other
from .satisfy import of_atom

SMALL = ("variant", "any", "exon-deletion", "exon-skipping", "internal-duplication")
SIMPLE = {"protein", "any-mutation", "amplification", "fusion", "wild-type"}
SAME_KIND = {"amplification": ("amplification",), "fusion": ("fusion", "rearrangement")}


def says_yes(atom, gene, each, origin):
    if each.presence is not Presence.PRESENT or each.kind == "wild-type":
        return False
    if gene not in each.genes or each.significance in ("benign", "likely-benign", "uncertain"):
        return False
    if origin == "germline" and each.source_class is not SourceClass.GERMLINE:
        return False
    if origin == "somatic" and each.source_class is SourceClass.GERMLINE:
        return False
    if atom.kind == "protein":
        return each.protein is not None and each.protein.text in atom.protein
    if atom.kind == "any-mutation":
        silent = each.protein is not None and each.protein.kind == "synonymous"
        return each.kind in SMALL and each.is_resolved and not silent
    if atom.kind == "amplification":
        return each.kind == "amplification"
    named = [g for g in atom.genes if g not in ("*", "v", "?")]
    if each.kind not in SAME_KIND["fusion"]:
        return False
    return set(each.genes) == set(named) if len(named) == 2 else named[0] in each.genes


def may_be(atom, gene, each, origin):
    """A finding that would say yes, but for its significance or its source."""
    plain = replace(each, significance="", source_class=SourceClass.SOMATIC, is_resolved=True)
    if origin == "germline":
        plain = replace(plain, source_class=SourceClass.GERMLINE)
    if each.significance in ("benign", "likely-benign"):
        return False
    if origin == "somatic" and each.source_class is SourceClass.GERMLINE:
        return False
    return says_yes(atom, gene, plain, origin) and not says_yes(atom, gene, each, origin)


def says_no(atom, gene, each, origin):
    if gene not in each.genes:
        return False
    if origin == "germline" and each.source_class is not SourceClass.GERMLINE:
        return False
    if origin != "germline":
        if each.source_class is SourceClass.GERMLINE:
            return False
        if each.specimen not in ("tissue", "marrow"):
            return False
    denied = each.presence is Presence.ABSENT or (
        each.kind == "wild-type" and each.presence is Presence.PRESENT
    )
    if each.kind == "wild-type" and each.presence is Presence.ABSENT:
        denied = False
    if not denied:
        return False
    if atom.kind in SAME_KIND:
        if each.kind not in SAME_KIND[atom.kind]:
            return False
        named = {g for g in atom.genes if g not in ("*", "v", "?")}
        return atom.kind != "fusion" or set(each.genes) == named or (
            len(each.genes) == 1 and set(each.genes) <= named
        )  # fmt: skip
    if each.kind in ("any", "wild-type"):
        return not each.exons
    texts = each.protein and each.protein.text
    return atom.kind == "protein" and len(atom.protein) == 1 and texts in atom.protein


def slow(profile, found, origin):
    if profile.op == "is":
        return slow_atom(profile.atom, found, origin)
    parts = [slow(each, found, origin) for each in profile.of]
    if profile.op == "not":
        return {"met": "not-met", "not-met": "met", "unknown": "unknown"}[parts[0]]
    if profile.op == "and":
        if "not-met" in parts:
            return "not-met"
        return "unknown" if "unknown" in parts else "met"
    if "met" in parts:
        return "met"
    return "unknown" if "unknown" in parts else "not-met"


def slow_atom(atom, found, origin):
    genes = [g for g in atom.genes if g not in ("*", "v", "?")]
    if atom.kind == "fusion":
        genes = genes[-1:]
    truths = []
    for gene in genes:
        of_gene = [e for e in found if gene in e.genes or atom.kind == "fusion"]
        if any(says_yes(atom, gene, e, origin) for e in of_gene):
            truths.append("met")
        elif any(may_be(atom, gene, e, origin) for e in of_gene):
            truths.append("unknown")
        elif any(
            says_no(atom, g, e, origin)
            for e in of_gene
            for g in (atom.genes if atom.kind == "fusion" else (gene,))
        ):
            truths.append("not-met")
        else:
            truths.append("unknown")
    if "met" in truths:
        return "met"
    return "not-met" if truths and set(truths) == {"not-met"} else "unknown"


def is_simple(profile):
    if profile.op == "is":
        return profile.atom.kind in SIMPLE - {"wild-type"}
    return all(map(is_simple, profile.of))


def variants_of(each, chance):
    """A finding as it stands, or with what may be said otherwise of it."""
    change = chance.randrange(9)
    if change == 0:
        return replace(each, presence=Presence.ABSENT)
    if change == 1:
        return replace(each, presence=Presence.ABSENT, specimen="plasma")
    if change == 2:
        return replace(each, significance="uncertain")
    if change == 3:
        return replace(each, significance="benign")
    if change == 4:
        return replace(each, source_class=SourceClass.GERMLINE)
    if change == 5:
        return replace(each, presence=Presence.NO_CALL)
    if change == 6:
        return other("wild-type", each.genes[-1])
    if change == 7:
        return other("any", each.genes[-1], presence=Presence.ABSENT, specimen="plasma")
    return each


def test_profiles_come_out_as_the_slow_evaluation_says(knowledge):
    rules = TumourRules(knowledge.therapies.tumour)
    chance = random.Random(5)
    rows = [row for row in rules.rows if is_simple(row.profile) and row.origin != "germline"]
    atoms = {atom for row in rows for atom in _atoms(row.profile)}
    by_gene = {}
    for atom in sorted(atoms, key=repr):
        for gene in atom.genes:
            by_gene.setdefault(gene, []).append(atom)
    seen = set()
    for row in chance.sample(rows, 900):
        own = _atoms(row.profile)
        near = [chance.choice(by_gene[gene]) for atom in own for gene in atom.genes]
        made = [f for atom in (*own, *near) for f in of_atom(atom, SourceClass.SOMATIC) or ()]
        found = [variants_of(f, chance) for f in made if chance.random() < 0.8]
        assert not any(isinstance(each, Marker) for each in found)
        findings = Findings(found)
        wanted = slow(row.profile, findings.alterations, row.origin)
        assert evaluate(row.profile, findings, row.origin, rules.stored).truth == wanted, (
            row.id, row.text, [(f.label, f.presence, f.significance) for f in found],
        )  # fmt: skip
        seen.add((wanted, row.profile.op))
    assert {truth for truth, _ in seen} == {"met", "not-met", "unknown"}


def _atoms(profile):
    if profile.op == "is":
        return [profile.atom]
    return [atom for part in profile.of for atom in _atoms(part)]
