"""One atom of a profile held against the findings.

Of all that is on file of a gene the order of weight is: what is found; what might be it, and the
reason it is not settled; a negative that may be read as one; a negative of plasma, a no-call.
Nothing on file is unknown without a reason.
"""

from collections.abc import Iterable

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.tumour import Alteration, Atom, RowOrigin
from fhir_pgx.model.tumour_answer import NOTHING_ON_FILE, Finding, Outcome, Truth
from fhir_pgx.recommendation.tumour.findings import (
    BENIGN,
    MUTATIONS,
    SOLID,
    UNCERTAIN,
    Findings,
    is_synonymous,
)
from fhir_pgx.recommendation.tumour.hla import hla_outcome
from fhir_pgx.recommendation.tumour.markers import her2_status, marker_outcome
from fhir_pgx.recommendation.tumour.small import Fit, Stored, codons_of, fits, specificity
from fhir_pgx.recommendation.tumour.structural import (
    ANY_PARTNER,
    FUSIONS,
    KINDS,
    denies_structure,
    fits_structure,
)

_NEVER = ("phosphorylation", "genotype", "other")
PLASMA_NEGATIVE = "{gene}: not detected in plasma, which is no wild type; tissue would tell"
_UNSTATED_NEGATIVE = (
    "{gene}: not detected in a specimen that is not stated; only a negative of tissue is one"
)
_BLOOD_NEGATIVE = "{gene}: not detected in blood, which may be plasma; tissue would tell"
_NO_CALL = "{gene}: tested without an answer (no call or indeterminate)"


def atom_outcome(atom: Atom, findings: Findings, origin: RowOrigin, stored: Stored) -> Outcome:
    """Met, not met or unknown."""
    if atom.kind == "marker":
        return marker_outcome(atom.marker, findings) if atom.marker else NOTHING_ON_FILE
    if atom.kind == "hla":
        return hla_outcome(atom, findings)
    if atom.kind in _NEVER:
        return NOTHING_ON_FILE
    genes = tuple(gene for gene in atom.genes if gene not in ANY_PARTNER)
    if atom.kind == "wild-type":
        return _all([_wild_type(atom, gene, findings, stored) for gene in genes])
    if atom.kind in FUSIONS and len(atom.genes) <= 2:
        # Both partners' findings, each once.
        found = {id(each): each for gene in genes for each in findings.of(gene)}
        return _weigh(atom, genes[-1] if genes else "", found.values(), origin, stored)
    outcomes = [_weigh(atom, gene, findings.of(gene), origin, stored) for gene in genes]
    if "ERBB2" in genes and atom.kind in ("amplification", "overexpression", "expression"):
        outcomes.append(_her2_as_alteration(atom, findings))
        met = [each for each in outcomes if each.truth == "met"]
        denied = [each for each in outcomes if each.truth == "not-met"]
        return (met or denied or outcomes)[0]
    return _any_of(outcomes)


def _any_of(outcomes: list[Outcome]) -> Outcome:
    met = [each for each in outcomes if each.truth == "met"]
    if met:
        return Outcome("met", _joined(met), min(each.rank for each in met))
    truth: Truth = (
        "not-met" if outcomes and all(e.truth == "not-met" for e in outcomes) else "unknown"
    )
    return Outcome(truth, _joined(outcomes), why=_whys(outcomes))


def _all(outcomes: list[Outcome]) -> Outcome:
    for truth in ("not-met", "unknown"):
        found = [each for each in outcomes if each.truth == truth]
        if found:
            return Outcome(
                "not-met" if truth == "not-met" else "unknown", _joined(found), why=_whys(found)
            )
    if not outcomes:
        return NOTHING_ON_FILE
    return Outcome("met", _joined(outcomes), min(each.rank for each in outcomes))


def _joined(outcomes: Iterable[Outcome]) -> tuple[Finding, ...]:
    return tuple({id(by): by for each in outcomes for by in each.by}.values())


def _whys(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(why for each in outcomes for why in each.why))


