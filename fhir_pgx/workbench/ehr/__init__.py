"""An emulated EHR: its requests, its FHIR server, and the troubles between it and a service."""

from fhir_pgx.workbench.ehr.contexts import PROBLEMS, Problem
from fhir_pgx.workbench.ehr.curl import as_curl
from fhir_pgx.workbench.ehr.drugs import DrugChoice, drug_choices, find_drugs
from fhir_pgx.workbench.ehr.exchange import (
    Exchange,
    Wanted,
    build_exchange,
    given_exchange,
    read_wanted,
)
from fhir_pgx.workbench.ehr.fire import Fired, fire
from fhir_pgx.workbench.ehr.habits import EHRS, Ehr
from fhir_pgx.workbench.ehr.record import Record, record_of, request_resources
from fhir_pgx.workbench.ehr.server import EmulatedServer, FhirExchange
from fhir_pgx.workbench.ehr.troubles import TROUBLES, Trouble

__all__ = [
    "EHRS", "PROBLEMS", "TROUBLES", "DrugChoice", "Ehr", "EmulatedServer", "Exchange",
    "FhirExchange", "Fired", "Problem", "Record", "Trouble", "Wanted", "as_curl", "build_exchange",
    "drug_choices", "find_drugs", "fire", "given_exchange", "read_wanted", "record_of",
    "request_resources",
]  # fmt: skip
