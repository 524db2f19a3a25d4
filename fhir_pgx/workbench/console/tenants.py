"""Which tenants' figures there are to look at."""

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.web.site import Site


def tenants_of(site: Site) -> list[str]:
    """Every tenant that is registered or has left an entry in the record, sorted; an empty text is
    the part of the store without a name."""
    registered = site.registered
    named = {"", *site.store.audit.tenants()}
    for client in registered.cds_clients:
        named |= {client.tenant, *client.tenants.values()}
    named |= {each.tenant for each in registered.token_issuers}
    named |= {each.tenant for each in registered.launch_issuers}
    return sorted(named)


def read_tenant(site: Site, name: str) -> str:
    """Raises InvalidParameter for one that is not there."""
    if name and name not in tenants_of(site):
        raise InvalidParameter("there is no such tenant", where="tenant", mend="choose one listed")
    return name
