"""One gene of a trace as steps: from the resources that speak of it to its phenotype."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fhir_pgx.workbench.drawings.made import Made, phenotype_id
from fhir_pgx.workbench.drawings.variant_steps import variant_steps
from fhir_pgx.workbench.drawings.way import Joint, Speaker, State, Step
from fhir_pgx.workbench.text.plain import one_line

_PRESENCE = {
    "present": "",
    "absent": "tested, not found",
    "no-call": "tested, no answer",
    "indeterminate": "indeterminate",
}
_OF_FUNCTION = ("phenotype", "activity-score")
_CLASSES = {"germline": "germline", "somatic": "of the tumour"}
_CLASS_NOT_STATED = "germline or tumour not stated"
_KINDS = {
    "diplotype": "diplotype",
    "haplotype": "one haplotype",
    "allele-presence": "one allele",
    "phenotype": "phenotype",
    "activity-score": "activity score",
}
_STATUSES: dict[str, tuple[str, State]] = {
    "ambiguous": ("Ambiguous", "ambiguous"),
    "indeterminate": ("Indeterminate", "indeterminate"),
    "not-called": ("No call", "no-call"),
    "not-tested": ("Not tested", "not-tested"),
    "conflict": ("Conflict", "conflict"),
}


def gene_steps(gene: str, found: Mapping[str, Any]) -> Made:
    """The steps of one member of `genes`."""
    made = Made()
    concluded = found.get("concluded") or {}
    stated = found.get("stated") or ()
    calls = found.get("variants") or ()
    resources = _resources(gene, stated, calls, concluded, made)
    variants = variant_steps(gene, calls, concluded, resources, made)
    diplotypes = _diplotypes(gene, concluded, made, has_variants=bool(variants))
    _phenotype(gene, concluded, made)
    _join(gene, concluded, (resources, variants, diplotypes), stated, made)
    return made


def _resources(
    gene: str,
    stated: Sequence[Mapping[str, Any]],
    calls: Sequence[Mapping[str, Any]],
    concluded: Mapping[str, Any],
    made: Made,
) -> dict[str, str]:
    """Ids of the steps by reference."""
    references = dict.fromkeys(
        one_line(each)
        for each in (
            *(s.get("reference") for s in stated),
            *(c.get("reference") for c in calls),
            *(concluded.get("derived_from") or ()),
        )
    )
    said = defaultdict[str, list[Mapping[str, Any]]](list)
    for each in stated:
        said[one_line(each.get("reference"))].append(each)
    read_at = Counter(one_line(each.get("reference")) for each in calls)
    found: dict[str, str] = {}
    for reference in references:
        step_id = f"resource {gene} {reference}"
        of_it, read = said[reference], read_at[reference]
        lines = list(dict.fromkeys(line for each in of_it for line in _said(each)))
        more = () if all(_is_class_stated(s) for s in of_it) else (_CLASS_NOT_STATED,)
        lines += [f"read at {read} positions" if read != 1 else "read at 1 position"] * bool(read)
        found[reference] = step_id
        no_call = of_it and all(one_line(s.get("presence")) == "no-call" for s in of_it)
        state: State = "no-call" if no_call else ""
        made.steps.append(
            Step(step_id, "Resource", gene, "stated", reference, tuple(lines), state, "", more)
        )
    if not references:
        step_id = f"resource {gene}"
        made.steps.append(
            Step(step_id, "Resource", gene, "missing", "Nothing on file",
                 (f"no {gene} result reached this service",), "not-tested")
        )  # fmt: skip
        found[""] = step_id
    return found


def _is_class_stated(statement: Mapping[str, Any]) -> bool:
    return one_line(statement.get("source_class")) in _CLASSES


def _said(statement: Mapping[str, Any]) -> list[str]:
    kind = one_line(statement.get("kind"))
    value = one_line(statement.get("value"))
    presence = one_line(statement.get("presence"))
    when, status = one_line(statement.get("when")), one_line(statement.get("status"))
    lines = [
        f"{_KINDS.get(kind, kind)} {value}".strip(),
        _PRESENCE.get(presence, presence),
        _CLASSES.get(one_line(statement.get("source_class")), ""),
        ", ".join(each for each in (when or "date not stated", status) if each),
    ]
    return [line for line in lines if line]


def _is_called(each: Mapping[str, Any], basis: str, *, has_variants: bool) -> bool:
    """Whether a diplotype was worked out of variants: beside a report that it contradicts it stands
    among those stated, and nobody stated it."""
    if basis in ("variants", "haplotypes", "outside-call"):
        return basis == "variants"
    return has_variants and not each.get("stated")


def _diplotypes(
    gene: str, concluded: Mapping[str, Any], made: Made, *, has_variants: bool
) -> list[str]:
    candidates = concluded.get("diplotypes") or ()
    ids = []
    basis = one_line(concluded.get("basis"))
    for place, each in enumerate(candidates):
        functions = [one_line(f) for f in each.get("functions") or () if f is not None]
        score, stated = one_line(each.get("activity_score")), one_line(each.get("stated"))
        # A diplotype that a report states is the report's; one worked out of variants is ours, and
        # so is what our tables say of either.
        is_ours = basis == "haplotypes" or _is_called(each, basis, has_variants=has_variants)
        speaker: Speaker = "inferred" if is_ours else "stated"
        by_tables = [
            " + ".join(functions),
            f"activity score {score}" if score and score != "n/a" else "",
            one_line(each.get("phenotype")) if len(candidates) > 1 else "",
        ]
        known = "; ".join(filter(None, by_tables))
        lines = [
            known if is_ours or not known else f"by our tables: {known}",
            f"stated as {stated}" if stated and stated != one_line(each.get("name")) else "",
        ]
        step_id = f"diplotype {gene} {place}"
        ids.append(step_id)
        name = one_line(each.get("name")) or "(no name)"
        made.steps.append(
            Step(step_id, "Diplotype", gene, speaker, name, tuple(line for line in lines if line))
        )
    return ids


def _phenotype(gene: str, concluded: Mapping[str, Any], made: Made) -> None:
    status = one_line(concluded.get("status"))
    words, state = _STATUSES.get(status, ("", ""))
    phenotype, score = (
        one_line(concluded.get("phenotype")),
        one_line(concluded.get("activity_score")),
    )
    alleles = concluded.get("allele_status") or {}
    of_alleles = [f"{one_line(name)} {one_line(state)}" for name, state in alleles.items()]
    title = words or phenotype or ", ".join(of_alleles) or "No phenotype"
    caveats = len(concluded.get("caveats") or ())
    lines = [
        phenotype if words and state not in ("indeterminate", "conflict") else "",
        ", ".join(of_alleles) if title != ", ".join(of_alleles) else "",
        f"activity score {score}" if score and score != "n/a" else "",
        f"{caveats} caveat" + "s" * (caveats != 1) if caveats else "",
    ]
    # That results disagree is what we find, whatever they state.
    is_stated = one_line(concluded.get("basis")) == "phenotype" and state != "conflict"
    speaker: Speaker = "stated" if is_stated else "inferred"
    made.steps.append(
        Step(
            phenotype_id(gene),
            "Phenotype",
            gene,
            "missing" if state in ("not-tested", "no-call") else speaker,
            title,
            tuple(line for line in lines if line),
            state,
        )
    )


def _join(
    gene: str,
    concluded: Mapping[str, Any],
    ids: tuple[Mapping[str, str], Sequence[str], Sequence[str]],
    stated: Sequence[Mapping[str, Any]],
    made: Made,
) -> None:
    resources, variants, diplotypes = ids
    status, basis = one_line(concluded.get("status")), one_line(concluded.get("basis"))
    end = phenotype_id(gene)
    if status in ("not-tested", "not-called"):
        words = "no result" if status == "not-tested" else "no answer"
        made.joints += [Joint(each, end, "broken", words) for each in resources.values()]
        made.joints += [Joint(each, end, "broken", words) for each in variants]
        return
    if not diplotypes:
        # A phenotype or a score as the report has it: the way begins with the laboratory's word.
        saying = _stating(resources, stated)
        made.joints += [
            Joint(resources[each], end, "stated", "diplotype not stated") for each in saying
        ]
        made.joints += [Joint(each, end, "broken", "the stated counts") for each in variants]
        return
    by_conflict = status == "conflict"
    for each in diplotypes:
        made.joints.append(
            Joint(each, end, "broken" if by_conflict else "inferred",
                  "in conflict" if by_conflict else "")
        )  # fmt: skip
    if basis == "variants" and variants:
        made.joints += [Joint(v, d, "inferred") for v in variants for d in diplotypes]
        return
    candidates = concluded.get("diplotypes") or ()
    called = [
        step_id
        for step_id, each in zip(diplotypes, candidates, strict=True)
        if _is_called(each, basis, has_variants=bool(variants))
    ]
    if called:
        made.joints += [Joint(v, d, "inferred") for v in variants for d in called]
    else:
        # Variants beside a report's own word: the word counts, and the caveats say where they
        # differ.
        made.joints += [Joint(v, end, "broken", "the stated counts") for v in variants]
    saying = _saying(resources, stated)
    speakers = _speakers(gene, concluded, stated)
    told = "" if variants else "no variants"
    joined: set[str] = set()
    for place, diplotype in enumerate(diplotypes):
        for reference in saying if diplotype not in called else ():
            if speakers.get(place) in (None, reference):
                made.joints.append(Joint(resources[reference], diplotype, "stated", told))
                joined.add(reference)
    # What states a phenotype or a score alone says nothing of a diplotype.
    answers = {
        one_line(each.get("reference"))
        for each in stated
        if one_line(each.get("presence")) != "no-call"
    }
    for each in _stating(resources, stated):
        if each in joined:
            continue
        if stated and each not in answers:
            made.joints.append(Joint(resources[each], end, "broken", "no answer"))
        elif by_conflict:
            made.joints.append(Joint(resources[each], end, "broken", "in conflict"))
        else:
            made.joints.append(Joint(resources[each], end, "stated", "diplotype not stated"))


def _stating(resources: Mapping[str, str], stated: Sequence[Mapping[str, Any]]) -> list[str]:
    """The resources that state a result in words; all of them where none is known to."""
    found = dict.fromkeys(one_line(each.get("reference")) for each in stated)
    return [each for each in found if each in resources] or list(resources)


def _saying(resources: Mapping[str, str], stated: Sequence[Mapping[str, Any]]) -> list[str]:
    """Those of them that speak of alleles, and not of what follows from them alone."""
    of_alleles = [
        each
        for each in stated
        if one_line(each.get("kind")) not in _OF_FUNCTION
        and one_line(each.get("presence")) != "no-call"
    ]
    return _stating(resources, of_alleles)


def _speakers(
    gene: str, concluded: Mapping[str, Any], stated: Sequence[Mapping[str, Any]]
) -> dict[int, str]:
    """Which resource states which of several diplotypes, where they disagree: by its place."""
    who = {
        value.removeprefix(f"{gene} "): one_line(each.get("reference"))
        for each in stated
        if isinstance(value := each.get("value"), str)
    }
    found = {
        place: who[value]
        for place, each in enumerate(concluded.get("diplotypes") or ())
        if isinstance(value := each.get("stated"), str) and value and value in who
    }
    return found if len(found) > 1 else {}