def _weigh(
    atom: Atom, gene: str, found: Iterable[Alteration], origin: RowOrigin, stored: Stored
) -> Outcome:
    met: list[Alteration] = []
    maybe: list[tuple[Alteration, str]] = []
    denied: list[Alteration] = []
    weak: list[tuple[Alteration, str]] = []
    absent = [each for each in found if _is_negative(each)]
    for each in found:
        if _is_negative(each):
            continue
        if each.presence in (Presence.NO_CALL, Presence.INDETERMINATE):
            if each.kind in ("variant", "any") or each.kind in KINDS.get(atom.kind, ()):
                weak.append((each, _NO_CALL.format(gene=gene)))
        elif each.presence is Presence.PRESENT and each.kind != "wild-type":
            fit, why = _fit(atom, each, stored)
            fit, why = _by_worth(each, fit, why)
            fit, why = _by_origin(each, origin, fit, why)
            if fit == "yes":
                met.append(each)
            elif why:
                maybe.append((each, why))
            if atom.kind == "amplification" and each.kind == "gain" and not why:
                denied.append(each)
    if met:
        return Outcome("met", tuple(met), specificity(atom))
    if maybe:
        return Outcome("unknown", tuple(a for a, _ in maybe), why=_unique(maybe))
    for each in absent:
        if not _denies(atom, each, absent):
            continue
        weakness = _weakness(each, origin, gene)
        if weakness is None:
            denied.append(each)
        elif weakness:
            weak.append((each, weakness))
    if denied:
        return Outcome("not-met", tuple(denied))
    return Outcome("unknown", tuple(a for a, _ in weak), why=_unique(weak))


