"""A server of this process that launches our app for synthetic people, and a browser's steps."""

import contextlib
import json
import re
import threading
from pathlib import Path

from werkzeug.serving import make_server

from fhir_pgx.settings import Settings
from fhir_pgx.storage import NewResource, SqlStore
from fhir_pgx.web.app import create_app
from tests.running_server import free_port

ROOT = Path(__file__).resolve().parents[3]
ADA = "synthetic-ada"
FULL = "synthetic-full"
_GENES = {
    "CYP2C19": ("HGNC:2621", "*2/*17"), "CYP2C9": ("HGNC:2623", "*2/*3"),
    "DPYD": ("HGNC:3012", "Reference/c.1129-5923C>G, c.1236G>A (HapB3)"),
    "SLCO1B1": ("HGNC:10959", "*1/*15"), "TPMT": ("HGNC:12014", "*1/*3A"),
    "CYP2D6": ("HGNC:2625", "*4/*41"), "CYP2B6": ("HGNC:2615", "*6/*18"),
    "NUDT15": ("HGNC:23063", "*1/*3"), "UGT1A1": ("HGNC:12530", "*1/*80+*28"),
    "CYP3A5": ("HGNC:2638", "*1/*3"), "HLA-B": ("HGNC:4932", "HLA-B*57:01+HLA-B*15:02"),
}  # fmt: skip


def _genotype(gene, hgnc, text):
    studied = {"coding": [{"system": "http://www.genenames.org/geneId", "code": hgnc}]}
    return {
        "resourceType": "Observation", "id": f"full-{gene.lower()}", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
        "subject": {"reference": f"Patient/{FULL}"}, "effectiveDateTime": "2026-03-02",
        "performer": [{"display": "Synthetic Laboratory"}],
        "valueCodeableConcept": {"text": text},
        "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
                       "valueCodeableConcept": studied}],
    }  # fmt: skip


def people():
    """One of the examples, and one with more results than a card holds."""
    example = json.loads((ROOT / f"examples/patients/{ADA}.json").read_text())
    yield from ((each["resource"], ADA) for each in example["entry"])
    name = {"family": "Full<b>Example</b>", "given": ["Synthetic"]}
    yield {"resourceType": "Patient", "id": FULL, "name": [name], "birthDate": "1970-01-01"}, FULL
    for gene, (hgnc, text) in _GENES.items():
        yield _genotype(gene, hgnc, text), FULL


@contextlib.contextmanager
def launching(folder, **settings):
    """The address of a demonstration's server with both people."""
    port = free_port()
    store = SqlStore(f"sqlite:///{folder}/wallet.db")
    store.save_bundle([
        NewResource(each["resourceType"], each["id"], json.dumps(each).encode(), owner)
        for each, owner in people()
    ])  # fmt: skip
    app = create_app(
        Settings(**{"port": port, "demo_authorization": "on", "workers": 1} | settings),
        store=store,
    )
    running = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.shutdown()
        running.server_close()
        store.close()


def launch(page, base, patient):
    """Launch the app for a patient; the handle of the session."""
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # that page names none
    page.goto(f"{base}/demo-authorization/")
    page.locator("[name=app]").first.check()
    page.locator(f"[name=patient][value={patient}]").check()
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url(re.compile(r"/app\?session="))
    return re.search(r"session=([0-9a-f]+)", page.url)[1]
