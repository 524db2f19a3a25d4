"""A request as a command that works as it stands in bash."""

import shlex

from fhir_pgx.fhir.json import write_pretty_json
from fhir_pgx.workbench.ehr.exchange import Exchange

_END = "END_OF_REQUEST"


def as_curl(exchange: Exchange, base_url: str) -> str:
    """The command that sends the request to the server at `base_url`.

    The body stands in a quoted here-document, so the shell changes nothing in it: JSON holds no
    line break of its own inside a text, and no line of it can be the end word. What we fetched
    from the emulated FHIR server is not part of it: a real service would call `fhirServer`.
    """
    url = f"{base_url.rstrip('/')}/cds-services/{exchange.service_id}"
    headers = [
        f"  -H {shlex.quote(f'{name}: {value}')} \\" for name, value in exchange.headers.items()
    ]
    body = write_pretty_json(exchange.document).decode().rstrip()
    lines = [f"curl -sS {shlex.quote(url)} \\", *headers, f"  --data-binary @- <<'{_END}'"]
    return "\n".join([*lines, body, _END, ""])
