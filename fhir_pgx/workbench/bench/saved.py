"""What stands on the workbench as an example: the files that `examples/` has of each."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from fhir_pgx.fhir.json import write_pretty_json
from fhir_pgx.workbench.ehr import Fired

NAME: Final = "saved-example"
_WHEN: Final = (1980, 1, 1, 0, 0, 0)  # the same example is the same file


def saved_example(fired: Fired) -> bytes:
    """A ZIP archive of `NAME/request.json`, `answer.json` and `README.md`."""
    readme = (
        f"# {NAME}\n\n"
        f"Sent to `/cds-services/{fired.service_id}`, answered with status {fired.status}.\n\n"
        "Say here what it shows, and that the patient is synthetic.\n\n"
        f"    fhir-pgx hook {NAME}/request.json --service {fired.service_id}\n"
    )
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("request.json", _json(fired.request)),
            ("answer.json", _json(fired.response)),
            ("README.md", readme),
        ):
            archive.writestr(zipfile.ZipInfo(f"{NAME}/{name}", _WHEN), text)
    return kept.getvalue()


def _json(value: Mapping[str, Any]) -> str:
    return write_pretty_json(value).decode().rstrip() + "\n"
