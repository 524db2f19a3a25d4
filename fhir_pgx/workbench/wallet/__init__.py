"""The wallet card: the page that prints it, and the page that says whether one holds."""

from fhir_pgx.workbench.wallet.routes import wallet_blueprint

__all__ = ["wallet_blueprint"]
