"""An ordered drug, or one in use, held against the findings of a tumour.

Resistance at any level is shown, with its level: a filter by level would hide ALK G1202R from
alectinib. It warns where a label, a guideline or CIViC A or B says it; where case reports or
preclinical work do, if it is this disease and nothing stronger says the opposite of the same
findings; else it informs.
"""

from collections.abc import Sequence

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.therapy import AGAINST, TherapyDrug
from fhir_pgx.model.tumour import Cancer, TestFirst
from fhir_pgx.model.tumour_answer import Held, Judged, MissingTest
from fhir_pgx.recommendation.tumour.drugs import is_same, partners_missing
from fhir_pgx.recommendation.tumour.findings import Findings
from fhir_pgx.recommendation.tumour.first_tests import denied_tests, missing_tests
from fhir_pgx.recommendation.tumour.profile import evaluate
from fhir_pgx.recommendation.tumour.rules import TumourRules, is_positive, order_of
from fhir_pgx.recommendation.tumour.tiers import is_label, is_strong, strength

_HERE = ("same", "any", "unknown")
_ANY_MUTATION = 5  # the rank of a row on any mutation of a gene


def judge(
    drug: TherapyDrug,
    rules: TumourRules,
    findings: Findings,
    cancer: Cancer | None,
    given: Sequence[TherapyDrug] = (),
    *,
    is_new: bool = True,
    taken: Sequence[TherapyDrug] = (),
) -> Judged:
    """`given` are the drugs ordered beside it or in use. `is_new`: the drug is not taken yet, so
    that a test can still come first. `taken` are drugs in use or taken before."""
    held = [
        each
        for each in rules.of_drug(drug, findings, cancer)
        if not _is_excepted(each, rules, findings, given)
    ]
    favouring, only_with = _favouring(held, drug, given)
    against, elsewhere = _against(held, drug, given, favouring)
    against, elsewhere, favouring, only_with = (
        [rules.told(each, cancer, taken) for each in rows]
        for rows in (against, elsewhere, favouring, only_with)
    )
    market = tuple(rules.market.of_order(drug, cancer))
    missing: tuple[MissingTest, ...] = ()
    unsupported: tuple[TestFirst, ...] = ()
    # Cetuximab with encorafenib is named by the label for what was found: RAS is not asked for.
    is_combined = any(_is_labelled_combination(each) for each in favouring)
    if is_new and not is_combined and not any(is_strong(each.row.provenance) for each in against):
        missing = missing_tests(drug, rules, findings, cancer)
        unsupported = denied_tests(drug, rules, findings, cancer, is_whole=not missing)
        # What is to be excluded was found: no other test changes that.
        missing = () if unsupported else missing
    if any(is_strong(each.row.provenance) for each in favouring):
        only_with = []
    # A strong study of the very change is a reason to give it, and stands without a label.
    has_reason = any(
        is_strong(each.row.provenance)
        and not is_label(each.row.provenance)
        and each.outcome.rank < _ANY_MUTATION
        and each.fit == "same"
        for each in favouring
    )
    if has_reason or elsewhere:
        unsupported = ()
    informs = bool(elsewhere or missing or only_with or unsupported)
    near = _near(held, drug, given) if is_new and not (against or missing) else []
    near = [each for each in near if not rules.is_denied_by_label(each, findings, cancer)]
    if any(is_label(each.row.provenance) for each in favouring):
        near = []
    near = [rules.told(each, cancer, taken) for each in near]
    informs = informs or bool(near)
    indicator = _indicator(against, bool(market), favouring)
    if is_new and any(map(_is_barred_until_known, missing)):
        indicator = indicator or "warning"
    # Observations of chemotherapy by level B are no reason to stop anybody.
    is_told_by_civic = all(each.row.provenance.system == "CIViC" for each in against)
    is_quiet = is_told_by_civic and not market and not rules.asks_for_data(drug)
    if indicator == "warning" and is_quiet:
        indicator = "info"
    return Judged(
        drug,
        cancer,
        indicator or ("info" if informs else ""),  # type: ignore[arg-type]
        tuple(against),
        tuple(favouring),
        tuple(elsewhere),
        tuple(only_with),
        missing,
        market,
        () if near else unsupported,
        tuple(near),
    )


def _is_barred_until_known(missing: MissingTest) -> bool:
    """Whether the label says of this cancer that the drug is not for whom the result is unknown:
    cetuximab and panitumumab without a RAS result. Where that holds of a first line alone, the
    order does not say which line it is."""
    about = missing.test
    is_limited = about.provenance.level == "FDA-label-limitation"
    return is_limited and not about.setting and missing.fit == "same"


