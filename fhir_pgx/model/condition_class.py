"""Classes of problems, diagnoses and procedures that a rule, a dose or a caution turns on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConditionClass:
    """One class, and how a resource names it.

    `icd10` are code prefixes without dots, of ICD-10 and its national forms; `icd10_not` are
    prefixes that do not count though a shorter one does. `icd10_pcs` are prefixes of procedure
    codes. `snomed` are whole SNOMED CT codes: their descendants are other codes. `words` are
    phrases in lower case, matched as whole words; `words_not` phrases that hold one of them and
    mean something else.

    What began more than `within_days` ago belongs to the class `later` instead (empty: to none);
    without a date it may be either. `procedure_days`: an older procedure says nothing any more.
    """

    name: str
    label: str
    icd10: tuple[str, ...] = ()
    icd10_not: tuple[str, ...] = ()
    icd10_pcs: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    words_not: tuple[str, ...] = ()
    within_days: int | None = None
    later: str = ""
    procedure_days: int | None = None
