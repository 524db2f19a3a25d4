"""All pages of ours, by the door that other packages' pages come in by too (`plugins.py`)."""

from collections.abc import Sequence

from flask import Blueprint

from fhir_pgx.web.site import Site
from fhir_pgx.workbench.api_docs.routes import api_docs_blueprint
from fhir_pgx.workbench.bench.routes import bench_blueprint
from fhir_pgx.workbench.console.routes import console_blueprint
from fhir_pgx.workbench.page import Pages
from fhir_pgx.workbench.passport.routes import passport_blueprint
from fhir_pgx.workbench.sign_in import sign_in_blueprint
from fhir_pgx.workbench.static_files import assets_blueprint
from fhir_pgx.workbench.wallet import wallet_blueprint


def pages(site: Site) -> Sequence[Blueprint]:
    """A blueprint for each kind of page."""
    shown = Pages(site)
    return (
        assets_blueprint(),
        api_docs_blueprint(shown),
        sign_in_blueprint(shown),
        bench_blueprint(shown),
        passport_blueprint(shown),
        console_blueprint(shown),
        wallet_blueprint(shown),
    )
