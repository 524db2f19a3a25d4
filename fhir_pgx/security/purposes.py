"""Purposes of use and their order: v3-ActReason, the branch PurposeOfUse.

A purpose stands for all below it: a rule about treatment is one about emergency treatment too.
Source: http://terminology.hl7.org/CodeSystem/v3-ActReason.
"""

from typing import Final

from fhir_pgx.model.access import BREAK_GLASS, EMERGENCY, TREATMENT

RESEARCH: Final = "HRESCH"
_BELOW: Final = {
    "PurposeOfUse": "HMARKT HOPERAT HPAYMT HRESCH PATRQT PUBHLTH TREAT",
    "HOPERAT": "CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP"
    " HQUALIMP HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT"
    " SYSDEV TRAIN",
    "SYSDEV": "HTEST",
    "HPAYMT": "CLMATTCH COVAUTH COVERAGE REMITADV",
    "COVERAGE": "ELIGDTRM ELIGVER ENROLLM MILDCRG",
    "HRESCH": "BIORCH CLINTRCH DSRCH POARCH TRANSRCH",
    "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH",
    "PATRQT": "FAMRQT PWATRNY SUPNWK",
    "PUBHLTH": "DISASTER THREAT",
    TREATMENT: f"CLINTRL {EMERGENCY} POPHLTH",
    EMERGENCY: f"{BREAK_GLASS} ERTREAT",
}
_ABOVE: Final = {code: parent for parent, codes in _BELOW.items() for code in codes.split()}


def is_known(purpose: str) -> bool:
    return purpose in _ABOVE or purpose in _BELOW


def is_within(purpose: str, wider: str) -> bool:
    """Whether a purpose is the wider one, or a kind of it."""
    at: str | None = purpose
    while at is not None:
        if at == wider:
            return True
        at = _ABOVE.get(at)
    return False


def is_of_treatment(purpose: str) -> bool:
    return is_within(purpose, TREATMENT)
