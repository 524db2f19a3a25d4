"""A FHIR client for tests: a server on a real store, whose genomic content is really read."""

import json
from functools import cache

from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app

BASE = "http://127.0.0.1:8080/fhir"
JSON, XML = "application/fhir+json", "application/fhir+xml"


@cache
def real_pipeline():
    return Pipeline.load(Settings())


def fhir_client(store, **settings):
    app = create_app(Settings(**settings), pipeline=real_pipeline(), store=store)
    return app.test_client()


def patient(id_="", **more):
    """A synthetic patient."""
    found = {"resourceType": "Patient", **more}
    return {**found, "id": id_} if id_ else found


def observation(subject, id_="", **more):
    found = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": subject},
        **more,
    }
    return {**found, "id": id_} if id_ else found


def transaction(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method, url, resource=None, full_url="", **request):
    found = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        found["resource"] = resource
    return {**found, "fullUrl": full_url} if full_url else found


def without_server_meta(resource):
    """As it was sent: without the version and time that the server puts in."""
    meta = {
        name: part
        for name, part in resource.get("meta", {}).items()
        if name not in ("versionId", "lastUpdated")
    }
    rest = {name: part for name, part in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def code_of(answer):
    """Our error code in an OperationOutcome."""
    (issue, *_) = json.loads(answer.data)["issue"]
    return issue["details"].get("coding", [{}])[0].get("code", "")


def places_of(answer):
    return [
        place for issue in json.loads(answer.data)["issue"] for place in issue.get("expression", [])
    ]