def _unique(pairs: list[tuple[Alteration, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(why for _, why in pairs))


def _fit(atom: Atom, found: Alteration, stored: Stored) -> tuple[Fit, str]:
    if atom.kind in KINDS:
        return fits_structure(atom, found)
    return fits(atom, found, stored)


def _by_worth(found: Alteration, fit: Fit, why: str) -> tuple[Fit, str]:
    """Benign is no mutation; uncertain significance is no ground for a therapy."""
    if found.significance in BENIGN:
        return "no", ""
    if found.significance in UNCERTAIN:
        reason = f"the report calls {found.label} of uncertain significance"
        return "no", reason if fit == "yes" or why else ""
    return fit, why


def _by_origin(found: Alteration, origin: RowOrigin, fit: Fit, why: str) -> tuple[Fit, str]:
    """A tumour finding meets no germline row; a germline one no row on somatic changes."""
    if fit == "no" and not why:
        return fit, why
    stated = found.source_class
    if origin == "germline" and stated is not SourceClass.GERMLINE:
        if stated is SourceClass.SOMATIC:
            return "no", f"{found.label} is of the tumour: a germline test would have to confirm it"
        return "no", f"{found.label} is reported without saying whether it is germline"
    if origin == "somatic" and stated is SourceClass.GERMLINE:
        return "no", ""
    if origin == "tumour" and stated is SourceClass.GERMLINE:
        return "no", f"{found.label} is reported as germline, and the row speaks of the tumour"
    return fit, why


# Negatives


def _is_negative(found: Alteration) -> bool:
    if found.kind == "wild-type":
        return found.presence is Presence.PRESENT
    return found.presence is Presence.ABSENT


def _denies(atom: Atom, found: Alteration, absent: Iterable[Alteration]) -> bool:
    """Whether a negative speaks of all that the atom asks for."""
    if atom.kind in KINDS:
        is_mutation = atom.kind == "internal-duplication"
        return denies_structure(atom, found) or (is_mutation and _is_whole(found))
    if found.kind in ("any", "wild-type"):
        if not found.exons:
            return True
        return bool(atom.exons) and set(atom.exons) <= _exons_denied(found, absent)
    if atom.kind.startswith("exon"):
        is_same = found.kind in ("exon-deletion", "exon-skipping", "variant") and not found.protein
        return is_same and bool(atom.exons) and set(atom.exons) <= set(found.exons)
    if atom.kind in ("protein", "codon") and found.protein is not None:
        # A list is denied by negatives of one kind of specimen together, never by a mixture.
        texts = {
            each.protein.text
            for each in absent
            if each.protein is not None and _is_alike(each, found)
        }
        return all(_is_covered(wanted, texts) for wanted in atom.protein)
    if atom.kind == "coding":
        return found.coding == atom.coding
    return atom.kind == "rsid" and atom.rsid in found.rsids


def _exons_denied(found: Alteration, absent: Iterable[Alteration]) -> set[str]:
    """The exons that negatives of the same kind of specimen were read in."""
    return {
        exon
        for each in absent
        if each.kind in ("any", "wild-type") and _is_alike(each, found)
        for exon in each.exons
    }


def _is_alike(one: Alteration, other: Alteration) -> bool:
    return one.specimen == other.specimen and one.source_class == other.source_class


def _is_whole(found: Alteration) -> bool:
    return found.kind in ("any", "wild-type") and not found.exons


def _is_covered(wanted: str, absent: set[str]) -> bool:
    """`p.Gly12Cys` is denied by itself, or by `p.Gly12` as a whole."""
    return wanted in absent or any(
        text[-1].isdigit() and wanted.startswith(text) and not wanted[len(text) :][:1].isdigit()
        for text in absent
    )


def _weakness(found: Alteration, origin: RowOrigin, gene: str) -> str | None:
    """Why a negative is not one; None where it is, empty where it speaks of another genome."""
    if origin == "germline":
        is_germline = found.source_class is SourceClass.GERMLINE
        return None if is_germline else ""
    if found.source_class is SourceClass.GERMLINE:
        return ""
    if found.specimen in SOLID:
        return None
    words = {"plasma": PLASMA_NEGATIVE, "blood": _BLOOD_NEGATIVE}
    return words.get(found.specimen, _UNSTATED_NEGATIVE).format(gene=gene)


# Wild type


def _wild_type(atom: Atom, gene: str, findings: Findings, stored: Stored) -> Outcome:
    """Needs an explicit negative of tissue; a mutation in the asked region denies it."""
    mutated: list[Alteration] = []
    open_: list[tuple[Alteration, str]] = []
    stated: list[Alteration] = []
    weak: list[tuple[Alteration, str]] = []
    negatives = [each for each in findings.of(gene) if _is_negative(each)]
    for each in findings.of(gene):
        if _is_negative(each) and each.kind in ("any", "wild-type"):
            denied = _exons_denied(each, negatives)
            if each.exons and not (atom.exons and set(atom.exons) <= denied):
                continue
            why = _weakness(each, "somatic", gene)
            if why is None:
                stated.append(each)
            elif why:
                weak.append((each, why))
        elif each.presence in (Presence.NO_CALL, Presence.INDETERMINATE):
            weak.append((each, _NO_CALL.format(gene=gene)))
        elif each.presence is Presence.PRESENT and each.kind in MUTATIONS:
            if (
                each.significance in BENIGN
                or is_synonymous(each)
                or not _in_region(atom, each, stored)
            ):
                continue
            if each.significance in UNCERTAIN or not each.is_resolved:
                open_.append((each, f"{each.label} leaves open whether {gene} is wild type"))
            else:
                mutated.append(each)
    if mutated:
        return Outcome("not-met", tuple(mutated))
    if open_:
        return Outcome("unknown", tuple(a for a, _ in open_), why=_unique(open_))
    if stated:
        return Outcome("met", tuple(stated), specificity(atom))
    return Outcome("unknown", tuple(a for a, _ in weak), why=_unique(weak))


def _in_region(atom: Atom, found: Alteration, stored: Stored) -> bool:
    """Whether a change may lie where the atom asks for wild type; one that is not placed may."""
    if found.protein is None:
        return not (atom.exons and found.exons) or bool(set(atom.exons) & set(found.exons))
    numbers = [int("".join(filter(str.isdigit, text))) for text in atom.protein]
    if numbers:
        return any(found.protein.start <= number <= found.protein.end for number in numbers)
    ranges = list(codons_of(atom, found.genes, stored))
    start, end = found.protein.start, found.protein.end
    return not ranges or any(start <= high and end >= low for low, high in ranges)


def _her2_as_alteration(atom: Atom, findings: Findings) -> Outcome:
    """HER2 by ISH speaks of the amplification, by IHC of the expression; neither of a mutation."""
    if atom.kind == "amplification":
        status, used, why = her2_status(Findings((), findings.by_marker.get("HER2-ISH", ())))
        if status == "positive":
            return Outcome("met", used, 4)
        if status:
            return Outcome("not-met", used)
        return Outcome("unknown", used, why=(why,) if why and used else ())
    status, used, why = her2_status(findings)
    if not status:
        return Outcome("unknown", used, why=(why,) if why else ())
    is_met = status == "positive" or (atom.kind == "expression" and status == "low")
    return Outcome("met" if is_met else "not-met", used, 4 if is_met else 9)
