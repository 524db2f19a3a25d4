"""The cases of a question to a population, judged, and what is kept of it for the next question.

A judgement is kept by all that decides it: of a case of many patients by what the indexes and words
of their results say; of a case of one by a digest of the whole record. Neither names anybody. It is
kept only where what was judged is certain to be what the key says: each statement sees the store
as it is then, and somebody may write in between. So whose record was judged must be unchanged
before and after, and found in the same case again meanwhile.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence

from fhir_pgx.operations.candidates import Case
from fhir_pgx.operations.chart import READ
from fhir_pgx.operations.operation import Context
from fhir_pgx.storage.store import Reads

_NOBODY = ""  # what a record leads to and nobody owns


class Judging:
    """One question to a population.

    `question` is all that was asked, but for the patients; `look` finds the cases; `meant` are the
    stored results that were asked for, of each patient, those of nobody under an empty text, and
    `meant_now` finds them again.
    """

    def __init__(
        self,
        question: Hashable,
        look: Callable[[], list[Case]],
        is_met: Callable[[Case], bool],
        meant: Mapping[str, Hashable],
        meant_now: Callable[[], Mapping[str, Hashable]],
        at: Context,
    ) -> None:
        # Rows may ask for an age, and drugs come to market.
        self._question = (question, at.now.date())
        self._look, self._is_met, self._at = look, is_met, at
        self._meant, self._meant_now = meant, meant_now

    def patients(self) -> list[str]:
        """Those for whom it is met."""
        implied, cases = self._at.pipeline.implied, self._look()
        states = _states([case.first for case in cases if case.is_lone], self._at.reads)
        keys = [self._key(case, states) for case in cases]
        found = [
            implied.judgement(key, is_lone=case.is_lone)
            for case, key in zip(cases, keys, strict=True)
        ]
        fresh = [place for place, judgement in enumerate(found) if judgement is None]
        before = _states([cases[place].first for place in fresh], self._at.reads)
        for place in fresh:
            found[place] = self._is_met(cases[place])
        certain = self._certain([cases[place] for place in fresh], before, states)
        for place in fresh:
            case, judgement = cases[place], found[place]
            if judgement is not None and case.first in certain:
                implied.remember(keys[place], judgement, is_lone=case.is_lone)
        met = (case for case, judgement in zip(cases, found, strict=True) if judgement)
        return [patient for case in met for patient in case.patients]

    def _key(self, case: Case, states: Mapping[str, str]) -> Hashable:
        if not case.is_lone:
            return (self._question, case.key)
        meant = (self._meant.get(case.first), self._meant.get(_NOBODY))
        return (self._question, meant, states[case.first], states[_NOBODY])

    def _certain(
        self, fresh: Sequence[Case], before: Mapping[str, str], of_key: Mapping[str, str]
    ) -> set[str]:
        """The patients whose record was the same from before it was judged until after its case
        and the results meant were found again; of a lone one, since the state in its key."""
        if not fresh:
            return set()
        shared = any(not case.is_lone for case in fresh)
        again = {case.key: frozenset(case.patients) for case in (self._look() if shared else ())}
        meant = self._meant_now()
        after = _states([case.first for case in fresh], self._at.reads)

        def is_same(who: str, case: Case) -> bool:
            is_as_found = self._meant.get(who) == meant.get(who)
            in_key = of_key[who] if case.is_lone else before[who]
            return is_as_found and in_key == before[who] == after[who]

        return {
            case.first
            for case in fresh
            if is_same(case.first, case)
            and is_same(_NOBODY, case)
            and (case.is_lone or case.first in again.get(case.key, ()))
        }


def _states(patients: Sequence[str], reads: Reads) -> dict[str, str]:
    return reads.states([*patients, _NOBODY], READ) if patients else {}