def _is_excepted(
    held: Held, rules: TumourRules, findings: Findings, given: Sequence[TherapyDrug]
) -> bool:
    """Whether a drug beside it lifts the row: panitumumab with sotorasib, of KRAS G12C alone, and
    not where KRAS G12D is there too."""
    row = held.row
    if not any(is_same(other, one) for other in row.unless_with for one in given):
        return False
    if row.unless_profile is None:
        return True
    lifted = evaluate(row.unless_profile, findings, row.origin, rules.stored)
    return lifted.truth == "met" and _ids(held) <= frozenset(map(id, lifted.by))


def _indicator(against: Sequence[Held], is_withdrawn: bool, favouring: Sequence[Held]) -> str:
    if any(each.row.effect == "contraindicated" for each in against):
        return "critical"
    if is_withdrawn:
        return "warning"
    if not against:
        return ""
    # Where sources contradict one another and the stronger speaks for the drug, nobody is warned.
    if all(each.conflicts and _is_outweighed(each, favouring) for each in against):
        return "info"
    return "warning"


def _is_outweighed(against: Held, favouring: Sequence[Held]) -> bool:
    found = _ids(against)
    return any(
        found <= _ids(each)
        and each.outcome.rank <= against.outcome.rank
        and strength(each.row.provenance) < strength(against.row.provenance)
        for each in favouring
    )


def _ids(held: Held) -> frozenset[int]:
    return frozenset(map(id, held.outcome.by))


def _favouring(
    held: Sequence[Held], drug: TherapyDrug, given: Sequence[TherapyDrug]
) -> tuple[list[Held], list[Held]]:
    """What speaks for the drug in this disease; and label rows that name it only together with
    drugs that the patient does not get."""
    found, only_with = [], []
    for each in sorted(held, key=order_of):
        if not (each.is_met and is_positive(each)) or each.is_overridden or each.fit not in _HERE:
            continue
        named, _ = partners_missing(each.row.drugs, drug, given)
        if each.row.joined == "combination" and named:
            if is_label(each.row.provenance) and each.fit != "unknown":
                only_with.append(each)
        else:
            found.append(each)
    return found, only_with


def _near(held: Sequence[Held], drug: TherapyDrug, given: Sequence[TherapyDrug]) -> list[Held]:
    """Label rows of this disease that a finding comes near to, and why it does not meet them; the
    label itself before the list of its companion diagnostics, which says less."""
    return [
        each
        for each in sorted(held, key=lambda one: (one.row.provenance.level == "FDA-CDx",
                                                  order_of(one)))
        if each.outcome.truth == "unknown"
        and is_positive(each)
        and is_label(each.row.provenance)
        and each.fit in ("same", "any")
        and not partners_missing(each.row.drugs, drug, given)[0]
        and any(getattr(by, "presence", Presence.PRESENT) is Presence.PRESENT
                for by in each.outcome.by)
    ]  # fmt: skip


def _against(
    held: Sequence[Held],
    drug: TherapyDrug,
    given: Sequence[TherapyDrug],
    favouring: Sequence[Held],
) -> tuple[list[Held], list[Held]]:
    """What warns, and what only informs."""
    warns, informs = [], []
    combined = [each for each in favouring if _is_labelled_combination(each)]
    for each in sorted(
        held, key=lambda one: (order_of(one)[0], one.fit == "unknown", order_of(one))
    ):
        if each.row.effect not in AGAINST or not each.is_met:
            continue
        # Resistance to cetuximab alone is why a label gives it with encorafenib: given so, the
        # very finding that the label names speaks no more against it.
        is_answered = any(_ids(each) <= _ids(other) for other in combined)
        if is_answered and not is_label(each.row.provenance):
            continue
        if not _concerns(each, drug, given):
            continue
        about = each.row.provenance
        if each.is_overridden:
            informs.append(each)
        elif each.fit == "other":
            # A label's limitation in another disease is none here.
            if not is_label(about) and not _is_outweighed(each, favouring):
                informs.append(each)
        elif each.fit == "unknown" and _is_named_all_the_same(each, favouring):
            if is_label(about):
                informs.append(each)
        elif is_strong(about) or (each.fit != "unknown" and not _is_outweighed(each, favouring)):
            warns.append(each)
        else:
            informs.append(each)
    return warns, informs


def _is_named_all_the_same(against: Held, favouring: Sequence[Held]) -> bool:
    """Whether a label names the drug for that very finding, and what speaks against it is of a
    kind of cancer that nobody has stated: it warns nobody, and a study is not told at all."""
    found = _ids(against)
    return any(is_label(each.row.provenance) and found <= _ids(each) for each in favouring)


def _is_labelled_combination(held: Held) -> bool:
    is_label_row = held.row.joined == "combination" and is_label(held.row.provenance)
    return is_label_row and held.fit == "same"


def _concerns(held: Held, drug: TherapyDrug, given: Sequence[TherapyDrug]) -> bool:
    """A row on a combination says nothing of one drug alone; a label's limitation holds for each
    of the drugs it names, since it stands on the label of each."""
    if held.row.joined != "combination" or is_label(held.row.provenance):
        return True
    named, _ = partners_missing(held.row.drugs, drug, given)
    return not named
